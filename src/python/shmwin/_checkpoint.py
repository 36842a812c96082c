# SPDX-License-Identifier: MIT
"""Checkpoint: a directory of checkpoints of a segment, each a plain HDF5 file."""

from __future__ import annotations

import os
import pathlib
import signal
import typing
from types import TracebackType
from typing import Any, NamedTuple, Optional, Union

from . import _core
from ._segment import Segment

if typing.TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mpi4py import MPI

    Path = Union[str, os.PathLike[str]]


class CheckpointInfo(NamedTuple):
    """What is known of a checkpoint."""

    file: pathlib.Path
    step: int
    time: float
    n_ranks: int  #: that wrote it; any number may read it
    created_ns: int  #: after 1970, UTC
    uuid: str
    parent_uuid: str  #: of the one before it in this run, or restored from; or ""
    attributes: dict[str, Any]  #: of its label
    only_in_file: list[str]  #: of a restore: created; with partial, left there
    only_in_segment: list[str]  #: of a restore with partial: as they were


class SaveReport(NamedTuple):
    """What a save has done."""

    file: pathlib.Path
    nbytes: int  #: of payload
    nbytes_written: int  #: of it, as it was written
    nbytes_reused: int  #: of it, taken from the checkpoint before
    seconds: float  #: until it was durable
    skipped: bool  #: nothing was saved: when_busy="skip"
    saved: list[str]  #: names
    left_out: dict[str, str]  #: names, with the reason


class VerifyReport(NamedTuple):
    """What verify() found."""

    verdict: str  #: "intact", "repacked" (another tool rewrote the structure), "damaged"
    problems: list[str]
    nbytes: int  #: of payload that was checked


class SaveProgress(NamedTuple):
    """How far an asynchronous save is."""

    phase: str  #: "writing", "committing", "done", "failed"
    nbytes: int
    nbytes_done: int
    seconds: float
    bytes_per_second: float
    seconds_left: float


