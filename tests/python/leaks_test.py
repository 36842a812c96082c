# SPDX-License-Identifier: MIT
# ranks: 1 2
"""Nothing is left of what is created and destroyed, over and over."""

import gc
import os
import sys
import weakref

import numpy as np
import pytest
from mpi4py import MPI

import shmwin

# Of two ranks each round is some meetings: more of them by SHMWIN_TEST_ROUNDS.
ROUNDS = int(os.environ.get("SHMWIN_TEST_ROUNDS", 10000 if MPI.COMM_WORLD.size == 1 else 1500))
A_FEW = 60  # blocks of memory: caches, names that Python keeps
# AddressSanitizer keeps what was freed, up to 256 MiB (its option quarantine_size_mb), to find use
# of it: there only the blocks tell.
MOST_BYTES = 1 << (29 if "asan" in os.environ.get("LD_PRELOAD", "") else 20)


def resident_bytes():
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def left_after(work, rounds):
    """Blocks of Python's memory and bytes of the process that come with each of some batches.

    What leaks does so in every batch. Caches fill up: in the rounds before, which are not counted,
    or in some of the batches.
    """
    for _ in range(rounds):
        work()
    grown = []
    for _ in range(8):
        gc.collect()
        before = sys.getallocatedblocks(), resident_bytes()
        for _ in range(rounds // 4):
            work()
        gc.collect()
        grown.append((sys.getallocatedblocks() - before[0], resident_bytes() - before[1]))
    return min(blocks for blocks, _ in grown), min(n_bytes for _, n_bytes in grown)


def test_a_leak_is_seen():
    kept = []
    blocks, _ = left_after(lambda: kept.append([]), ROUNDS // 5)
    assert blocks > A_FEW


def a_record(seg):
    seg.create("r", (3, 2), [("x", "f8"), ("n", "U4")], order="F")
    seg.destroy("r")


def levels(seg):
    made = seg.levels("l", 8)
    made.next()[:1] = 1
    made.flip()
    made.now()
    seg.destroy(made)


def a_value(seg):
    made = seg.value("v", "f4", 1.5)
    made.fetch_add(2)
    made.get()
    seg.destroy(made)


def a_failure(seg):
    with pytest.raises(shmwin.NotFound):
        seg["nothing"]
    with pytest.raises(TypeError):
        seg.create("o", 1, object)


def found(seg):
    found = seg.require("kept", 10)
    seg["kept"][:3].T.sum()
    assert "kept" in seg and seg.rows(found)


def adopted(seg):
    seg.adopt("a", np.zeros((4, 4))[::2])
    seg.destroy("a")


@pytest.mark.parametrize("work", [a_record, levels, a_value, a_failure, found, adopted],
                         ids=lambda work: work.__name__)
def test_nothing_is_left(seg, work):
    blocks, n_bytes = left_after(lambda: work(seg), ROUNDS // 5)
    assert blocks < A_FEW
    assert n_bytes < MOST_BYTES
    assert seg.verify() == []


def test_nothing_is_left_of_many_arrays(seg):
    dead = []

    def work():
        made = seg.create("u", 10)
        if len(dead) < 100:
            dead.append(weakref.ref(made))
        seg.destroy(made)

    work()
    used = seg.memory_map()["used"]
    blocks, n_bytes = left_after(work, ROUNDS)
    assert blocks < A_FEW
    assert n_bytes < MOST_BYTES
    assert all(each() is None for each in dead)
    assert seg.memory_map()["used"] <= used
    assert len(seg) == 0


def test_nothing_is_left_of_many_segments(comm):
    def work():
        with shmwin.Segment(comm, "1 MiB") as seg:
            seg.create("u", 10)

    blocks, n_bytes = left_after(work, 100)
    assert blocks < A_FEW
    assert n_bytes < MOST_BYTES


def test_an_array_dies_with_its_last_view(comm):
    with shmwin.Segment(comm, "1 MiB") as seg:
        u = seg.create("u", 10)
    alive = weakref.ref(u)
    part = u[2:]
    del u
    gc.collect()
    assert alive() is not None  # its view keeps it
    del part
    gc.collect()
    assert alive() is None
    gone = weakref.ref(seg)
    del seg
    assert gone() is None
