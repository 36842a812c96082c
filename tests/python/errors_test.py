# SPDX-License-Identifier: MIT
# ranks: 1
"""Errors of the library as exceptions of Python."""

import threading

import pytest

import shmwin
from shmwin import _core

BUILTIN = {
    "invalid_argument": ValueError, "not_found": KeyError, "already_exists": ValueError,
    "type_mismatch": TypeError, "shape_mismatch": ValueError, "out_of_memory": MemoryError,
    "no_space": OSError, "not_shared": RuntimeError, "disagreement": RuntimeError,
    "peer_left": RuntimeError, "owner_died": RuntimeError, "not_recoverable": RuntimeError,
    "timed_out": TimeoutError, "closed": ValueError, "corrupted": RuntimeError,
    "bad_pointer": ValueError, "layout_mismatch": RuntimeError, "mpi_failure": RuntimeError,
    "system_failure": OSError, "io_failure": OSError, "not_a_checkpoint": OSError,
    "damaged": OSError, "busy": RuntimeError, "unsupported": NotImplementedError,
    "out_of_range": IndexError, "barrier_broken": threading.BrokenBarrierError,
    "would_deadlock": RuntimeError, "data_race": RuntimeError,
}


def codes():
    """All that C++ knows: a new one must get a class."""
    code = 1
    while _core.error_name(code) != "unknown":
        yield code
        code += 1


@pytest.mark.parametrize("code", codes())
def test_every_code_has_its_class(code):
    name = _core.error_name(code)
    with pytest.raises(shmwin.Error, match="^what \\(why\\)$") as caught:
        _core.raise_error(code, "what (why)")
    found = caught.value
    assert isinstance(found, BUILTIN[name])
    assert type(found).__name__.lower() == name.replace("_", "")
    assert (found.code, found.agreed, found.rank) == (code, False, -1)
    assert getattr(shmwin, type(found).__name__) is type(found)


def test_a_broken_barrier_is_a_peer_that_left():
    assert issubclass(shmwin.BarrierBroken, shmwin.PeerLeft)
    assert issubclass(shmwin.NoSpace, shmwin.OutOfMemory)