class DueReason:
    """Why a checkpoint is due; false if none is.

    Attributes
    ----------
    stop : bool
        The job should end after it: wall clock, signal.
    signal : signal.Signals or None
        The one that came, if it was one.
    """

    def __init__(self, is_due: bool, stop: bool, signal_number: int, text: str) -> None:
        self.stop = stop
        self.signal = signal.Signals(signal_number) if signal_number else None
        self._is_due = is_due
        self._text = text

    def __bool__(self) -> bool:
        return self._is_due

    def __str__(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return f"<shmwin.DueReason: {self._text}>"


class PendingSave:
    """An asynchronous save that may still be in flight."""

    def __init__(self, pending: _core.PendingSave) -> None:
        self._pending = pending

    def test(self) -> bool:
        """True if the save is over, well or not. Waits for nothing. Local."""
        return self._pending.test()

    def wait(self) -> SaveReport:
        """Wait until the save is over. All, collective.

        Raises
        ------
        NoSpace, IOFailure
            Nothing is left of this save.
        PeerLeft
            The process that writes died.
        """
        return SaveReport(**self._pending._wait())

    def progress(self) -> SaveProgress:
        """How far it is. Local."""
        return SaveProgress(**self._pending._progress())


def _patterns(given: Union[str, "Sequence[str]"]) -> list[str]:
    return [given] if isinstance(given, str) else list(given)


class Checkpoint(_core.Checkpoint):
    """Open a directory of checkpoints. All, collective, as all of it but where it says otherwise.

    Parameters
    ----------
    comm : mpi4py.MPI.Comm or None
        All ranks that save and restore; None: ``MPI.COMM_WORLD``.
    path : str or os.PathLike
        Directory and stem: ``"run/state"`` gives ``run/state-000000001200.h5``.
    keep : int
        How many checkpoints retention leaves, at least 1.
    keep_every : int
        It leaves steps that are multiples of this, too; 0: none.
    durable : bool
        False: no fsync; a power failure may then lose the newest.
    verify_first : bool
        restore() checks all bytes before it moves the first.
    only, exclude : str or sequence of str
        Patterns of names, as fnmatch has them, where ``*`` stops at no slash: what is saved.
    incremental : bool
        Blocks that did not change are taken from the checkpoint before, where the file system can.
    deflate : int
        0 (not) to 9: compressed chunks, as every HDF5 reads them.
    staging : {"full", "bounded", "frozen"}
        Where save_async() keeps what it has still to write.
    staging_bytes : int or str
        Of "bounded", of all ranks.
    when_busy : {"wait", "skip", "refuse"}
        What a save does while an asynchronous one is in flight.
    every_steps, every_time, overhead, failure_interval, wall_clock
        When due() says so: steps, seconds, share of the time, mean time between failures (seconds),
        seconds until the job is ended. 0: not.
    signals : sequence of int
        Caught while the store lives: due() says that one came.

    Raises
    ------
    IOFailure
        The directory cannot be made or written. Also an ``OSError``.
    Busy
        Another job has this store open.

    Examples
    --------
    >>> with shmwin.Checkpoint(comm, "run/state", keep=2, signals=[signal.SIGUSR1]) as store:
    ...     at = store.restore_latest(seg)
    ...     for step in range(at.step if at else 0, steps):
    ...         advance()
    ...         if why := store.due(step):
    ...             store.save(seg, step + 1)
    ...             if why.stop:
    ...                 sys.exit(85)
    """

    def __init__(self, comm: Optional["MPI.Comm"], path: "Path", *, keep: int = 2,
                 keep_every: int = 0, durable: bool = True, verify_first: bool = False,
                 only: Union[str, "Sequence[str]"] = (),
                 exclude: Union[str, "Sequence[str]"] = (), incremental: bool = False,
                 deflate: int = 0, staging: str = "full",
                 staging_bytes: Union[int, str] = "64 MiB", when_busy: str = "wait",
                 every_steps: int = 0, every_time: float = 0.0, overhead: float = 0.0,
                 failure_interval: float = 0.0, wall_clock: float = 0.0,
                 signals: "Sequence[int]" = ()) -> None:
        super().__init__(comm, pathlib.Path(path), dict(
            keep=keep, keep_every=keep_every, durable=durable, verify_first=verify_first,
            only=_patterns(only), exclude=_patterns(exclude), incremental=incremental,
            deflate=deflate, staging=staging, staging_bytes=staging_bytes, when_busy=when_busy,
            every_steps=every_steps, every_time=every_time, overhead=overhead,
            failure_interval=failure_interval, wall_clock=wall_clock,
            signals=[int(each) for each in signals]))

    def __enter__(self) -> "Checkpoint":
        return self

    def __exit__(self, kind: Optional[type[BaseException]], value: Optional[BaseException],
                 where: Optional[TracebackType]) -> None:
        self.close()

    def save(self, seg: Segment, step: int = 0, *, time: float = 0.0,
             attributes: Optional["Mapping[str, Any]"] = None) -> SaveReport:
        """Write every saved object, by all ranks, straight from the segment.

        Parameters
        ----------
        seg : Segment
        step : int
            0 or more; part of the file's name. A checkpoint of the same step is replaced.
        time : float
            Model time, in the caller's unit.
        attributes : mapping, optional
            Facts that are kept as attributes of the file's root: numbers, text, lists of numbers.

        Raises
        ------
        NoSpace, IOFailure
            All earlier checkpoints are as they were.
        """
        return SaveReport(**self._save(seg, step, time, dict(attributes or {})))

    def save_async(self, seg: Segment, step: int = 0, *, time: float = 0.0,
                   attributes: Optional["Mapping[str, Any]"] = None) -> PendingSave:
        """As save(), but returns when all bytes are copied; a thread writes them behind."""
        return PendingSave(self._save_async(seg, step, time, dict(attributes or {})))

    def restore(self, seg: Segment, file: "Path", *, partial: bool = False, convert: bool = False,
                only: Union[str, "Sequence[str]"] = (), exclude: Union[str, "Sequence[str]"] = (),
                other_ranks: str = "redistribute") -> CheckpointInfo:
        """Restore that file: fill what is there in place, create the rest.

        Parameters
        ----------
        partial : bool
            Objects that one side alone has stay where they are.
        convert : bool
            Numbers of another type are converted, if every one fits.
        only, exclude : str or sequence of str
            What is restored.
        other_ranks : {"redistribute", "refuse"}
            What per-rank containers are given on another number of ranks.

        Raises
        ------
        TypeMismatch, ShapeMismatch, NotFound
            Nothing has changed.
        NotACheckpoint, Damaged, IOFailure
            Also an ``OSError``.
        """
        how = dict(partial=partial, convert=convert, only=_patterns(only),
                   exclude=_patterns(exclude), other_ranks=other_ranks)
        return CheckpointInfo(**self._restore(seg, pathlib.Path(file), how))

    def restore_latest(self, seg: Segment, *, partial: bool = False, convert: bool = False,
                       only: Union[str, "Sequence[str]"] = (),
                       exclude: Union[str, "Sequence[str]"] = (),
                       other_ranks: str = "redistribute") -> Optional[CheckpointInfo]:
        """Restore the newest whole checkpoint; None, if the directory holds none at all.

        Parameters are those of restore().

        Raises
        ------
        Damaged
            There are checkpoints, and none is whole: never a fresh start by accident.
        """
        how = dict(partial=partial, convert=convert, only=_patterns(only),
                   exclude=_patterns(exclude), other_ranks=other_ranks)
        found = self._restore_latest(seg, how)
        return None if found is None else CheckpointInfo(**found)

    def latest(self) -> Optional[CheckpointInfo]:
        """The newest checkpoint whose structure is whole; None if there is none."""
        found = self._latest()
        return None if found is None else CheckpointInfo(**found)

    def verify(self, file: "Path") -> VerifyReport:
        """Read every byte of a file and compare checksums."""
        return VerifyReport(**self._verify(pathlib.Path(file)))

    def due(self, step: int) -> DueReason:
        """Is a checkpoint due, now that `step` has been done? The same answer on all ranks.

        Waits for nobody when nothing is due.
        """
        found = self._due(step)
        return DueReason(found["is_due"], found["stop"], found["signal"], found["text"])
