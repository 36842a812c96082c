#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Hillslope diffusion, dz/dt = D laplacian(z), of a real elevation model, with NumPy.

    mpirun -n 4 python3 jacksboro.py --input ../data/jacksboro_dem.h5 --checkpoint run

The same model as examples/hillslope, to the last bit: either program goes on from the other's
checkpoints, on any number of ranks. Each rank computes its rows and reads its neighbours' where they
lie; no message is sent. Interrupted by SIGUSR1 it saves and ends with exit status 85.
"""
import argparse
import math
import os
import signal
import sys

import h5py
import numpy as np
from mpi4py import MPI

import shmwin


def metres_per_degree(latitude):
    """Along the meridian and along the parallel of that latitude, on the ellipsoid of WGS 84.

    J. P. Snyder, Map Projections: A Working Manual, USGS Professional Paper 1395, 1987, p. 24 f.
    """
    a, f = 6378137.0, 1.0 / 298.257223563
    e2 = f * (2.0 - f)
    radian = math.pi / 180.0
    s = math.sin(latitude * radian)
    w2 = 1.0 - e2 * s * s
    along_meridian = a * (1.0 - e2) / (w2 * math.sqrt(w2))
    along_parallel = a / math.sqrt(w2) * math.cos(latitude * radian)
    return along_meridian * radian, along_parallel * radian


def read_terrain(file):
    """Elevation in metres, and metres between rows and between columns."""
    with h5py.File(file, "r") as f:
        data = f["elevation"]
        about = data.attrs
        z = data[...].astype(float)
        if "spacing" in about:
            return z, tuple(float(x) for x in about["spacing"])
        degree = metres_per_degree(0.5 * (float(about["ymin"]) + float(about["ymax"])))
        return z, (
            abs(float(about["dy_degrees"])) * degree[0],
            abs(float(about["dx_degrees"])) * degree[1],
        )


def fingerprint(z):
    """FNV-1a of all values, a word at a time: another terrain is another run."""
    h = 0xCBF29CE484222325
    for word in z.ravel().view(np.uint64).tolist():
        h = (h ^ word) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return h


def longest_step(diffusivity, dy, dx):
    """Years, safely below the limit of stability."""
    return 0.9 * 0.5 / (diffusivity * (1.0 / (dx * dx) + 1.0 / (dy * dy)))


def diffuse(now, following, rows, wy, wx):
    """One step of the inner points of `rows`; in the order of operations of the C++ program."""
    first, last = max(rows.start, 1), min(rows.stop, now.shape[0] - 1)
    if first >= last:
        return
    z = now[first:last, 1:-1]
    along_y = now[first - 1 : last - 1, 1:-1] - 2.0 * z + now[first + 1 : last + 1, 1:-1]
    along_x = now[first:last, :-2] - 2.0 * z + now[first:last, 2:]
    following[first:last, 1:-1] = z + (wy * along_y + wx * along_x)


def create_parameters(seg, wanted, years_a_step, dy, dx, z):
    """What a run depends on, as values that checkpoints hold; and what they are in this run."""
    mine = {
        "diffusivity": ("f8", wanted.diffusivity),
        "step_years": ("f8", years_a_step),
        "metres_y": ("f8", dy),
        "metres_x": ("f8", dx),
        "refine": ("i8", 1),
        "input": ("u8", fingerprint(z)),
    }
    group = seg.group("parameters")
    return {name: (group.value(name, *each), each[1]) for name, each in mine.items()}


def require_same(parameters, file):
    """A checkpoint of another run is no beginning of this one."""
    differ = [
        f"{name} is {value.value} there, {mine} here"
        for name, (value, mine) in parameters.items()
        if value.value != mine
    ]
    if differ:
        raise ValueError(f"{file} is of another run ({'; '.join(differ)})")


def write_result(file, z, step, years, spacing, diffusivity):
    """As the C++ program does, under a temporary name until it is whole."""
    with h5py.File(file + ".part", "w") as f:
        data = f.create_dataset("elevation", data=z)
        data.attrs.update(
            spacing=spacing, years=years, steps=step, diffusivity=diffusivity, units="m"
        )
    os.replace(file + ".part", file)


def options():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--input", required=True, help="HDF5 file with `elevation`, in metres")
    parser.add_argument("--diffusivity", type=float, default=0.01, help="m2 a year (0.01)")
    parser.add_argument("--years", type=float, default=1e6, help="how long (1e6)")
    parser.add_argument("--checkpoint", metavar="DIR", help="save there; go on from what is there")
    parser.add_argument("--every", type=int, default=100, help="steps between checkpoints (100)")
    parser.add_argument("--keep", type=int, default=2, help="newest checkpoints to keep (2)")
    parser.add_argument("--output", metavar="FILE", help="the result as HDF5")
    return parser.parse_args()


def run(comm, wanted):
    """All, collective. The exit status."""
    z, (dy, dx) = read_terrain(wanted.input)
    years_a_step = longest_step(wanted.diffusivity, dy, dx)
    steps = math.ceil(wanted.years / years_a_step)
    wy = wanted.diffusivity * years_a_step / (dy * dy)
    wx = wanted.diffusivity * years_a_step / (dx * dx)
    with shmwin.Segment(comm, capacity=2 * z.nbytes + 2**24) as seg:
        elevation = seg.levels("elevation", z.shape)
        parameters = create_parameters(seg, wanted, years_a_step, dy, dx, z)
        mine = elevation.rows()
        for level in range(len(elevation)):
            elevation.level(level)[mine] = z[mine]
        seg.fence()
        store, step = None, 0
        if wanted.checkpoint:
            store = shmwin.Checkpoint(
                comm,
                os.path.join(wanted.checkpoint, "state"),
                keep=wanted.keep,
                every_steps=wanted.every,
                signals=[signal.SIGUSR1],
            )
            if found := store.restore_latest(seg):
                require_same(parameters, found.file)
                step = found.step
                if seg.rank == 0:
                    print(f"goes on from step {step}: {found.file}", flush=True)
        stopped = False
        while step < steps and not stopped:
            diffuse(elevation.now(), elevation.next(), mine, wy, wx)
            elevation.flip()
            step += 1
            if store is not None:
                why = store.due(step - 1)
                if why or step == steps:
                    store.save(seg, step, time=step * years_a_step)
                stopped = why.stop
        if seg.rank == 0:
            print(f"year {step * years_a_step:.0f} after {step} steps", flush=True)
            if wanted.output and step == steps:
                write_result(
                    wanted.output,
                    elevation.now(),
                    step,
                    step * years_a_step,
                    (dy, dx),
                    wanted.diffusivity,
                )
        if store is not None:
            store.close()
    return 85 if step < steps else 0


if __name__ == "__main__":
    sys.exit(run(MPI.COMM_WORLD, options()))
