# SPDX-License-Identifier: MIT
"""Locks, semaphores and events, also by name."""

from __future__ import annotations

import typing
from typing import Any, Optional

from . import _core, _group
from ._shared import _block, _Shared, default_segment
from .errors import NotFound, TypeMismatch

if typing.TYPE_CHECKING:
    from ._segment import Segment


class Lock(_Shared, _core.Lock):
    """A lock. Node, collective.

    Its thread alone releases it. See the module for what happens when a holder dies.

    Parameters
    ----------
    segment : Segment, optional
        Where it is; default: `default_segment()`.
    name : str, optional
        Its name there.
    """

    def __init__(self, *, segment: "Optional[Segment]" = None, name: Optional[str] = None) -> None:
        _init_lock(self, _core.Lock, 8, segment, name)


class RLock(_Shared, _core.RLock):
    """A lock that its thread may acquire again, and then releases as often. Node, collective.

    Parameters are those of `Lock`.
    """

    def __init__(self, *, segment: "Optional[Segment]" = None, name: Optional[str] = None) -> None:
        _init_lock(self, _core.RLock, 16, segment, name)


def _init_lock(
    made: Any, door: Any, nbytes: int, segment: "Optional[Segment]", name: Optional[str]
) -> None:
    where = segment or default_segment()
    if name is None:
        door.__init__(made, _block(where, type(made).__name__, nbytes), 0)
    else:
        door.__init__(made, where, name, True)
    made._register(where, name)


class Semaphore(_Shared, _core.Semaphore):
    """Units that any rank takes and gives back. Node, collective.

    Parameters
    ----------
    value : int
        How many there are at first.
    segment, name
        As of `Lock`.
    """

    def __init__(
        self, value: int = 1, *, segment: "Optional[Segment]" = None, name: Optional[str] = None
    ) -> None:
        self._make(value, _core.Semaphore.most_units, segment, name)

    def _make(
        self, value: int, maximum: int, segment: "Optional[Segment]", name: Optional[str]
    ) -> None:
        where = segment or default_segment()
        if name is None:
            initial = _core.Semaphore.initial_bytes(value, maximum)
            block = _block(where, type(self).__name__, len(initial), initial)
            _core.Semaphore.__init__(self, block, 0)
        else:
            _core.Semaphore.__init__(self, where, name, value, maximum)
        self._register(where, name)


class BoundedSemaphore(Semaphore):
    """A semaphore of which no more units are given back than there were at first.

    Node, collective. `release()` of one more is `InvalidArgument`, a ``ValueError``.
    """

    def __init__(
        self, value: int = 1, *, segment: "Optional[Segment]" = None, name: Optional[str] = None
    ) -> None:
        self._make(value, value, segment, name)


class Event(_Shared, _core.Event):
    """A flag that ranks wait for; clear at first. Node, collective.

    Parameters are those of `Lock`.
    """

    def __init__(self, *, segment: "Optional[Segment]" = None, name: Optional[str] = None) -> None:
        where = segment or default_segment()
        if name is None:
            _core.Event.__init__(self, _block(where, "Event", 8), 0)
        else:
            _core.Event.__init__(self, where, name, True)
        self._register(where, name)


def _find_named(group: Any, info: Any) -> Any:
    """For GroupMethods.find()."""
    name = info.name[len(group.prefix) + 1 :] if group.prefix else info.name
    found: Any
    if info.type == "shmwin.mutex/1":
        found = Lock.__new__(Lock)
        _core.Lock.__init__(found, group, name, False)
    elif info.type == "shmwin.recursive_mutex/1":
        found = RLock.__new__(RLock)
        _core.RLock.__init__(found, group, name, False)
    elif info.type == "shmwin.event/1":
        found = Event.__new__(Event)
        _core.Event.__init__(found, group, name, False)
    elif info.type == "shmwin.semaphore/1":
        found = Semaphore.__new__(Semaphore)
        _core.Semaphore.__init__(found, group, name)
    else:
        raise TypeMismatch(
            f'find is not possible ("{info.name}" is a {info.type}, which Python does not know)'
        )
    found._register(group, name)
    return found


def _destroy_named(group: Any, which: _Shared) -> None:
    """For GroupMethods.destroy()."""
    _, name = which._key
    begin = f"{group.prefix}/" if group.prefix else ""
    if not isinstance(name, str) or not name.startswith(begin):
        raise NotFound(f"destroy is not possible ({which!r} has no name in this group)")
    group._destroy_any(name[len(begin) :])


_group.finders["sync"] = _find_named
_group.destroyers[_Shared] = _destroy_named
