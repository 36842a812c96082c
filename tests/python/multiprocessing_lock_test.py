# SPDX-License-Identifier: MIT
# ranks: 1 2 4
"""What CPython's tests assert of multiprocessing's Lock, RLock, Semaphore, BoundedSemaphore and
Event, of ours, by ranks and by threads. See README.md."""
import threading
import time

import pytest
from mpi4py import MPI

import shmwin
from shmwin.sync import Barrier, BoundedSemaphore, Event, Lock, RLock, Semaphore, Value

COMM = MPI.COMM_WORLD
SHORT, LONG = 0.05, 60


@pytest.fixture(scope="module")
def meet():
    """Waits for all ranks."""
    return Barrier(COMM.size).wait


def in_thread(call):
    """What `call` gives in another thread."""
    got = []
    thread = threading.Thread(target=lambda: got.append(call()))
    thread.start()
    thread.join(LONG)
    return got[0]


# --- Lock, RLock --------------------------------------------------------------------------------


def test_lock(meet):
    lock = Lock()
    if COMM.rank == 0:
        assert lock.acquire() is True
        assert lock.acquire(False) is False
        assert lock.release() is None
        with pytest.raises((ValueError, threading.ThreadError)):
            lock.release()
    meet()


def test_lock_keeps_other_ranks_and_threads_out(meet):
    lock = Lock()
    if COMM.rank == 0:
        lock.acquire()
        assert in_thread(lambda: lock.acquire(False)) is False
        assert in_thread(lambda: lock.acquire(True, SHORT)) is False
    meet()
    if COMM.rank != 0:
        assert lock.acquire(block=False) is False
        assert lock.acquire(timeout=SHORT) is False
        assert lock.locked() and lock.holder()[0] == 0
    meet()
    if COMM.rank == 0:
        lock.release()
    meet()
    assert lock.acquire(True, LONG)
    lock.release()
    meet()
    assert not lock.locked() and lock.holder() is None


def test_lock_context_guards_a_counter(meet):
    lock, count = Lock(), Value("i", lock=False)
    for _ in range(300):
        with lock:
            count.value += 1
    meet()
    assert count.value == 300 * COMM.size


def test_lock_is_released_when_the_block_raises(meet):
    lock = Lock()
    with pytest.raises(KeyError):
        with lock:
            raise KeyError
    meet()
    with lock:
        pass


def test_lock_again_is_an_error_not_a_hang(meet):
    lock = Lock()
    if COMM.rank == 0:
        with lock, pytest.raises(shmwin.WouldDeadlock):
            lock.acquire()
    meet()


def test_rlock(meet):
    lock = RLock()
    if COMM.rank == 0:
        for _ in range(3):
            assert lock.acquire() is True
        for _ in range(3):
            assert lock.release() is None
        with pytest.raises((AssertionError, RuntimeError)):
            lock.release()
    meet()


def test_rlock_is_its_threads(meet):
    lock = RLock()
    if COMM.rank == 0:
        with lock, lock:
            assert in_thread(lambda: lock.acquire(False)) is False
            assert in_thread(lambda: bool(pytest.raises(AssertionError, lock.release)))
        assert in_thread(lambda: (lock.acquire(False), lock.release())[0]) is True
    meet()


def test_lock_context(meet):
    with Lock():
        pass
    with RLock():
        pass


def test_timeout_of_nothing_and_below(meet):
    lock = Lock()
    if COMM.rank == 0:
        lock.acquire()
    meet()
    if COMM.rank != 0:
        assert lock.acquire(True, 0) is False and lock.acquire(True, -1) is False
    meet()
    if COMM.rank == 0:
        lock.release()


def test_thread_that_ends_with_the_lock_is_noticed(meet):
    lock = Lock()
    if COMM.rank == 0:
        in_thread(lock.acquire)
    meet()
    if COMM.rank == COMM.size - 1:
        with pytest.raises(shmwin.OwnerDied):
            lock.acquire()
        assert lock.acquire_to_repair() is True
        lock.mark_consistent()
        lock.release()
    meet()
    with lock:
        pass


# --- Semaphore, BoundedSemaphore ----------------------------------------------------------------


@pytest.mark.parametrize("kind", [Semaphore, BoundedSemaphore])
def test_semaphore(meet, kind):
    units = kind(2)
    if COMM.rank == 0:
        assert units.get_value() == 2
        assert units.acquire() is True and units.get_value() == 1
        assert units.acquire() is True and units.get_value() == 0
        assert units.acquire(False) is False and units.get_value() == 0
        assert units.release() is None and units.get_value() == 1
        assert units.release() is None and units.get_value() == 2
    meet()


def test_semaphore_has_no_bound(meet):
    units = Semaphore(2)
    if COMM.rank == 0:
        units.release()
        assert units.get_value() == 3
        units.release()
        assert units.get_value() == 4
    meet()


