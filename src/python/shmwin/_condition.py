# SPDX-License-Identifier: MIT
"""Conditions, and barriers made of them."""

from __future__ import annotations

import threading
import time
import typing
from collections.abc import Callable
from typing import Any, Optional, Union

import numpy as np

from . import _core
from ._locks import Lock, RLock
from ._shared import _block, _Shared, default_segment
from .errors import InvalidArgument

if typing.TYPE_CHECKING:
    from ._segment import Segment


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
