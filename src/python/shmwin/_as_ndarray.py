# SPDX-License-Identifier: MIT
"""as_ndarray: an ndarray over the bytes of anything that has bytes, copying none.

Each kind of owner has one function here that tells where its bytes are and what they hold.
"""
from __future__ import annotations

import sys
from typing import Any, Callable, Optional

import numpy as np

from ._ctypes_dtype import CDATA, view_of_ctypes


def as_ndarray(obj: Any, dtype: Any = None, *, rank: Optional[int] = None) -> np.ndarray:
    """Local. An ndarray over the memory of `obj`. Nothing is copied.

    The array has the dtype that the elements truly have on this platform, keeps `obj` alive, and
    is read-only where `obj` is. Scalars become arrays of no dimensions: ``a[()] = 3`` stores.

    Parameters
    ----------
    obj : object
        One of

        * an array of ours, or a NumPy array: the same bytes as a plain ndarray;
        * `Value` and `Array` of ours or of `multiprocessing`, with a lock or without, and its
          `RawValue` and `RawArray`. The lock is not taken: hold it yourself;
        * `multiprocessing.shared_memory.SharedMemory`: bytes; `ShareableList`: one dimension if
          all items are of one type and size, else one record with the fields "0", "1", ...;
        * arrays, structures, unions and scalars of `ctypes`; arrays of characters are ``S1`` or
          ``U1`` each;
        * windows of mpi4py: bytes, see `rank`;
        * whatever has the buffer protocol (`array.array`, `mmap`, `bytearray`, `memoryview`),
          ``__array_interface__``, ``__array_struct__`` or DLPack.
    dtype : dtype_like, optional
        What the bytes are instead: ``as_ndarray(shm, float)``. Sizes must fit.
    rank : int, optional
        Of a shared window of mpi4py: whose part. Without it, that of the lowest rank that has
        one, as `MPI.Win.Shared_query` of `MPI.PROC_NULL`. Of any other window there is only the
        caller's own part.

    Raises
    ------
    TypeError
        `obj` has no memory of this process that holds elements: pointers (their length is
        unknown), types, proxies of a manager, lists, strings, masked arrays, memory of a GPU.
    ValueError
        `dtype` does not fit the bytes; `obj` is closed or freed; `rank` without a window.

    Notes
    -----
    While the array lives, `SharedMemory.close()`, `mmap.close()` and whatever resizes
    (`array.append`) raise `BufferError`; after ``del array`` they work (`close()` again).
    `SharedMemory.unlink()` only removes the name: the array stays valid. A window of mpi4py cannot
    be kept: after `Win.Free` or `MPI.Finalize` its arrays must not be touched.
    Of DLPack, NumPy before 2.1 makes read-only arrays.
    Complexity: O(1); the items of a `ShareableList` and the members of a structure.
    """
    if rank is not None and not _is_a("mpi4py.MPI", "Win", obj):
        raise ValueError(f"rank={rank} is of windows only (this is {_name(obj)})")
    array = _window(obj, rank) if _is_a("mpi4py.MPI", "Win", obj) else _plain(obj)
    return array if dtype is None else _as_dtype(array, np.dtype(dtype))


def _plain(obj: Any) -> np.ndarray:
    for knows, view in _KINDS:
        if knows(obj):
            return view(obj)
    raise TypeError(
        f"{_name(obj)} cannot be an ndarray without a copy (no buffer, __array_interface__ or "
        "DLPack; numpy.asarray copies)"
    )


# --- who it is: what is not imported cannot have made the object --------------------------------


def _is_a(module: str, name: str, obj: Any) -> bool:
    loaded = sys.modules.get(module)
    known = getattr(loaded, name, None)
    return isinstance(known, type) and isinstance(obj, known)


def _name(obj: Any) -> str:
    kind = obj if isinstance(obj, type) else type(obj)
    return ("the type " if isinstance(obj, type) else "") + f"{kind.__module__}.{kind.__qualname__}"


def _is_ours(obj: Any) -> bool:
    return hasattr(type(obj), "__shmwin_ndarray__")


def _is_synchronized(obj: Any) -> bool:
    return _is_a("multiprocessing.sharedctypes", "SynchronizedBase", obj)


def _is_shared_memory(obj: Any) -> bool:
    return _is_a("multiprocessing.shared_memory", "SharedMemory", obj)


def _is_shareable_list(obj: Any) -> bool:
    return _is_a("multiprocessing.shared_memory", "ShareableList", obj)


def _has_buffer(obj: Any) -> bool:
    try:
        memoryview(obj).release()
    except TypeError:
        return False
    return True


def _has_array_interface(obj: Any) -> bool:
    return not isinstance(obj, type) and (
        hasattr(obj, "__array_interface__") or hasattr(obj, "__array_struct__")
    )


def _has_dlpack(obj: Any) -> bool:
    return hasattr(type(obj), "__dlpack__") and hasattr(type(obj), "__dlpack_device__")


# --- where its bytes are ------------------------------------------------------------------------