def test_bounded_semaphore_has_one(meet):
    units = BoundedSemaphore(2)
    if COMM.rank == 0:
        with pytest.raises(ValueError):
            units.release()
        assert units.get_value() == 2
    meet()


def test_semaphore_begins_with_one_and_never_below_none():
    assert Semaphore().get_value() == 1 and BoundedSemaphore().get_value() == 1
    assert Semaphore(0).acquire(False) is False
    with pytest.raises(ValueError):
        Semaphore(-1)


def test_semaphore_timeouts(meet):
    """As of CPython: with block false the timeout does not count."""
    units = Semaphore(0)
    if COMM.rank == 0:
        for block, timeout, least in [
            (False, None, 0),
            (False, 1000, 0),
            (True, 0, 0),
            (True, -3, 0),
            (True, SHORT, SHORT),
        ]:
            begin = time.monotonic()
            assert units.acquire(block, timeout) is False
            assert least * 0.9 <= time.monotonic() - begin < LONG
    meet()


def test_units_go_from_rank_to_rank(meet):
    units = Semaphore(0)
    if COMM.rank == 0:
        for _ in range(COMM.size):
            units.release()
    assert units.acquire(True, LONG)
    meet()
    assert units.get_value() == 0


def test_semaphore_context(meet):
    units = BoundedSemaphore(COMM.size)
    with units:
        meet()
        assert units.get_value() == 0
        meet()
    meet()
    assert units.get_value() == COMM.size


# --- Event --------------------------------------------------------------------------------------


def test_event(meet):
    event = Event()
    if COMM.rank == 0:
        assert event.is_set() is False
        assert event.wait(0.0) is False
        begin = time.monotonic()
        assert event.wait(SHORT) is False and time.monotonic() - begin >= SHORT * 0.9
        event.set()
        assert event.is_set() is True
        assert event.wait() is True and event.wait(0.0) is True
        event.clear()
        assert event.is_set() is False and event.wait(0.0) is False
    meet()


def test_event_is_set_by_another(meet):
    event = Event()
    if COMM.rank == COMM.size - 1:
        timer = threading.Timer(SHORT, event.set)
        timer.start()
    assert event.wait(LONG) is True
    meet()


def test_event_ends_all_waits_though_it_is_cleared_at_once(meet):
    event, gone = Event(), Semaphore(0)
    waiters = [threading.Thread(target=lambda: (event.wait(), gone.release())) for _ in range(3)]
    for each in waiters:
        each.start()
    meet()
    time.sleep(SHORT)  # they wait, most likely; the promise is about those that do
    if COMM.rank == 0:
        while gone.get_value() < 3 * COMM.size:
            event.set()
            event.clear()
    for each in waiters:
        each.join(LONG)
        assert not each.is_alive()
    meet()


# --- by name ------------------------------------------------------------------------------------


def test_objects_with_names_are_found_by_the_segment():
    with shmwin.Segment(capacity="4 MiB") as seg:
        lock = Lock(segment=seg, name="lock")
        Event(segment=seg, name="event")
        Semaphore(3, segment=seg, name="units")
        with pytest.raises(shmwin.AlreadyExists):
            RLock(segment=seg, name="lock")
        assert [each.kind for each in seg.list()] == ["sync"] * 3
        found = seg.find("lock")
        assert type(found) is Lock and type(seg["event"]) is Event
        assert seg["units"].get_value() == 3
        seg.fence()
        if COMM.rank == 0:
            with lock:
                assert found.acquire(False) is False
        seg.fence()


def test_named_objects_of_groups_end_by_name_or_object():
    with shmwin.Segment(capacity="4 MiB") as seg:
        solver = seg.group("solver")
        lock, again = solver.lock("lock"), solver.rlock("again")
        units = seg.semaphore("units", 2, bounded=True)
        event = solver.event("go")
        assert sorted(seg) == ["solver/again", "solver/go", "solver/lock", "units"]
        assert [type(solver[n]).__name__ for n in ("again", "go", "lock")] == ["RLock", "Event", "Lock"]
        seg.destroy(units)
        solver.destroy(lock)
        del solver["again"]
        seg.destroy("solver/go")
        assert list(seg) == []
        for use in (lock.acquire, again.release, units.acquire, event.is_set):
            with pytest.raises(KeyError, match="destroyed"):
                use()
        with pytest.raises(KeyError, match="no name"):
            seg.destroy(Lock(segment=seg))


# --- as of threads ------------------------------------------------------------------------------


def test_other_threads_run_while_one_waits(meet):
    """The GIL is not held by who waits."""
    event, ran = Event(), []
    waiter = threading.Thread(target=event.wait)
    waiter.start()
    ran.append(1)
    meet()
    event.set()
    waiter.join(LONG)
    assert not waiter.is_alive() and ran == [1]
