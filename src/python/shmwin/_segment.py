# SPDX-License-Identifier: MIT
"""Segment: what users open."""

from __future__ import annotations

import json
import sys
import traceback
import typing
import warnings
import weakref
from types import TracebackType
from typing import Any, Optional, Union

from . import _core
from ._group import GroupMethods

if typing.TYPE_CHECKING:
    from mpi4py import MPI

_open: "weakref.WeakSet[Segment]" = weakref.WeakSet()


class MemoryMap(dict):
    """Where a segment's memory went: "capacity", "used", "free", ..., "objects"; str() is a table."""

    def __init__(self, as_json: str, text: str) -> None:
        super().__init__(json.loads(as_json))
        self._text = text

    def __str__(self) -> str:
        return self._text


class Segment(GroupMethods, _core.Segment):
    """Open one segment of memory that all ranks of a node share. All, collective.

    Parameters
    ----------
    comm : mpi4py.MPI.Comm, optional
        Whose ranks take part; split by node. Default: ``MPI.COMM_WORLD``. It is duplicated, not kept.
    capacity : int or str, optional
        Bytes for objects: ``2**30`` or ``"1 GiB"``; pages cost nothing until they are used. Default:
        the variable ``SHMWIN_CAPACITY``, or half of what is free.
    backing : {"automatic", "mpi_window", "memfd"}
        Where the memory comes from.
    threads_per_rank : int
        Threads of a rank that have a heap of their own; 0: ``SHMWIN_THREADS_PER_RANK``, or 1.
    in_all_core_dumps : bool
        False: of all ranks, only the first one's core dump holds the segment.
    spin : int
        How often a wait looks before it sleeps; -1: as it suits.
    wait_slice : float, optional
        Longest sleep between two looks at who is still there, in seconds; default 0.05.
    wait_warn : float, optional
        A wait that lasts so many seconds is warned of; default: none is.

    Raises
    ------
    NoSpace
        Less memory is there: what is required and available, and the knob.
    InvalidArgument, NotShared, Disagreement
        On all ranks alike.

    Notes
    -----
    Used by ``with``, it is closed at the block's end, by all ranks together. A block that an
    exception leaves ends this rank's part alone: the other ranks get `PeerLeft` wherever they wait,
    with the exception's text. So they do of an exception that nobody catches, and of a rank that
    ends without close(). Arrays that were handed out stay valid after all of that.

    Ctrl-C ends every wait: KeyboardInterrupt out of a collective call ends this rank's part.

    Examples
    --------
    >>> with shmwin.Segment(capacity="1 GiB") as seg:
    ...     u = seg.create("u", (344, 403))
    ...     u[seg.rows(u)] = seg.rank
    ...     seg.fence()
    """

    def __init__(self, comm: Optional["MPI.Comm"] = None,
                 capacity: Union[int, str, None] = None, *, backing: str = "automatic",
                 threads_per_rank: int = 0, in_all_core_dumps: bool = False, spin: int = -1,
                 wait_slice: Optional[float] = None, wait_warn: Optional[float] = None) -> None:
        super().__init__(comm, capacity, backing=backing, threads_per_rank=threads_per_rank,
                         in_all_core_dumps=in_all_core_dumps, spin=spin, wait_slice=wait_slice,
                         wait_warn=wait_warn)
        self._is_made = True
        _open.add(self)

    _is_made = False  # until then there is nothing behind it

    # --- the end ------------------------------------------------------------------------------

    def __enter__(self) -> "Segment":
        return self

    def __exit__(self, kind: Optional[type[BaseException]], value: Optional[BaseException],
                 where: Optional[TracebackType]) -> None:
        if value is None:
            if self.is_open:  # not closed in the block; not in a child that was forked there
                self.close()
        else:
            self.leave(_text_of(value))

    def __del__(self) -> None:
        if self._is_made and self.is_open and not sys.is_finalizing():
            warnings.warn(f"{self!r} was dropped without close(): the other ranks get PeerLeft",
                          ResourceWarning, source=self, stacklevel=2)

    # --- what is of the whole segment ---------------------------------------------------------

    @property
    def comm(self) -> "MPI.Comm":
        """Communicator of the ranks that share the segment; closed with it."""
        from mpi4py import MPI
        return MPI.Comm.f2py(self._comm_fortran())

    def memory_map(self) -> MemoryMap:
        """Where the memory went. Local."""
        return MemoryMap(*self._memory_map())

    def abandoned(self) -> Optional[str]:
        """Who broke the segment by leaving it; None if all are there. Local."""
        return self._abandoned()

    def __repr__(self) -> str:
        if not self._is_made:
            return "<shmwin.Segment, not opened>"
        state = f"rank {self.rank} of {self.n_ranks}" if self.is_open else "closed"
        return f"<shmwin.Segment, {self.capacity} bytes, {state}>"


def _text_of(value: BaseException) -> str:
    """The last lines of a traceback: the exception's class and text, and where it was raised."""
    text = "".join(traceback.format_exception_only(type(value), value)).strip()
    frames = traceback.extract_tb(value.__traceback__)
    return f"{text} ({frames[-1].filename}:{frames[-1].lineno})" if frames else text


def _hook_excepthook() -> None:
    """An exception that nobody catches: the others learn it before this process has ended."""
    before = sys.excepthook

    def excepthook(kind: type[BaseException], value: BaseException, where: Any) -> None:
        for each in list(_open):
            each.leave(_text_of(value))
        before(kind, value, where)

    sys.excepthook = excepthook


_hook_excepthook()
