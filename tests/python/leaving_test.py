# SPDX-License-Identifier: MIT
"""A rank that leaves: by an exception, by Ctrl-C; and a child that it forked."""

import os
import signal
import threading
import time

import numpy as np
import pytest

import shmwin

PATIENCE_S = 10  # the promise is a second


class Trouble(Exception):
    pass


@pytest.mark.parametrize("wait", ["fence", "create", "flip", "value", "close"])
def test_an_exception_in_a_block_is_peer_left_for_the_others(comm, wait):
    if comm.size == 1:
        return
    calls = {"fence": lambda: seg.fence(), "create": lambda: seg.create("x", 3),
             "flip": lambda: levels.flip(), "value": lambda: value.wait(0),
             "close": lambda: seg.close()}
    begin = time.monotonic()
    try:
        with shmwin.Segment(comm, "8 MiB") as seg:
            levels, value = seg.levels("l", 3), seg.value("v")
            seg.fence()
            if comm.rank == comm.size - 1:
                raise Trouble("no such luck")
            calls[wait]()
            pytest.fail("there was nobody to meet")
    except Trouble:
        assert comm.rank == comm.size - 1
    except shmwin.PeerLeft as left:
        assert comm.rank != comm.size - 1
        if comm.size == 2:
            assert left.rank == 1
            assert "no such luck" in str(left) and "Trouble" in str(left)
            assert "leaving_test.py" in str(left)
    assert time.monotonic() - begin < PATIENCE_S
    assert not seg.is_open
    with pytest.raises(shmwin.Closed):
        seg.create("y", 1)


def interrupt_soon():
    """As Ctrl-C does, while this thread waits."""
    timer = threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    return timer


def test_ctrl_c_ends_a_fence(comm):
    if comm.size == 1:
        return
    with shmwin.Segment(comm, "8 MiB") as seg:
        seg.fence()
        if comm.rank == 0:
            timer = interrupt_soon()
            begin = time.monotonic()
            with pytest.raises(KeyboardInterrupt):
                seg.fence()
            assert time.monotonic() - begin < PATIENCE_S
            timer.join()
            comm.Barrier()
            with pytest.raises(shmwin.PeerLeft):  # it has left
                seg.fence()
        else:
            comm.Barrier()
            with pytest.raises(shmwin.PeerLeft, match="interrupted"):
                seg.fence()
        seg.leave("the end")


def test_ctrl_c_ends_the_wait_for_a_value_and_nothing_else(seg, comm):
    v = seg.value("v")
    if comm.rank == 0:
        timer = interrupt_soon()
        begin = time.monotonic()
        with pytest.raises(KeyboardInterrupt):
            v.wait(0)
        assert time.monotonic() - begin < PATIENCE_S
        timer.join()
    seg.fence()  # all go on
    assert v.get() == 0
    seg.fence()


def test_another_handler_runs_while_a_rank_waits(seg, comm):
    """It raises nothing, and the wait goes on."""
    v = seg.value("v")
    came = []
    if comm.rank == 0:
        before = signal.signal(signal.SIGUSR2, lambda *_: came.append(1))
        timer = threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGUSR2))
        timer.start()
        end = time.monotonic() + PATIENCE_S
        while not came and time.monotonic() < end:
            v.wait(0, timeout=0.5)
        timer.join()
        signal.signal(signal.SIGUSR2, before)
        assert came
    seg.fence()


def test_leave_says_why(comm):
    if comm.size == 1:
        return
    seg = shmwin.Segment(comm, "8 MiB")
    if comm.rank == 0:
        seg.leave("had enough")
        with pytest.raises(ValueError):
            seg.fence()
    else:
        with pytest.raises(shmwin.PeerLeft, match="had enough") as caught:
            seg.fence()
        assert caught.value.rank == 0
        assert "had enough" in seg.abandoned()
        seg.leave("so had I")


def test_a_dropped_segment_is_warned_of(comm):
    seg = shmwin.Segment(comm, "8 MiB")
    u = seg.create("u", 3)
    with pytest.warns(ResourceWarning, match="without close"):
        del seg
    u[:] = 1


def in_child(work):
    """What `work` gives in a forked child: 0 if it raised nothing and was true."""
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            status = 0 if work() else 2
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def raises(kind, call):
    try:
        call()
    except kind:
        return True
    return False


def test_a_forked_child_has_the_memory_and_no_collective_calls(seg, comm):
    u = seg.create("u", comm.size)
    v = seg.value("v")
    seg.fence()

    def work():
        u[comm.rank] = 7
        v.fetch_add(1)
        return (seg["u"][comm.rank] == 7 and not seg.is_open
                and all(raises(shmwin.Unsupported, call) for call in (
                    seg.fence, seg.close, seg.trim, lambda: seg.create("w", 1),
                    lambda: seg.destroy(u))))

    assert in_child(work) == 0
    seg.fence()
    assert (u == 7).all() and v.get() == comm.size
    seg.fence()


def test_a_child_that_leaves_the_block_leaves_nobody(comm):
    with shmwin.Segment(comm, "8 MiB") as seg:
        u = seg.create("u", 1)
        seg.fence()

        def work():
            with pytest.raises(Trouble), seg:
                raise Trouble("of a child")
            return True

        assert in_child(work) == 0
        seg.fence()
        assert np.all(u == 0)


@pytest.mark.parametrize("kind", ["Lock", "Event", "Semaphore"])
def test_ctrl_c_ends_the_wait_for_a_lock_and_nothing_else(seg, comm, kind):
    made = getattr(shmwin.sync, kind)(*([1] if kind == "Semaphore" else []), segment=seg)
    take = made.wait if kind == "Event" else made.acquire
    if kind != "Event":
        if comm.rank == comm.size - 1 and comm.size > 1:
            assert take()
        elif comm.size == 1 and kind == "Semaphore":
            assert take()
    comm.Barrier()
    if comm.rank == 0 and not (comm.size == 1 and kind == "Lock"):
        timer = interrupt_soon()
        begin = time.monotonic()
        with pytest.raises(KeyboardInterrupt):
            take()
        assert time.monotonic() - begin < PATIENCE_S
        timer.join()
    seg.fence()
    if kind != "Event" and comm.size > 1 and comm.rank == comm.size - 1:
        made.release()
    seg.fence()  # all go on
    if kind != "Event" and comm.size > 1 and comm.rank == 0:
        assert take()  # nobody has it
        made.release()
    seg.fence()
