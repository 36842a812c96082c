# SPDX-License-Identifier: MIT
# ranks: 1 2 4
"""What CPython's tests assert of multiprocessing's Condition and Barrier, of ours: by ranks, and by
threads of a rank. See README.md."""
import threading
import time

import pytest
from mpi4py import MPI

import shmwin
from shmwin.sync import Barrier, Condition, Lock, RLock, Semaphore, Value

COMM = MPI.COMM_WORLD
SHORT, LONG = 0.05, 60
THREADS = 3


def meet():
    """Waits for all ranks, by MPI: what is tested here is no judge of itself."""
    COMM.Barrier()


def start(n, call):
    """n threads that call it."""
    made = [threading.Thread(target=call) for _ in range(n)]
    for each in made:
        each.start()
    return made


def join(threads):
    for each in threads:
        each.join(LONG)
        assert not each.is_alive()


def until(is_met):
    """Looks again and again; a test that waits in vain fails here."""
    end = time.monotonic() + LONG
    while not is_met():
        assert time.monotonic() < end
        time.sleep(0.001)


# --- Condition ----------------------------------------------------------------------------------


class Sleepers:
    """Threads of all ranks that sleep at one condition; how many do, and how many woke."""

    def __init__(self, timeout=None, lock=None):
        self.condition = Condition(lock)
        self.asleep, self.woken = Semaphore(0), Semaphore(0)
        self.results = []
        self.timeout = timeout
        meet()

    def sleep(self):
        with self.condition:
            self.asleep.release()
            self.results.append(self.condition.wait(self.timeout))
            self.woken.release()

    def start(self):
        self.threads = start(THREADS, self.sleep)
        for _ in range(THREADS * COMM.size if COMM.rank == 0 else 0):
            assert self.asleep.acquire(True, LONG)
        meet()
        with self.condition:
            pass  # the last one had it until it slept
        meet()

    @property
    def n(self):
        return THREADS * COMM.size


@pytest.mark.parametrize("make_lock", [lambda: None, Lock, RLock])
def test_notify_wakes_one(make_lock):
    all = Sleepers(lock=make_lock())
    all.start()
    if COMM.rank == 0:
        for n in range(1, all.n + 1):
            with all.condition:
                all.condition.notify()
            until(lambda: all.woken.get_value() >= n)
            time.sleep(0.01)  # one too many would have its time to be counted
            assert all.woken.get_value() == n
    join(all.threads)
    meet()
    assert all.results == [True] * THREADS


def test_notify_n_wakes_n():
    all = Sleepers()
    all.start()
    if COMM.rank == COMM.size - 1:
        with all.condition:
            all.condition.notify(n=2)
        until(lambda: all.woken.get_value() >= 2)
        time.sleep(0.02)
        assert all.woken.get_value() == 2
        with all.condition:
            all.condition.notify(n=1000)
        until(lambda: all.woken.get_value() == all.n)
    join(all.threads)
    meet()


def test_notify_all():
    all = Sleepers()
    all.start()
    if COMM.rank == 0:
        with all.condition:
            all.condition.notify_all()
    join(all.threads)
    meet()
    assert all.woken.get_value() == all.n


def test_notify_all_of_those_that_gave_up():
    """Waits that timed out take no notification from others."""
    all = Sleepers(timeout=SHORT)
    all.start()
    join(all.threads)
    meet()
    assert all.results == [False] * THREADS
    with all.condition:
        all.condition.notify_all()
    meet()
    if COMM.rank == 0:
        with all.condition:
            assert all.condition.wait(SHORT) is False  # nothing was kept for later
    meet()


def test_wait_with_timeout():
    condition = Condition()
    with condition:
        begin = time.monotonic()
        assert condition.wait(SHORT) is False
        assert time.monotonic() - begin >= SHORT * 0.9
        assert condition.wait(0) is False
    meet()


def test_condition_is_its_locks():
    lock = Lock()
    condition = Condition(lock)
    if COMM.rank == 0:
        with condition:
            assert lock.acquire(False) is False
        assert condition.acquire() is True
        condition.release()
    meet()


def test_wait_gives_up_a_lock_that_is_held_often():
    condition, count = Condition(), Value("i", lock=False)
    meet()
    with condition, condition:
        count.value += 1
        condition.notify_all()
        assert condition.wait_for(lambda: count.value == COMM.size, LONG)
    meet()
    with pytest.raises(AssertionError):
        condition.release()


@pytest.mark.parametrize("call", ["wait", "notify", "notify_all"])
def test_condition_without_its_lock(call):
    condition = Condition()
    with pytest.raises((AssertionError, RuntimeError)):
        getattr(condition, call)()
    meet()


def test_wait_for():
    condition, state = Condition(), Value("i", -1)
    meet()
    if COMM.rank == 0:

        def count():
            with condition:
                state.value = 0
                condition.notify_all()
            for _ in range(4):
                with condition:
                    state.value += 1
                    condition.notify_all()

        worker = start(1, count)
    with condition:
        assert condition.wait_for(lambda: state.value >= 0, LONG)
        assert condition.wait_for(lambda: state.value == 4, LONG) is True
    if COMM.rank == 0:
        join(worker)
    meet()


