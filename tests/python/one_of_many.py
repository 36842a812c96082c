# SPDX-License-Identifier: MIT
"""The Python program of a job of several programs: tests/c/one_of_many.c says what each does."""

import sys

import numpy as np
from mpi4py import MPI

import shmwin

N_ROWS, N_COLUMNS = 3, 4
N_ELEMENTS = N_ROWS * N_COLUMNS

STATE = shmwin.dtype_of("enum uint8{red=0,green=1,blue=2}")
SAMPLE = np.dtype([("x", "f8"), ("id", "i4", (2,)), ("on", "?"), ("tag", "S8"), ("z", "c8"),
                   ("state", STATE)], align=True)
# What NumPy has no type for goes by its signature.
TYPES = {
    "bool": "?", "byte": "V1", "char": shmwin.dtype_of("char"), "wchar": shmwin.dtype_of("wchar32"),
    "char8": shmwin.dtype_of("char8"), "char16": shmwin.dtype_of("char16"), "char32": "U1",
    **{f"{kind}{bits}": f"{kind}{bits}" for kind in ("int", "uint") for bits in (8, 16, 32, 64)},
    "float": "f4", "double": "f8", "long_double": "g",
    "complex_float": "c8", "complex_double": "c16", "complex_long_double": "G",
    "text": "S8", "state": STATE, "table": ("i2", (2, 3)), "sample": SAMPLE, "fortran": "i4",
}
#: As numbers: a void has no value, and not every char32 is a character.
SEEN_AS = {"byte": "u1", "char32": "u4"}


def real(kind, n):
    extra = {"f4": 0, "f8": 2.0 ** -40, "g": np.longdouble(2) ** -60}[kind]
    return np.dtype(kind).type(n - 5) / 8 + np.dtype(kind).type(extra)


def make(name, n):
    """Element n of that array."""
    dtype = np.dtype(TYPES[name])
    if name == "char":
        return b"%c" % (ord("A") + n % 26)
    if name == "wchar":
        return chr(0x1F600 + n)
    if name in ("text", "state", "table", "sample"):
        text = b"n%d" % n
        return {"text": text, "state": n % 3,
                "table": [[10 * n + 3 * a + b for b in range(3)] for a in range(2)],
                "sample": (n / 2, (n, -n), n % 2, text, n - n * 1j, n % 3)}[name]
    if name == "bool":
        return n % 2 != 0
    if dtype.kind == "f":
        return real(dtype.str[1:] if dtype.char != "g" else "g", n)
    if dtype.kind == "c":
        part = {"F": "f4", "D": "f8", "G": "g"}[dtype.char]
        made = np.zeros((), dtype)
        made.real, made.imag = real(part, n), -real(part, n + 1)
        return made[()]
    info = np.iinfo(SEEN_AS.get(name, dtype))
    return info.min + n if info.min < 0 and n % 2 else info.max - n


def elements(seg, name):
    """The array, found by its name, in a form that can be compared."""
    found = seg[name]
    expected = np.dtype(TYPES[name])
    assert found.dtype == expected.base, (name, found.dtype)
    assert found.shape == (N_ROWS, N_COLUMNS) + expected.shape, (name, found.shape)
    return found.view(SEEN_AS[name]) if name in SEEN_AS else found


def places(stage):
    for n in range(N_ELEMENTS):
        yield divmod(n, N_COLUMNS), N_ELEMENTS * stage + n


def write_all(seg, stage):
    for name in TYPES:
        array = elements(seg, name)
        for place, n in places(stage):
            array[place] = make(name, n)


def compare_all(seg, stage):
    wrong = 0
    for name in TYPES:
        array = elements(seg, name)
        for place, n in places(stage):
            expected = np.array(make(name, n), array.dtype)
            if not np.array_equal(array[place], expected):
                print(f"Python: {name} of stage {stage}: element {place} is {array[place]!r}, "
                      f"not {expected!r}", file=sys.stderr)
                wrong += 1
    return wrong


def main():
    wrong = 0
    with shmwin.Segment(MPI.COMM_WORLD, "32 MiB") as seg:
        for name, dtype in TYPES.items():
            seg.create(name, (N_ROWS, N_COLUMNS), dtype, "F" if name == "fortran" else "C")
        visits = seg.value("visits")
        for r in range(seg.n_ranks):
            seg.fence()
            if r != seg.rank:
                continue
            if r > 0:
                wrong += compare_all(seg, r - 1)
            write_all(seg, r)
            visits.fetch_add(1)
        seg.fence()
        wrong += compare_all(seg, seg.n_ranks - 1)
        wrong += visits.get() != seg.n_ranks
        seg.fence()
        if not wrong:
            print(f"Python: {seg.n_ranks} programs see the same")
    return wrong != 0


sys.exit(main())
