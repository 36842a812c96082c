# SPDX-License-Identifier: MIT
# ranks: 1 2
"""What CPython's tests assert of multiprocessing's heap, of ours: nothing overlaps, what is freed is
had again, garbage is collected at any moment. See README.md."""
import gc
import os
import random
import weakref

import numpy as np
import pytest
from mpi4py import MPI

import shmwin
from shmwin.sync import Array, Barrier, Condition, Lock, RLock, Semaphore, Value

COMM = MPI.COMM_WORLD
N_ROUNDS = int(os.environ.get("SHMWIN_TEST_ROUNDS", "150"))


@pytest.fixture
def segment():
    opened = shmwin.Segment(capacity="64 MiB")
    yield opened
    gc.collect()
    opened.fence()
    assert opened.verify() == []
    opened.close()


def used(segment):
    segment.fence()
    bytes_used = segment.memory_map()["used"]
    segment.fence()
    return bytes_used


def test_blocks_that_live_do_not_overlap(segment):
    """Sizes as in CPython's test: log-normal; up to 50 live, one at random goes for each more."""
    dice = random.Random(7)  # the same on all ranks: constructors are collective
    live = []
    for n in range(N_ROUNDS):
        array = Array("B", int(dice.lognormvariate(0, 1) * 1000), lock=False, segment=segment)
        view = shmwin.as_ndarray(array)
        mine = view[COMM.rank :: COMM.size]
        mine[...] = n % 251
        live.append((n, mine, array))
        if len(live) > 50:
            live.pop(dice.randrange(len(live)))
    for n, mine, _ in live:
        assert (mine == n % 251).all()
    places = sorted((view.ctypes.data, len(a)) for _, _, a in live for view in [shmwin.as_ndarray(a)])
    for (begin, n_bytes), (following, _) in zip(places, places[1:]):
        assert begin + n_bytes <= following


def test_all_is_free_again(segment):
    before = used(segment)
    live = [Array("d", n, segment=segment) for n in (1, 10, 100, 1000, 10000)]
    live += [Value("q", 5, segment=segment), Lock(segment=segment), Semaphore(3, segment=segment)]
    assert used(segment) > before
    del live
    gc.collect()
    assert used(segment) == before


def test_memory_stays_while_any_rank_has_it(segment):
    array = Array("i", range(1000), segment=segment)
    segment.fence()
    if COMM.rank != COMM.size - 1:
        del array
        gc.collect()
    others = [Array("i", 1000, lock=False, segment=segment) for _ in range(3)]
    for each in others:
        shmwin.as_ndarray(each)[...] = -1
    segment.fence()
    if COMM.rank == COMM.size - 1:
        assert array[:] == list(range(1000))
    segment.fence()


def test_garbage_in_cycles_is_collected_while_others_are_made(segment):
    """The collector may run in the middle of a constructor, and frees there."""
    before = used(segment)
    thresholds = gc.get_threshold()
    gc.set_threshold(5, 5, 5)
    try:
        for n in range(60):
            cycle = [Array("i", n % 7 + 1, segment=segment), RLock(segment=segment)]
            cycle.append(cycle)
            del cycle
    finally:
        gc.set_threshold(*thresholds)
    gc.collect()
    assert used(segment) == before


def test_objects_are_dropped_when_their_last_reference_goes(segment):
    for make in (
        lambda: Value("i", segment=segment),
        lambda: Array("i", 3, segment=segment),
        lambda: Lock(segment=segment),
        lambda: Condition(segment=segment),
        lambda: Barrier(3, segment=segment),
    ):
        made = make()
        gone = weakref.ref(made)
        del made
        assert gone() is None


def test_no_bytes_of_what_was_there_before(segment):
    for _ in range(20):
        array = Array("q", 200, lock=False, segment=segment)
        view = shmwin.as_ndarray(array)
        assert not np.any(view)
        segment.fence()
        view[...] = -1
        del view, array


def test_full_segment_says_so(segment):
    with pytest.raises(MemoryError):
        Array("B", 2**30, segment=segment)
    assert Value("i", 3, segment=segment).value == 3
