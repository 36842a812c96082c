# SPDX-License-Identifier: MIT
"""Exceptions: one class for each kind of error, under `Error` and under the fitting builtin one.

Every exception has ``code`` (the stable number, the same as in C and C++), ``agreed`` (all ranks of
the call got the same error) and ``rank`` (where it happened; -1: here).
"""

from __future__ import annotations

import threading


class Error(Exception):
    """What all exceptions of shmwin have in common.

    Attributes
    ----------
    code : int
        The kind of error: a value of C++'s ``shmwin::errc`` and of C's ``SHMWIN_ERR_...``.
    agreed : bool
        True if every rank of the collective call raised this same error.
    rank : int
        The rank where it happened, in the communicator of the call; -1 if it is this one.
    """

    code: int = 0
    agreed: bool = False
    rank: int = -1

    def __str__(self) -> str:  # KeyError's would quote it
        return Exception.__str__(self)


class InvalidArgument(Error, ValueError):
    """An argument that no call could accept."""

    code = 1


class NotFound(Error, KeyError):
    """No object has that name, or it was destroyed."""

    code = 2


class AlreadyExists(Error, ValueError):
    """The name is taken."""

    code = 3


class TypeMismatch(Error, TypeError):
    """The object has another element type or kind."""

    code = 4


class ShapeMismatch(Error, ValueError):
    """The object has another shape or order."""

    code = 5


class OutOfMemory(Error, MemoryError):
    """The segment has no room for the request."""

    code = 6


class NoSpace(OutOfMemory, OSError):
    """The system has no room: /dev/shm, memory, disk."""

    code = 7


class NotShared(Error, RuntimeError):
    """The ranks cannot share memory."""

    code = 8


class Disagreement(Error, RuntimeError):
    """Ranks are in different collective calls, or pass different arguments."""

    code = 9


class PeerLeft(Error, RuntimeError):
    """Another rank raised an exception, returned, exited or died."""

    code = 10


class OwnerDied(Error, RuntimeError):
    """The holder of a lock died; what it guards may be half changed."""

    code = 11


class NotRecoverable(Error, RuntimeError):
    """Nobody repaired the data after OwnerDied."""

    code = 12


class TimedOut(Error, TimeoutError):
    """A deadline passed."""

    code = 13


class Closed(Error, ValueError):
    """The segment is closed, as a file may be."""

    code = 14


class Corrupted(Error, RuntimeError):
    """An invariant of the segment does not hold."""

    code = 15


class BadPointer(Error, ValueError):
    """Memory that is not the segment's, or no longer."""

    code = 16


class LayoutMismatch(Error, RuntimeError):
    """The segment or file was made by an incompatible version."""

    code = 17


class MPIFailure(Error, RuntimeError):
    """A call of MPI failed."""

    code = 18


class SystemFailure(Error, OSError):
    """A system call failed."""

    code = 19


class IOFailure(Error, OSError):
    """Reading or writing a file failed."""

    code = 20


class NotACheckpoint(Error, OSError):
    """The file is not a checkpoint, or not HDF5."""

    code = 21


class Damaged(Error, OSError):
    """The file is a checkpoint, and its bytes have changed."""

    code = 22


class Busy(Error, RuntimeError):
    """Somebody else is using it."""

    code = 23


class Unsupported(Error, NotImplementedError):
    """Valid, but not on this machine or in this version."""

    code = 24


class OutOfRange(Error, IndexError):
    """An index beyond its extent, or a value beyond its type."""

    code = 25


class BarrierBroken(PeerLeft, threading.BrokenBarrierError):
    """A barrier or condition cannot be met: who must come has left or died."""

    code = 26


class WouldDeadlock(Error, RuntimeError):
    """The caller would wait for itself."""

    code = 27


class DataRace(Error, RuntimeError):
    """Two ranks used an element without a fence between, and one of them wrote."""

    code = 28


def _classes(of: type[Error]) -> list[type[Error]]:
    return [of] + [found for below in of.__subclasses__() for found in _classes(below)]


_by_code = {found.code: found for found in _classes(Error)}


def _make(code: int, text: str, agreed: bool, rank: int) -> Error:
    """The exception of an error of the library."""
    made = _by_code.get(code, Error)(text)
    made.code = code
    made.agreed = agreed
    made.rank = rank
    return made


__all__ = [found.__name__ for found in _by_code.values()]
