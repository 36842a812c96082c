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

from ._condition import Barrier, Condition
from ._locks import BoundedSemaphore, Event, Lock, RLock, Semaphore
from ._shared import NotHeld, default_segment, use_segment
from ._values import Array, Value

__all__ = [
    "Array", "Barrier", "BoundedSemaphore", "Condition", "Event", "Lock", "NotHeld", "RLock",
    "Semaphore", "Value", "default_segment", "use_segment",
]  # fmt: skip
