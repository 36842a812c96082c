# SPDX-License-Identifier: MIT
"""What shared objects have in common: where they lie, and how they are sent as references."""

from __future__ import annotations

import atexit
import itertools
import os
import typing
import weakref
from collections.abc import Iterator
from typing import Any, Optional, Union

from . import _core
from .errors import InvalidArgument

if typing.TYPE_CHECKING:
    from ._segment import Segment


class NotHeld(InvalidArgument, AssertionError, RuntimeError):
    """A lock was released, or a condition used, by who does not hold it."""


_default: "Optional[Segment]" = None
_opener = 0  # the process that opened it


def default_segment() -> "Segment":
    """The segment of objects that are given none. All, collective at first use.

    It is opened over ``MPI.COMM_WORLD``; ``SHMWIN_CAPACITY`` says how large. All ranks close it
    together when the program ends.
    """
    global _default, _opener
    in_child = os.getpid() != _opener  # there it is not open, and refuses what is asked of it
    if _default is None or not (_default.is_open or in_child):
        from ._segment import Segment

        _default, _opener = Segment(), os.getpid()
        atexit.register(_default_ends, _default)
    return _default


def _default_ends(segment: "Segment") -> None:
    """At exit: together, if all come; a rank that an exception ends has left before."""
    if segment.is_open:
        segment.close()


def use_segment(segment: "Optional[Segment]") -> "Optional[Segment]":
    """Make `segment` the default one, for all objects from now on. Local.

    Returns
    -------
    Segment or None
        What was the default before.
    """
    global _default, _opener
    before, _default, _opener = _default, segment, os.getpid()
    return before


_numbers: dict[bytes, Iterator[int]] = {}  # of each segment: how many objects it has had
_known: "weakref.WeakValueDictionary[tuple[bytes, Union[int, str]], Any]" = weakref.WeakValueDictionary()


class _Shared:
    """What can be sent as a reference."""

    _key: tuple[bytes, Union[int, str]]

    def _register(self, segment: "Segment", name: Optional[str] = None) -> None:
        uuid = _core.segment_uuid(segment)
        if name is None:
            self._key = (uuid, next(_numbers.setdefault(uuid, itertools.count())))
        else:
            self._key = (uuid, f"{segment.prefix}/{name}" if segment.prefix else name)
        _known[self._key] = self

    def __reduce__(self) -> Any:
        return _find, (self._key, type(self).__name__)

    def __copy__(self) -> Any:
        return self

    def __deepcopy__(self, memo: Any) -> Any:
        return self


def _find(key: tuple[bytes, Union[int, str]], kind: str) -> Any:
    found = _known.get(key)
    if found is None:
        raise LookupError(
            f"this {kind} is not in this process (it is no rank of the segment, or has dropped its "
            "own object)"
        )
    return found


def _block(
    segment: "Segment", kind: str, nbytes: int, initial: bytes = b"", initial_at: int = 0
) -> Any:
    return _core.SharedBlock(segment, kind, max(nbytes, 1), initial, initial_at)
