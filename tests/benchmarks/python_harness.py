# SPDX-License-Identifier: MIT
"""What harness.hpp is to C++: rows, options, rounds in turn, and the same output."""
import statistics
import sys
import time


class Unit:
    """How seconds become the figure that is shown."""

    def __init__(self, text, scale, rate=False):
        self.text, self.scale, self.rate = text, scale, rate

    def figure(self, cost):
        return self.scale / cost if self.rate else self.scale * cost


MICROSECONDS = Unit("us", 1e6)
GIGABYTES_PER_SECOND = Unit("GB/s", 1e-9, rate=True)


class Side:
    """One of those that are compared: run() gives the seconds of one round on this rank."""

    def __init__(self, name, amount, run):
        self.name, self.amount, self.run = name, amount, run


class Options:
    def __init__(self, words):
        self.row, self.json, self.rounds, self.quick, self.list = None, None, 0, False, False
        self.names = []
        words = iter(words)
        for word in words:
            if word == "--quick":
                self.quick = True
            elif word == "--list":
                self.list = True
            elif word == "--row":
                self.row = next(words)
            elif word == "--json":
                self.json = next(words)
            elif word == "--rounds":
                self.rounds = int(next(words))
            elif word == "--dir":
                next(words)
            else:
                self.names.append(word)

    def wants(self, name):
        if self.row is not None:
            return name == self.row
        return not self.names or any(name.startswith(each) for each in self.names)


class Context:
    """What a row works with."""

    def __init__(self, options, row):
        from mpi4py import MPI

        self.comm, self._max = MPI.COMM_WORLD, MPI.MAX
        self.quick = options.quick
        self.n_rounds = options.rounds or (3 if options.quick else 7)
        self._json, self._row = options.json, row

    def time(self, work):
        """Seconds of work() on this rank; all begin together."""
        self.comm.Barrier()
        begin = time.perf_counter()
        work()
        return time.perf_counter() - begin

    def compare(self, unit, sides):
        """All run in turn, once to warm up and then round by round; every other one backwards."""
        costs = [[] for _ in sides]
        for n in range(-1, self.n_rounds):
            order = range(len(sides)) if n % 2 == 0 else range(len(sides) - 1, -1, -1)
            for k in order:
                cost = self.comm.allreduce(sides[k].run(), self._max) / sides[k].amount
                if n >= 0:
                    costs[k].append(cost)
        for side, peer in list(zip(sides, costs))[1:]:
            self._report(unit, costs[0], peer, side.name)

    def _report(self, unit, ours, peer, peer_name):
        if self.comm.rank != 0:
            return
        better = sorted(p / o for o, p in zip(ours, peer))
        figures = [unit.figure(statistics.median(each)) for each in (ours, peer)]
        ratios = (statistics.median(better), better[0], better[-1])
        print(
            f"{self._row:<33} {self.comm.size:5d} {peer_name:<22} {unit.text:>6} "
            f"{figures[0]:11.4g} {figures[1]:11.4g} "
            f"{ratios[0]:9.3g} {ratios[1]:9.3g} {ratios[2]:9.3g} {len(better):5d}",
            flush=True,
        )
        if self._json:
            with open(self._json, "a", encoding="utf-8") as out:
                print(
                    f'{{"name": "{self._row}", "ranks": {self.comm.size}, "unit": "{unit.text}", '
                    f'"ours": {figures[0]:.6g}, "peer": {figures[1]:.6g}, '
                    f'"peer_name": "{peer_name}", "better": {ratios[0]:.6g}, '
                    f'"better_min": {ratios[1]:.6g}, "better_max": {ratios[2]:.6g}, '
                    f'"runs": {len(better)}}}',
                    file=out,
                )


def run(rows):
    """Of a program: rows are (name, rank counts, function). With --list: without MPI."""
    options = Options(sys.argv[1:])
    for name, ranks, work in rows:
        if options.list:
            print(name, *ranks)
        elif options.wants(name):
            work(Context(options, name))
