# SPDX-License-Identifier: MIT
# ranks: 1 2
"""Rounds of making and dropping objects leave nothing behind, in Python or in the segment."""
import gc
import os
import sys

import shmwin
from shmwin.sync import Array, Barrier, Condition, Event, Lock, Semaphore, Value

N_ROUNDS = int(os.environ.get("SHMWIN_TEST_ROUNDS", "1000"))


def one_round(segment):
    made = [
        Value("i", 3, segment=segment),
        Array("d", [1, 2, 3], segment=segment),
        Array("c", 5, lock=False, segment=segment),
        Lock(segment=segment),
        Semaphore(2, segment=segment),
        Event(segment=segment),
        Condition(segment=segment),
        Barrier(2, segment=segment),
    ]
    with made[0].get_lock():
        made[0].value += 1
    view = shmwin.as_ndarray(made[1])
    with made[3], made[6]:
        made[6].notify()
    try:
        made[3].release()
    except shmwin.NotHeld:
        pass
    del view
    gc.collect(0)


def test_rounds_leave_nothing_behind():
    with shmwin.Segment(capacity="16 MiB") as segment:
        for _ in range(20):
            one_round(segment)
        gc.collect()
        segment.fence()
        before = sys.getallocatedblocks(), segment.memory_map()["used"]
        segment.fence()
        for _ in range(N_ROUNDS):
            one_round(segment)
        gc.collect()
        segment.fence()
        after = sys.getallocatedblocks(), segment.memory_map()["used"]
        segment.fence()
        assert after[1] == before[1]
        # Caches grow by some hundreds of blocks, whatever the rounds; a leak by one a round or more.
        assert after[0] - before[0] < N_ROUNDS / 2 + 400
