# SPDX-License-Identifier: MIT
"""Locks and the like, with the names and signatures of `multiprocessing`: for the ranks of a node.

Code that was written for `multiprocessing` changes its import and its launcher::

    from shmwin.sync import Array, Barrier, Lock, Value      # was: from multiprocessing import ...
    mpirun -n 4 python3 program.py                           # was: processes that are started

What differs:

* **Every rank runs the constructors**, all of them in the same order and with the same arguments:
  each makes one object that all ranks share. Another order, or other arguments, is `Disagreement`
  on all ranks. They wait for each other, as `Segment.fence` does.
* The objects lie in a segment: `segment=` says which; else in one over ``MPI.COMM_WORLD`` that is
  opened at first use (see `default_segment`). They go when the last rank has dropped its own.
* With `name=` the object has a name in the segment, as arrays have, and stays until it is
  destroyed; C++ and C find it too. Lock, RLock, Semaphore, BoundedSemaphore and Event have it.
* **Pickling sends a reference**: what is unpickled, on any rank of the same segment, is that rank's
  own object, the very same one; `LookupError` if it has dropped it, or is no such rank.
* **Forked children** of a rank have all objects too, and use them as threads of the rank do, but
  construct none (`Unsupported`). Nothing of the rank ends with them. Spawned children are no ranks
  and have none.
* If a rank leaves or dies, waits raise `PeerLeft` within a second (of a barrier or condition
  `BarrierBroken`, which is also a ``threading.BrokenBarrierError``). The lock of a process or
  thread that died in its hands raises `OwnerDied`: `acquire_to_repair()`, mend the data,
  `mark_consistent()`, `release()`.
* Lock belongs to the thread that acquired it: no other may release it, and to acquire it again is
  `WouldDeadlock`. To hand something over, use a Semaphore.
* `Value` and `Array` with ``lock=False`` are plain objects of ctypes, of which pickle makes copies.
"""

from __future__ import annotations

import atexit
import ctypes
import itertools
import os
import threading
import time
import typing
import weakref
from collections.abc import Callable, Iterator
from typing import Any, Optional, Union

import numpy as np

from . import _core, _group
from ._as_ndarray import as_ndarray
from .errors import InvalidArgument, NotFound, TypeMismatch

if typing.TYPE_CHECKING:
    from ._segment import Segment

__all__ = [
    "Array", "Barrier", "BoundedSemaphore", "Condition", "Event", "Lock", "NotHeld", "RLock",
    "Semaphore", "Value", "default_segment", "use_segment",
]  # fmt: skip


class NotHeld(InvalidArgument, AssertionError, RuntimeError):
    """A lock was released, or a condition used, by who does not hold it."""


# --- where objects are ----------------------------------------------------------------------------

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


# --- references -----------------------------------------------------------------------------------

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


# --- locks ----------------------------------------------------------------------------------------


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


class Condition(_Shared):
    """A place to sleep until another thread or rank says that something changed. Node, collective.

    `notify(n)` ends the wait of n of those who wait then, and of nobody else.

    Parameters
    ----------
    lock : Lock or RLock, optional
        The lock that goes with it; default: an `RLock` of its own.
    segment : Segment, optional
        As of `Lock`.
    """

    def __init__(
        self, lock: Union[Lock, RLock, None] = None, *, segment: "Optional[Segment]" = None
    ) -> None:
        where = segment or default_segment()
        at = 64
        block = _block(where, "Condition", at + _core.Condition.nbytes)
        self._lock = _core.RLock(block, 0) if lock is None else lock
        self._door = _core.Condition(block, at, self._lock)
        self._register(where)
        self.acquire = self._lock.acquire
        self.release = self._lock.release
        self.wait = self._door.wait
        self.notify = self._door.notify
        self.notify_all = self._door.notify_all

    def __enter__(self) -> bool:
        return self._lock.__enter__()

    def __exit__(self, *of: Any) -> None:
        self._lock.__exit__(*of)

    def wait_for(self, predicate: Callable[[], Any], timeout: Optional[float] = None) -> Any:
        """Wait until `predicate()` is true, or for `timeout` seconds; what it said last. Local."""
        end = None if timeout is None else time.monotonic() + timeout
        result = predicate()
        while not result:
            left = None if end is None else end - time.monotonic()
            if left is not None and left <= 0:
                break
            self.wait(left)
            result = predicate()
        return result


