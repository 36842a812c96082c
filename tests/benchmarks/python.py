# SPDX-License-Identifier: MIT
"""The Python package beside what its users have had: multiprocessing, mpi4py's windows, private
arrays."""
import multiprocessing
import time

import python_harness as bench


def create_array(on):
    """Small arrays with a name, until every rank has its ndarray; dropped without the clock.

    RawArray is what one process makes, which the others must then be given.
    """
    import numpy as np
    from mpi4py import MPI

    import shmwin

    n_doubles, n_ours, n_windows = 100, 50 if on.quick else 500, 5 if on.quick else 50
    seg = shmwin.Segment(on.comm, capacity="64 MiB")
    names = [f"array {i}" for i in range(n_ours)]

    def ours():
        kept = []
        seconds = on.time(lambda: kept.extend(seg.create(name, n_doubles) for name in names))
        del kept[:]
        for name in names:
            seg.destroy(name)
        return seconds

    def raw_array():
        kept = []

        def make():
            for _ in range(n_ours):
                kept.append(np.frombuffer(multiprocessing.RawArray("d", n_doubles)))

        return on.time(make)

    def window_array():
        mine = 8 * n_doubles if on.comm.rank == 0 else 0
        window = MPI.Win.Allocate_shared(mine, 8, comm=on.comm)
        return window, np.ndarray(n_doubles, float, buffer=window.Shared_query(0)[0])

    def windows():
        kept = []
        seconds = on.time(lambda: kept.extend(window_array() for _ in range(n_windows)))
        for window, _ in kept:
            window.Free()
        return seconds

    on.compare(
        bench.MICROSECONDS,
        [
            bench.Side("shmwin", n_ours, ours),
            bench.Side("raw_array", n_ours, raw_array),
            bench.Side("mpi4py_window", n_windows, windows),
        ],
    )
    seg.close()


def triad(on):
    """a = b + s * c of this rank's rows, with NumPy, as in J. D. McCalpin's STREAM."""
    import numpy as np

    import shmwin

    n = (200_000 if on.quick else 8_000_000) // on.comm.size
    seg = shmwin.Segment(on.comm, capacity=3 * 8 * n * on.comm.size + 2**24)
    shared = [seg.create(name, n * on.comm.size) for name in "abc"]
    mine = seg.rows(shared[0])
    ours = [each[mine] for each in shared]
    private = [np.zeros(mine.stop - mine.start) for _ in range(3)]
    for each in (ours, private):
        each[1][:], each[2][:] = 1.0, 2.0

    def work(a, b, c):
        for _ in range(5):
            np.multiply(c, 3.0, out=a)
            np.add(a, b, out=a)

    n_bytes = 5 * 5 * 8 * n * on.comm.size  # c read, a written; a and b read, a written
    on.compare(
        bench.GIGABYTES_PER_SECOND,
        [
            bench.Side("shmwin", n_bytes, lambda: on.time(lambda: work(*ours))),
            bench.Side("private", n_bytes, lambda: on.time(lambda: work(*private))),
        ],
    )
    del shared, ours
    seg.close()


def increment(value, n):
    """What the documentation of multiprocessing tells to write; when it began and ended."""
    begin = time.perf_counter()
    for _ in range(n):
        with value.get_lock():
            value.value += 1
    return begin, time.perf_counter()


class ForkedPeers:
    """As many processes as ranks, which count together when rank 0 says so. They sleep else."""

    def __init__(self, n_processes, n):
        context = multiprocessing.get_context("fork")
        self._value = context.Value("i", 0)
        self._meet = context.Barrier(n_processes + 1)
        self._times = context.Array("d", 2 * n_processes)
        self._go_on = context.Value("i", 1)
        self._children = [
            context.Process(target=self._work, args=(i, n), daemon=True) for i in range(n_processes)
        ]
        for each in self._children:
            each.start()

    def _work(self, i, n):
        while True:
            self._meet.wait()
            if not self._go_on.value:
                return
            self._times[2 * i : 2 * i + 2] = increment(self._value, n)
            self._meet.wait()

    def count(self):
        """Seconds from the first one's begin to the last one's end."""
        self._meet.wait()
        self._meet.wait()
        return max(self._times) - min(self._times)

    def end(self):
        self._go_on.value = 0
        self._meet.wait()
        for each in self._children:
            each.join()


def sleep_until_all_come(comm):
    """A barrier that leaves the processors to others."""
    waiting = comm.Ibarrier()
    while not waiting.Test():
        time.sleep(0.001)


def value_increment(on):
    """One counter that all ranks increase, with its lock held."""
    import shmwin

    n = 500 if on.quick else 20_000
    peers = ForkedPeers(on.comm.size, n) if on.comm.rank == 0 else None
    value = shmwin.Value("i", 0)

    def ours():
        on.comm.Barrier()
        times = sum(on.comm.allgather(increment(value, n)), ())
        return max(times) - min(times)

    def multiprocessing_value():
        seconds = peers.count() if peers else 0.0
        sleep_until_all_come(on.comm)
        return seconds

    on.compare(
        bench.MICROSECONDS,
        [
            bench.Side("shmwin", n * on.comm.size, ours),
            bench.Side("multiprocessing_value", n * on.comm.size, multiprocessing_value),
        ],
    )
    if peers:
        peers.end()
    on.comm.Barrier()
    assert value.value == n * on.comm.size * (on.n_rounds + 1)


if __name__ == "__main__":
    bench.run(
        [
            ("python/create_array", [2], create_array),
            ("python/triad", [1, 2], triad),
            ("python/value_increment", [2, 4], value_increment),
        ]
    )
