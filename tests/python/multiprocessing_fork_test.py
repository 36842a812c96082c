# SPDX-License-Identifier: MIT
# ranks: 1 2 4
"""Children that a rank forks: they have the objects, and nothing of the rank ends with them."""
import multiprocessing
import os
import pickle
import signal
import sys

import numpy as np
import pytest
from mpi4py import MPI

import shmwin
from shmwin.sync import Array, Barrier, Condition, Event, Lock, Semaphore, Value

COMM = MPI.COMM_WORLD
FORK = multiprocessing.get_context("fork")
LONG = 60


@pytest.fixture(scope="module")
def meet():
    """Waits for all ranks."""
    return Barrier(COMM.size).wait


def run(target, *args):
    child = FORK.Process(target=target, args=args)
    child.start()
    return child


def ended(child):
    child.join(LONG)
    return child.exitcode


def test_child_counts_with_the_rank(meet):
    value = Value("i", 0)

    def work():
        for _ in range(200):
            with value.get_lock():
                value.value += 1

    child = run(work)
    work()
    assert ended(child) == 0
    meet()
    assert value.value == 2 * 200 * COMM.size


def test_child_sees_arrays_and_is_seen(meet):
    array = Array("d", COMM.size)
    view = shmwin.as_ndarray(array)

    def work():
        view[COMM.rank] += 1.5
        array[COMM.rank] += 1.0

    assert ended(run(work)) == 0
    meet()
    assert (view == 2.5).all()


def test_child_waits_and_wakes(meet):
    event, done, condition = Event(), Semaphore(0), Condition()

    def work():
        event.wait(LONG)
        with condition:
            done.release()
            condition.notify()

    children = [run(work) for _ in range(2)]
    with condition:
        meet_once = COMM.rank == 0
        if meet_once:
            event.set()
        assert condition.wait_for(lambda: done.get_value() > 0, LONG)
    assert [ended(each) for each in children] == [0, 0]
    meet()
    assert done.get_value() == 2 * COMM.size


def test_reference_in_a_child_is_what_the_rank_had(meet):
    value = Value("i", 3)
    reference = pickle.dumps(value)

    def work():
        sys.exit(0 if pickle.loads(reference) is value else 1)

    assert ended(run(work)) == 0
    meet()


def test_child_constructs_none(meet):
    def work():
        try:
            Lock()
        except shmwin.Unsupported as error:
            sys.exit(7 if "in a child that rank" in str(error) else 8)

    assert ended(run(work)) == 7
    meet()


@pytest.mark.parametrize("how", ["_exit", "drop", "kill"])
def test_rank_goes_on_however_its_child_ends(meet, how):
    array = [Array("i", range(100))]

    def work():
        if how == "drop":
            array.clear()
        if how == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        os._exit(3)

    assert ended(run(work)) == (-9 if how == "kill" else 3)
    meet()
    others = [Array("i", 100) for _ in range(3)]
    meet()
    assert array[0][:] == list(range(100)) and len(others) == 3
    meet()


def test_child_killed_with_a_lock_is_noticed(meet):
    lock = Lock()

    def work():
        lock.acquire()
        os.kill(os.getpid(), signal.SIGKILL)

    if COMM.rank == COMM.size - 1:
        assert ended(run(work)) == -9
    meet()
    if COMM.rank == 0:
        with pytest.raises(shmwin.OwnerDied):
            lock.acquire(True, LONG)
        assert lock.acquire_to_repair()
        lock.mark_consistent()
        lock.release()
    meet()
    with lock:
        pass


def in_spawned(reference, answers):
    """Runs in a process that is no rank."""
    try:
        pickle.loads(reference)
    except LookupError as error:
        answers.put(str(error))


def test_spawned_child_has_none(meet, monkeypatch):
    value = Value("i", 1)
    for name in list(os.environ):
        if name.startswith(("OMPI_", "PMIX_", "PMI_", "HYDI_")):
            monkeypatch.delenv(name)  # else it would take itself for this rank
    if COMM.rank == 0:
        spawn = multiprocessing.get_context("spawn")
        answers = spawn.Queue()
        child = spawn.Process(target=in_spawned, args=(pickle.dumps(value), answers))
        child.start()
        assert "is no rank of the segment" in answers.get(timeout=LONG)
        assert ended(child) == 0
        answers.close()
        answers.join_thread()
    meet()
    assert np.all(shmwin.as_ndarray(value) == 1)