class Barrier(_Shared):
    """A point that threads of ranks pass together, `parties` at a time. Node, collective.

    As ``multiprocessing.Barrier``: it breaks when a wait of it times out, its action raises, or by
    `abort()`; then all who wait, and all who come, get ``threading.BrokenBarrierError`` until
    `reset()`. Where all ranks meet at the same line, `Segment.fence` is faster.

    Parameters
    ----------
    parties : int
        How many `wait()`s make a meeting.
    action : callable, optional
        Called by one of them when all have come.
    timeout : float, optional
        Seconds that wait() waits if it is not told.
    segment : Segment, optional
        As of `Lock`.
    """

    def __init__(
        self,
        parties: int,
        action: Optional[Callable[[], Any]] = None,
        timeout: Optional[float] = None,
        *,
        segment: "Optional[Segment]" = None,
    ) -> None:
        if parties < 1:
            raise InvalidArgument(f"a barrier of {parties} parties cannot be (1 or more)")
        where = segment or default_segment()
        self._parties, self._action, self._timeout = parties, action, timeout
        self._condition = Condition(segment=where)
        record = np.dtype([(n, "i8") for n in ("parties", "arrived", "met", "resets", "broken")])
        first = np.array((parties, 0, 0, 0, 0), record)
        block = _block(where, "Barrier", record.itemsize, first.tobytes())
        self._state = np.frombuffer(block, record)[0:1]
        self._register(where)

    @property
    def parties(self) -> int:
        """How many make a meeting."""
        return self._parties

    @property
    def n_waiting(self) -> int:
        """How many wait now."""
        return int(self._state["arrived"][0])

    @property
    def broken(self) -> bool:
        """True if it is broken."""
        return bool(self._state["broken"][0])

    def wait(self, timeout: Optional[float] = None) -> int:
        """Wait until all parties have come. Parties, collective.

        Returns
        -------
        int
            0 to parties - 1: another one to each, in the order in which they came.

        Raises
        ------
        threading.BrokenBarrierError
            It is broken, or was reset meanwhile, or not all came in time.
        """
        with self._condition:
            if self.broken:
                raise threading.BrokenBarrierError
            mine = self.n_waiting
            self._state["arrived"] += 1
            if mine + 1 == self._parties:
                self._meet()
            else:
                self._wait_for_others(self._timeout if timeout is None else timeout)
            return mine

    def _meet(self) -> None:
        try:
            if self._action is not None:
                self._action()
        except BaseException:
            self._break()
            raise
        self._state["arrived"] = 0
        self._state["met"] += 1
        self._condition.notify_all()

    def _wait_for_others(self, timeout: Optional[float]) -> None:
        met, resets = self._state["met"][0], self._state["resets"][0]

        def over() -> bool:
            now = self._state[0]
            return now["met"] != met or now["resets"] != resets or now["broken"] != 0

        in_time = self._condition.wait_for(over, timeout)
        if self._state["met"][0] != met:
            return
        if not in_time:
            self._break()
        raise threading.BrokenBarrierError

    def _break(self) -> None:
        self._state["broken"] = 1
        self._state["arrived"] = 0
        self._condition.notify_all()

    def reset(self) -> None:
        """Make it as new. Who waits gets ``threading.BrokenBarrierError``. Local."""
        with self._condition:
            self._state["resets"] += 1
            self._state["arrived"] = 0
            self._state["broken"] = 0
            self._condition.notify_all()

    def abort(self) -> None:
        """Break it. Local."""
        with self._condition:
            self._break()


# --- by name --------------------------------------------------------------------------------------


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


# --- values and arrays ----------------------------------------------------------------------------

_DATA_AT = 64  # behind the lock: who spins on it does not disturb the data


class Synchronized(_Shared):
    """A value of ctypes and the lock that guards it: what `Value` and `Array` give."""

    def __init__(self, obj: Any, lock: Any) -> None:
        self._obj = obj
        self._lock = lock
        self.acquire = lock.acquire
        self.release = lock.release

    def __enter__(self) -> Any:
        return self._lock.__enter__()

    def __exit__(self, *of: Any) -> Any:
        return self._lock.__exit__(*of)

    def get_obj(self) -> Any:
        """The object of ctypes itself, whose memory is shared."""
        return self._obj

    def get_lock(self) -> Any:
        """The lock."""
        return self._lock

    def __shmwin_ndarray__(self) -> np.ndarray:
        return as_ndarray(self._obj)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} wrapper for {self._obj!r}>"


class SynchronizedValue(Synchronized, _core.LockedValue):
    """One scalar. `value` is stored and loaded with the lock held."""

    def __init__(self, obj: Any, lock: Any) -> None:
        _core.LockedValue.__init__(self, obj, lock)
        Synchronized.__init__(self, obj, lock)


class SynchronizedArray(Synchronized):
    """Elements; each access holds the lock."""

    def __len__(self) -> int:
        return len(self._obj)

    def __getitem__(self, i: Any) -> Any:
        with self._lock:
            return self._obj[i]

    def __setitem__(self, i: Any, value: Any) -> None:
        with self._lock:
            self._obj[i] = value

    def __getslice__(self, start: int, stop: int) -> Any:
        return self[start:stop]

    def __iter__(self) -> Iterator[Any]:
        return (self[i] for i in range(len(self)))