class _Kept:
    """Bytes and whoever owns them: the base of an array. The buffer goes first."""

    def __init__(self, memory: memoryview, owner: Any) -> None:
        self._bytes = np.frombuffer(memory, np.uint8)
        self._owner = owner

    @property
    def __array_interface__(self) -> dict[str, Any]:
        return self._bytes.__array_interface__


def _bytes_of(memory: Any, owner: Any) -> np.ndarray:
    """The bytes of a contiguous buffer, as an array that keeps `owner`."""
    flat = memoryview(memory).cast("B")
    if flat.nbytes == 0:
        return np.empty(0, np.uint8)
    return np.asarray(_Kept(flat, owner))


def _ndarray(obj: np.ndarray) -> np.ndarray:
    if isinstance(obj, np.ma.MaskedArray):
        raise TypeError("a masked array is more than its bytes (take its .data)")
    return obj if type(obj) is np.ndarray else obj.view(np.ndarray)


def _shared_memory(obj: Any) -> np.ndarray:
    if obj.buf is None:
        raise ValueError(f"the memory of {obj.name} is closed")
    return _bytes_of(obj.buf, obj)


def _shareable_list(obj: Any) -> np.ndarray:
    memory = _shared_memory(obj.shm)
    begin = obj._offset_data_start
    if len(obj) == 0:
        return np.empty(0, np.int64)
    items = [_item_dtype(obj._get_packing_format(i)) for i in range(len(obj))]
    offsets = [int(at) for at in obj._allocated_offsets]
    of_one_size = len({end - at for at, end in zip(offsets, offsets[1:])}) == 1
    if of_one_size and len(set(items)) == 1:
        kind, inside = items[0]
        stride = offsets[1] - offsets[0]
        return np.ndarray((len(obj),), kind, memory, begin + inside, (stride,))
    fields = np.dtype(
        {
            "names": [str(i) for i in range(len(obj))],
            "formats": [kind for kind, _ in items],
            "offsets": [at + inside for at, (_, inside) in zip(offsets, items)],
            "itemsize": offsets[len(obj)],
        }
    )
    return np.ndarray((), fields, memory, begin)


def _item_dtype(packed: str) -> tuple[np.dtype, int]:
    """Of the struct format of one item: its dtype, and the bytes of pad before it."""
    pad = len(packed) - len(packed.lstrip("x"))
    if packed.endswith("x"):  # None
        return np.dtype("V8"), 0
    letter = packed.strip("x")
    return np.dtype("S" + letter[:-1] if letter.endswith("s") else letter), pad


def _window(obj: Any, rank: Optional[int]) -> np.ndarray:
    mpi = sys.modules["mpi4py.MPI"]
    if obj == mpi.WIN_NULL:
        raise ValueError("the window is freed (MPI.WIN_NULL)")
    if obj.flavor == mpi.WIN_FLAVOR_SHARED:
        memory, _ = obj.Shared_query(mpi.PROC_NULL if rank is None else rank)
    elif rank in (None, obj.group.Get_rank()):
        memory = obj.tomemory()
    else:
        raise ValueError(f"rank {rank}'s part is not in this process (the window is not shared)")
    return _bytes_of(memory, obj)


def _array_interface(obj: Any) -> np.ndarray:
    return np.asarray(obj)


def _buffer(obj: Any) -> np.ndarray:
    memory = memoryview(obj)
    try:
        return np.asarray(memory)
    except ValueError as error:  # a format that NumPy does not know
        raise TypeError(f"{_name(obj)} holds {memory.format!r}, which has no dtype") from error


def _dlpack(obj: Any) -> np.ndarray:
    try:
        return np.from_dlpack(obj)
    except (RuntimeError, BufferError) as error:
        raise TypeError(f"{_name(obj)} has no memory that NumPy can use ({error})") from error


def _as_dtype(array: np.ndarray, dtype: np.dtype) -> np.ndarray:
    if array.dtype == dtype:
        return array
    if array.dtype.hasobject or dtype.hasobject:
        raise TypeError("objects are no elements of shared memory")
    try:
        return array.view(dtype)
    except (ValueError, TypeError) as error:
        raise ValueError(
            f"{array.nbytes} bytes, {array.dtype} of shape {array.shape}, cannot be {dtype} ({error})"
        ) from error


# The first that knows the object.
_KINDS: tuple[tuple[Callable[[Any], bool], Callable[[Any], np.ndarray]], ...] = (
    (lambda obj: isinstance(obj, np.ndarray), _ndarray),
    (_is_ours, lambda obj: obj.__shmwin_ndarray__()),
    (_is_synchronized, lambda obj: view_of_ctypes(obj.get_obj())),
    (lambda obj: isinstance(obj, CDATA), view_of_ctypes),
    (_is_shared_memory, _shared_memory),
    (_is_shareable_list, _shareable_list),
    (_has_buffer, _buffer),
    (_has_array_interface, _array_interface),
    (_has_dlpack, _dlpack),
)
