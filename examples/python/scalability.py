#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""How much faster do more ranks make it? One kernel over one shared array, on 1 to N ranks.

    mpirun -n 4 python3 scalability.py [--size N] [--repeat K] [--plot FILE]

Every run has the same work: the ranks that take part own equal blocks of rows, the others wait.
Nothing is copied or sent: all work on the same bytes. The results of all runs must be equal to the
last bit. Prints a table; --plot draws it (matplotlib, else gnuplot, else as text).
"""
import argparse
import shutil
import subprocess
import sys
import time

import numpy as np
from mpi4py import MPI

import shmwin


def kernel(z, out, rows):
    """Sums of neighbours and some arithmetic of `rows` of z: reads the neighbours' rows in place."""
    first, last = max(rows.start, 1), min(rows.stop, z.shape[0] - 1)
    if first >= last:
        return
    inner = z[first:last, 1:-1]
    near = z[first - 1 : last - 1, 1:-1] + z[first + 1 : last + 1, 1:-1]
    near += z[first:last, :-2]
    near += z[first:last, 2:]
    out[first:last, 1:-1] = inner + 0.1 * np.tanh(near - 4.0 * inner)


def block(n_rows, n_ranks, rank):
    """Rows of a rank, if `n_ranks` share them."""
    return slice(n_rows * rank // n_ranks, n_rows * (rank + 1) // n_ranks)


def measure(seg, z, out, n_working, repeat):
    """Seconds of the fastest of `repeat` runs, on the slowest rank."""
    mine = block(z.shape[0], n_working, seg.rank) if seg.rank < n_working else slice(0, 0)
    best = float("inf")
    for _ in range(repeat):
        out[mine] = 0.0
        seg.fence()
        begin = time.perf_counter()
        kernel(z, out, mine)
        seg.fence()
        best = min(best, time.perf_counter() - begin)
    return seg.comm.allreduce(best, MPI.MAX)


def draw(file, ranks, speedups):
    """Speed-up over ranks, beside the ideal; by what says how it did."""
    try:
        import matplotlib

        matplotlib.use("Agg")
        from matplotlib import pyplot
    except ImportError:
        return draw_with_gnuplot(file, ranks, speedups)
    pyplot.plot(ranks, ranks, "--", color="grey", label="ideal")
    pyplot.plot(ranks, speedups, "o-", label="measured")
    pyplot.xlabel("ranks")
    pyplot.ylabel("speed-up")
    pyplot.legend()
    pyplot.savefig(file)
    return "matplotlib"


def draw_with_gnuplot(file, ranks, speedups):
    if shutil.which("gnuplot") is None:
        return draw_as_text(file, ranks, speedups)
    rows = "\n".join(f"{n} {s}" for n, s in zip(ranks, speedups))
    script = (
        f"set terminal svg; set output '{file}'; set xlabel 'ranks'; set ylabel 'speed-up'\n"
        f"$data << end\n{rows}\nend\n"
        "plot $data using 1:1 with lines dashtype 2 title 'ideal', "
        "$data with linespoints title 'measured'\n"
    )
    subprocess.run(["gnuplot"], input=script, text=True, check=True)
    return "gnuplot"


def draw_as_text(file, ranks, speedups):
    with open(file, "w", encoding="utf-8") as out:
        for n, s in zip(ranks, speedups):
            print(f"{n:3d} | {'#' * round(10 * s)} {s:.2f}", file=out)
    return "text"


def options():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=2000, help="rows and columns (2000)")
    parser.add_argument("--repeat", type=int, default=5, help="runs, of which the fastest counts")
    parser.add_argument("--plot", metavar="FILE", help="draw the speed-up")
    return parser.parse_args()


def main():
    wanted = options()
    shape = (wanted.size, wanted.size)
    with shmwin.Segment(capacity=3 * 8 * wanted.size**2 + 2**24) as seg:
        z, out = seg.create("z", shape), seg.create("out", shape)
        expected = seg.create("expected", shape)
        mine = seg.rows(z)
        z[mine] = np.sin(np.arange(mine.start, mine.stop))[:, None] * np.arange(wanted.size)
        seg.fence()
        numbers = range(1, seg.n_ranks + 1)
        seconds = []
        for n in numbers:
            seconds.append(measure(seg, z, out, n, wanted.repeat))
            if n == 1:
                expected[mine] = out[mine]
            differs = seg.comm.allreduce(not np.array_equal(expected[mine], out[mine]), MPI.LOR)
            if differs:
                raise RuntimeError(f"{n} ranks computed something else than one")
        speedups = [seconds[0] / each for each in seconds]
        if seg.rank == 0:
            print(f"{wanted.size} x {wanted.size} points, {MPI.Get_processor_name()}")
            print(f"{'ranks':>5} {'seconds':>10} {'speed-up':>9} {'efficiency':>11}")
            for n, t, s in zip(numbers, seconds, speedups):
                print(f"{n:5d} {t:10.5f} {s:9.2f} {s / n:10.0%}")
            if wanted.plot:
                how = draw(wanted.plot, list(numbers), speedups)
                print(f"wrote {wanted.plot} ({how})")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