class SynchronizedString(SynchronizedArray):
    """Bytes: an array of ``c_char``."""

    @property
    def value(self) -> bytes:
        """The bytes up to the first zero."""
        with self._lock:
            return self._obj.value

    @value.setter
    def value(self, value: bytes) -> None:
        with self._lock:
            self._obj.value = value

    @property
    def raw(self) -> bytes:
        """All bytes."""
        with self._lock:
            return self._obj.raw

    @raw.setter
    def raw(self, value: bytes) -> None:
        with self._lock:
            self._obj.raw = value


class SynchronizedStructure(Synchronized):
    """A structure; each access to a member holds the lock."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        with self._lock:
            return getattr(self._obj, name)

    def __setattr__(self, name: str, value: Any) -> None:
        if "_obj" in self.__dict__ and hasattr(type(self._obj), name):
            with self._lock:
                setattr(self._obj, name, value)
        else:
            object.__setattr__(self, name, value)


def Value(
    typecode_or_type: Any, *args: Any, lock: Any = True, segment: "Optional[Segment]" = None
) -> Any:
    """A value that all ranks share. Node, collective.

    Parameters
    ----------
    typecode_or_type : str or type
        A letter of `array.array` (or "c", "u"), or a type of ctypes.
    *args
        What the type is called with for the first value; the same on all ranks.
    lock : bool or lock
        True: an `RLock` of its own; False: none; else the lock itself.
    segment : Segment, optional
        As of `Lock`.

    Returns
    -------
    Synchronized
        With `value` (or the members of a structure), `get_lock()`, `get_obj()`, `acquire()`,
        `release()`, and ``with``. If `lock` is False: the object of ctypes.
    """
    ctype = _ctype(typecode_or_type)
    return _synchronized(ctype, ctype(*args), lock, segment)


def Array(
    typecode_or_type: Any,
    size_or_initializer: Any,
    *,
    lock: Any = True,
    segment: "Optional[Segment]" = None,
) -> Any:
    """An array that all ranks share. Node, collective.

    Parameters
    ----------
    typecode_or_type, lock, segment
        As of `Value`.
    size_or_initializer : int or sequence
        How many elements, of zeros; or the elements, the same on all ranks.

    Returns
    -------
    SynchronizedArray
        With ``len``, indices and slices; of bytes also `value` and `raw`; else as of `Value`.
        `shmwin.as_ndarray` gives its ndarray, for which nothing is locked.
    """
    ctype = _ctype(typecode_or_type)
    if isinstance(size_or_initializer, int):
        if size_or_initializer < 0:
            raise InvalidArgument(f"an array of {size_or_initializer} elements cannot be")
        whole = ctype * size_or_initializer
        return _synchronized(whole, None, lock, segment)
    given = tuple(size_or_initializer)
    whole = ctype * len(given)
    return _synchronized(whole, whole(*given), lock, segment)


def _ctype(typecode_or_type: Any) -> Any:
    if not isinstance(typecode_or_type, str):
        return typecode_or_type
    from multiprocessing.sharedctypes import typecode_to_type

    try:
        return typecode_to_type[typecode_or_type]
    except KeyError:
        raise InvalidArgument(
            f"{typecode_or_type!r} is no typecode ({', '.join(typecode_to_type)})"
        ) from None


def _synchronized(ctype: Any, initial: Any, lock: Any, segment: "Optional[Segment]") -> Any:
    if lock not in (True, False) and not hasattr(lock, "acquire"):
        raise AttributeError(f"{lock!r} has no acquire(): it is no lock")
    as_ndarray(ctype())  # addresses mean nothing to other ranks
    where = segment or default_segment()
    kind = f"{'Value' if initial is not None else 'Array'} of {ctype.__name__}, lock {lock is not False}"
    first = b"" if initial is None else bytes(initial)
    block = _block(where, kind, _DATA_AT + ctypes.sizeof(ctype), first, _DATA_AT)
    obj = ctype.from_buffer(block, _DATA_AT)
    if lock is False:
        next(_numbers.setdefault(_core.segment_uuid(where), itertools.count()))
        return obj
    made = _wrapper(ctype)(obj, _core.RLock(block, 0) if lock is True else lock)
    made._register(where)
    return made


def _wrapper(ctype: Any) -> Any:
    if issubclass(ctype, ctypes.Array):
        return SynchronizedString if ctype._type_ is ctypes.c_char else SynchronizedArray
    if issubclass(ctype, (ctypes.Structure, ctypes.Union)):
        return SynchronizedStructure
    return SynchronizedValue
