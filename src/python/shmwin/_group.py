# SPDX-License-Identifier: MIT
"""Groups: objects by name. Segment is the group of all names."""

from __future__ import annotations

import typing
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, Optional, Union

import numpy as np

from . import _core
from .errors import TypeMismatch

if typing.TYPE_CHECKING:
    from numpy.typing import ArrayLike, DTypeLike

    Shape = Union[int, typing.Sequence[int]]


class ObjectInfo(NamedTuple):
    """What is known of an object with a name."""

    name: str
    kind: str  #: "array", "levels", "value", "object", "per_rank", "sync", "queue", ...
    type: str  #: signature of its type: "float64"
    dtype: Optional[np.dtype]  #: the same; None if NumPy has no such type
    shape: tuple[int, ...]  #: in elements; () for values and objects
    order: str  #: "C", "F"; "" if it has none
    nbytes: int  #: of its elements; of all levels
    offset: int  #: in the segment, in bytes; 0 of adopted memory
    creator: int  #: rank; -1: all together
    where: str  #: line of the call that created it: "step.py:12"
    created_ns: int  #: after 1970, UTC
    saved: bool  #: checkpoints hold it
    foreign: bool  #: adopted: its memory is not the segment's


#: For kinds of objects that other modules know: called with a group and an ObjectInfo.
finders: dict[str, Callable[["GroupMethods", ObjectInfo], Any]] = {}
#: Likewise, to destroy what such a finder gives.
destroyers: dict[type, Callable[["GroupMethods", Any], None]] = {}