def test_wait_for_with_timeout():
    condition = Condition()
    with condition:
        begin = time.monotonic()
        assert not condition.wait_for(lambda: False, timeout=SHORT)
        assert time.monotonic() - begin >= SHORT * 0.9
        assert condition.wait_for(lambda: "met", timeout=0) == "met"
    meet()


# --- Barrier ------------------------------------------------------------------------------------


def parties(n, work):
    """n threads of each rank that do it; what they gave or raised."""
    got = []

    def run():
        try:
            got.append(work())
        except threading.BrokenBarrierError as error:
            got.append(type(error))

    threads = start(n, run)
    join(threads)
    return got


def counts(of):
    """Of what all ranks gave."""
    return sorted(sum(COMM.allgather(of), []))


def test_barrier_lets_nobody_pass_alone():
    barrier, passed = Barrier(2 * COMM.size), Value("i")

    def work():
        for n in range(5):
            with passed:
                passed.value += 1
            barrier.wait(LONG)
            assert passed.value == 2 * COMM.size * (n + 1)
            barrier.wait(LONG)
        return barrier.parties

    assert parties(2, work) == [2 * COMM.size] * 2
    meet()
    assert barrier.n_waiting == 0 and not barrier.broken


def test_wait_gives_each_another_number():
    barrier = Barrier(2 * COMM.size)
    assert counts(parties(2, lambda: barrier.wait(LONG))) == list(range(2 * COMM.size))


def test_action_is_done_once_before_anybody_goes_on():
    calls = Value("i", lock=False)
    barrier = Barrier(2 * COMM.size, action=lambda: setattr(calls, "value", calls.value + 1))

    def work():
        barrier.wait(LONG)
        return calls.value

    assert parties(2, work) == [1, 1]
    meet()


def test_action_that_raises_breaks():
    barrier = Barrier(1, action=lambda: 1 / 0)
    if COMM.rank == 0:
        with pytest.raises(ZeroDivisionError):
            barrier.wait()
    meet()
    assert barrier.broken
    with pytest.raises(threading.BrokenBarrierError):
        barrier.wait()


def test_abort():
    barrier = Barrier(2 * COMM.size)
    if COMM.rank == 0:  # one of its two parties aborts in place of coming

        def one():
            until(lambda: barrier.n_waiting == 2 * COMM.size - 1)
            barrier.abort()

        aborting = start(1, one)
        got = parties(1, lambda: barrier.wait(LONG))
        join(aborting)
    else:
        got = parties(2, lambda: barrier.wait(LONG))
    assert got == [threading.BrokenBarrierError] * len(got)
    meet()
    assert barrier.broken and barrier.n_waiting == 0
    with pytest.raises(threading.BrokenBarrierError):
        barrier.wait()


def test_reset_ends_waits_and_it_goes_on():
    barrier = Barrier(2 * COMM.size)
    if COMM.rank == 0:

        def one():
            until(lambda: barrier.n_waiting == 2 * COMM.size - 1)
            barrier.reset()

        resetting = start(1, one)
        got = parties(1, lambda: barrier.wait(LONG))
        join(resetting)
    else:
        got = parties(2, lambda: barrier.wait(LONG))
    assert got == [threading.BrokenBarrierError] * len(got)
    meet()
    assert not barrier.broken
    assert counts(parties(2, lambda: barrier.wait(LONG))) == list(range(2 * COMM.size))


def test_abort_and_reset():
    barrier = Barrier(2 * COMM.size)
    if COMM.rank == 0:
        barrier.abort()
    meet()
    assert parties(2, barrier.wait) == [threading.BrokenBarrierError] * 2
    meet()
    if COMM.rank == 0:
        barrier.reset()
    meet()
    assert counts(parties(2, lambda: barrier.wait(LONG))) == list(range(2 * COMM.size))


@pytest.mark.parametrize("of_barrier, of_wait", [(None, SHORT), (SHORT, None)])
def test_timeout_breaks(of_barrier, of_wait):
    barrier = Barrier(2 * COMM.size, timeout=of_barrier)
    n_coming = 1 if COMM.rank == 0 else 2
    got = parties(n_coming, lambda: barrier.wait(of_wait))
    assert got == [threading.BrokenBarrierError] * n_coming
    meet()
    assert barrier.broken


def test_single_party():
    barrier = Barrier(1)
    if COMM.rank == 0:
        assert barrier.wait() == 0 and barrier.wait() == 0
    meet()
    with pytest.raises(ValueError):
        Barrier(0)


# --- ranks that leave ---------------------------------------------------------------------------


def test_waits_for_a_rank_that_left_end():
    if COMM.size == 1:
        pytest.skip("there is nobody to leave")
    segment = shmwin.Segment(capacity="4 MiB")
    barrier = Barrier(COMM.size, segment=segment)
    meet()
    if COMM.rank == COMM.size - 1:
        segment.leave("enough of it")
    else:
        with pytest.raises(threading.BrokenBarrierError, match="enough of it"):
            barrier.wait()
        segment.leave("as the others")
    meet()
