# SPDX-License-Identifier: MIT
"""Values and arrays of ctypes that bring their lock."""

from __future__ import annotations

import ctypes
import itertools
import typing
from collections.abc import Iterator
from typing import Any, Optional

import numpy as np

from . import _core
from ._as_ndarray import as_ndarray
from ._shared import _block, _numbers, _Shared, default_segment
from .errors import InvalidArgument

if typing.TYPE_CHECKING:
    from ._segment import Segment


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