class GroupMethods:
    """What Group and Segment have in common beside the compiled part."""

    # --- find ---------------------------------------------------------------------------------

    def find(self, name: str) -> Any:
        """Find an object by name. Local.

        Parameters
        ----------
        name : str
            Its name, in this group.

        Returns
        -------
        numpy.ndarray, Levels, AtomicValue, ...
            An array, as create() gave it; time levels; a value. An object that C++ made is an array
            of no dimensions that may only be read.

        Raises
        ------
        NotFound
            Nothing has that name. Also a ``KeyError``.
        TypeMismatch
            NumPy has no such type. Also a ``TypeError``.
        """
        info = self.info(name)
        if info is None:
            return self._find_array(name)  # says who is near
        if info.kind == "array":
            return self._find_array(name)
        if info.kind == "levels":
            return self._find_levels(name)
        if info.kind == "value":
            return self._find_value(name)
        if info.kind in finders:
            return finders[info.kind](self, info)
        if info.kind == "object":
            return self._find_object(name)
        raise TypeMismatch(f'find is not possible ("{name}" is of kind {info.kind}, which Python '
                           f'does not know: {info.type})')

    __getitem__ = find

    def get(self, name: str, default: Any = None) -> Any:
        """As find(); `default` if nothing has that name. Local."""
        return self.find(name) if name in self else default

    def info(self, name: str) -> Optional[ObjectInfo]:
        """What is known of the object of that name; None if there is none. Local."""
        found = self._info(name)
        return None if found is None else ObjectInfo(**found)

    def list(self) -> list[ObjectInfo]:
        """All objects of the group and of groups in it, by name. Local."""
        return [ObjectInfo(**each) for each in self._list()]

    def __len__(self) -> int:
        return len(self._list())

    def __bool__(self) -> bool:  # an empty one is there, too
        return True

    def __iter__(self) -> Iterator[str]:
        """Names, as find() takes them."""
        n_prefix = len(self.prefix) + 1 if self.prefix else 0
        return iter([each["name"][n_prefix:] for each in self._list()])

    def group(self, name: str) -> "Group":
        """The group whose names begin with this one's and `name`. Nothing is created. Local."""
        return Group(self, name)

    # --- create -------------------------------------------------------------------------------

    def require(self, name: str, shape: "Shape", dtype: "DTypeLike" = "f8", order: str = "C",
                **options: Any) -> np.ndarray:
        """Find the array of that name, or create it. Node, collective.

        Parameters and errors are those of create(). What is there must have the same type, shape
        and order.

        Returns
        -------
        numpy.ndarray
            The array that all ranks share.

        Raises
        ------
        TypeMismatch
            What is there has another type. Also a ``TypeError``.
        ShapeMismatch
            It has another shape or order. Also a ``ValueError``.
        """
        return self._require(name, shape, dtype, order, **options)[0]

    def zeros(self, name: str, shape: "Shape", dtype: "DTypeLike" = "f8", order: str = "C",
              **options: Any) -> np.ndarray:
        """Create an array of zeros: create() by NumPy's name. Node, collective."""
        return self.create(name, shape, dtype, order, **options)

    def ones(self, name: str, shape: "Shape", dtype: "DTypeLike" = "f8", order: str = "C",
             **options: Any) -> np.ndarray:
        """Create an array of ones. Node, collective. See full()."""
        return self.full(name, shape, 1, dtype, order, **options)

    def full(self, name: str, shape: "Shape", fill_value: "ArrayLike",
             dtype: Optional["DTypeLike"] = None, order: str = "C",
             **options: Any) -> np.ndarray:
        """Create an array, filled by all ranks, each its rows. Node, collective.

        Parameters
        ----------
        fill_value
            A scalar, or what NumPy can broadcast to the shape; the same on all ranks.
        dtype
            None: that of `fill_value`.

        Returns
        -------
        numpy.ndarray
            The array that all ranks share; all see all of it.
        """
        value = np.asarray(fill_value)
        made = self.create(name, shape, value.dtype if dtype is None else dtype, order, **options)
        self._fill(made, np.broadcast_to(value, made.shape))
        return made

    def from_array(self, name: str, source: "ArrayLike", order: Optional[str] = None,
                   **options: Any) -> np.ndarray:
        """Create an array with the elements of another. Node, collective.

        Parameters
        ----------
        source
            An array, or what becomes one; of the same type and shape on all ranks. Each rank
            copies its rows: of rank r's, rows of rank r are read.
        order
            "C" or "F"; None: that of `source`.

        Returns
        -------
        numpy.ndarray
            The array that all ranks share; all see all of it.
        """
        given = np.asanyarray(source)
        if order is None:
            order = "F" if given.flags.fnc else "C"
        made = self.create(name, given.shape, given.dtype, order, **options)
        self._fill(made, given)
        return made

    def _fill(self, made: np.ndarray, source: np.ndarray) -> None:
        if made.ndim == 0:
            if self._rank() == 0:
                made[...] = source
        else:
            mine = self.rows(made)
            made[mine] = source[mine]
        self._fence()

    # --- locks and the like: see shmwin.sync --------------------------------------------------

    def lock(self, name: str) -> Any:
        """Create a `shmwin.Lock` with a name. Node, collective."""
        from .sync import Lock
        return Lock(segment=self, name=name)

    def rlock(self, name: str) -> Any:
        """Create a `shmwin.RLock` with a name. Node, collective."""
        from .sync import RLock
        return RLock(segment=self, name=name)

    def event(self, name: str) -> Any:
        """Create a `shmwin.Event` with a name. Node, collective."""
        from .sync import Event
        return Event(segment=self, name=name)

    def semaphore(self, name: str, value: int = 1, *, bounded: bool = False) -> Any:
        """Create a `shmwin.Semaphore`, or a BoundedSemaphore, with a name. Node, collective."""
        from .sync import BoundedSemaphore, Semaphore
        return (BoundedSemaphore if bounded else Semaphore)(value, segment=self, name=name)

    # --- destroy ------------------------------------------------------------------------------

    def destroy(self, which: Any) -> None:
        """End an object for all ranks. Node, collective.

        Parameters
        ----------
        which
            A name, or what create() and find() gave: an array or a view of it, levels, a value.
            Arrays that were handed out can no longer be written to; what they show is undefined.

        Raises
        ------
        NotFound
            Nothing has that name, or it was destroyed before. Also a ``KeyError``.
        TypeError
            It is no array of a segment.
        """
        if isinstance(which, str):
            info = self.info(which)
            if info is None or info.kind not in ("array", *finders):
                self._destroy_any(which)
                return
            which = self.find(which)
        for kind, destroyer in destroyers.items():
            if isinstance(which, kind):
                destroyer(self, which)
                return
        self._destroy(which)

    __delitem__ = destroy


class Group(GroupMethods, _core.Group):
    """A place for names: ``seg.group("solver")`` prefixes them with ``solver/``."""

    def __init__(self, parent: GroupMethods, name: str) -> None:
        super().__init__(parent, name)

    def __repr__(self) -> str:
        return f"<shmwin.Group {self.prefix!r}>"
