# SPDX-License-Identifier: MIT
"""Values: atomics that all ranks share."""

import threading

import numpy as np
import pytest

import shmwin


def test_all_ranks_count(seg, comm):
    n = seg.value("n")
    for _ in range(1000):
        n.fetch_add(1)
    seg.fence()
    assert n.get() == 1000 * comm.size
    assert seg["n"].value == n.value
    seg.fence()


@pytest.mark.parametrize("dtype", ["i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8"])
def test_integers_to_their_ends(seg, dtype):
    info = np.iinfo(dtype)
    v = seg.value("v", dtype, info.max)
    assert v.get() == info.max and type(v.get()) is int and v.dtype == dtype
    for wrong in (info.max + 1, info.min - 1):
        with pytest.raises(OverflowError):
            v.set(wrong)
    with pytest.raises(TypeError):
        v.set(1.5)
    seg.fence()
    v.set(info.min)
    assert v.get() == info.min
    seg.fence()


@pytest.mark.parametrize("dtype, value", [
    ("f4", 1.5), ("f8", -0.1), ("c8", 1 + 2j), ("?", True), ("S4", b"abcd"), ("U1", "ü")])
def test_other_types(seg, dtype, value):
    v = seg.value("v", dtype, value)
    assert v.get() == value
    assert v.exchange(value) == value


def test_structures(seg):
    pair = np.dtype([("a", "i4"), ("b", "f4")])
    v = seg.value("v", pair, (3, 1.5))
    assert v.get()["a"] == 3 and v.get()["b"] == 1.5


def test_every_operation(seg, comm):
    v = seg.value("v", "i8", 5)
    seg.fence()
    if comm.rank == 0:
        assert v.exchange(6) == 5
        assert v.compare_exchange(7, 8) == (False, 6)
        assert v.compare_exchange(6, 8) == (True, 6)
        assert v.fetch_add(2) == 8 and v.fetch_sub(1) == 10 and v.get() == 9
        assert v.fetch_min(3) == 9 and v.fetch_max(12) == 3 and v.get() == 12
        assert v.fetch_and(8) == 12 and v.fetch_or(3) == 8 and v.fetch_xor(1) == 11
        v.value = -1
        assert v.value == -1
    seg.fence()
    assert v.get() == -1
    b = seg.value("b", "?")
    with pytest.raises(TypeError, match="number"):
        b.fetch_add(True)
    f = seg.value("f", "f8", 0.5)
    seg.fence()
    f.fetch_add(1)
    seg.fence()
    assert f.get() == 0.5 + comm.size
    with pytest.raises(TypeError, match="integer"):
        f.fetch_or(1.0)


def test_of_another_size_is_refused(seg):
    for dtype in ("c16", "S3", "g"):
        with pytest.raises(ValueError):
            seg.value("v", dtype)
        assert "v" not in seg


def test_wait_for_another_rank(seg, comm):
    turn = seg.value("turn")
    for each in range(comm.size):
        if comm.rank == each:
            turn.set(each + 1)
            turn.notify()
        while turn.get() <= each:
            turn.wait(each)
        seg.fence()
    assert turn.wait(comm.size, timeout=0.01) == comm.size  # in vain


def test_other_threads_run_while_one_waits(seg):
    """The GIL is given away."""
    v = seg.value(f"v{seg.rank}" if seg.n_ranks == 1 else "v")
    seg.fence()
    if seg.rank == 0:
        def change():
            v.set(1)
            v.notify()
        other = threading.Timer(0.05, change)
        other.start()
        assert v.wait(0) == 1
        other.join()
    seg.fence()


def test_a_destroyed_value(seg):
    v = seg.value("v")
    seg.destroy(v)
    for call in [v.get, lambda: v.set(1), lambda: v.wait(0), lambda: v.fetch_add(1), v.notify]:
        with pytest.raises(shmwin.NotFound, match="gone"):
            call()
