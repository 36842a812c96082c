# SPDX-License-Identifier: MIT
"""Other people's readers judge a checkpoint: h5py, h5dump, h5diff, h5repack.

usage: io_judge.py PROGRAM [LAUNCHER...]
PROGRAM is io_program; it is started as LAUNCHER... PROGRAM COMMAND PATH, in this folder.
"""
import os
import re
import shutil
import subprocess
import sys

try:
    import h5py
    import numpy as np
except ImportError as missing:
    print("skipped:", missing)
    sys.exit(77)

program, launcher = os.path.abspath(sys.argv[1]), sys.argv[2:]
failures = []


def check(condition, what):
    if not condition:
        failures.append(what)
        print("FAILED:", what)


def run(*command):
    return subprocess.run(command, capture_output=True, text=True)


def ours(command, path):
    done = run(*launcher, program, command, path)
    check(done.returncode == 0, f"{command} {path}: {done.stdout}{done.stderr}")
    return done.stdout


shutil.rmtree("judge", ignore_errors=True)
os.mkdir("judge")
ours("known", "judge/state")
first, second = "judge/state-000000000001.h5", "judge/state-000000000002.h5"

inf, nan = np.inf, np.nan
ends = {f"{u}int{8 * n}": (np.dtype(f"{u}int{8 * n}"), None) for u in ("", "u") for n in (1, 2, 4, 8)}
long_double = np.longdouble


def reals(t):
    about = np.finfo(t)
    tiny = np.nextafter(t(0), t(1))
    return np.array([t(1) / t(3), t(-0.0), inf, nan, about.max, tiny], t)


def same(found, wanted):
    """Equal to the bit, but for padding of long double and which NaN it is."""
    if found.dtype.kind in "fc" and found.dtype.kind == wanted.dtype.kind:
        return (np.array_equal(found, wanted, equal_nan=True)
                and np.array_equal(np.signbit(found.real), np.signbit(wanted.real)))
    return np.array_equal(found, wanted)


def expected():
    yield "bool", np.array([False, True, True])
    yield "byte", np.array([b"\x00", b"\x7f", b"\xff"], "V1")
    yield "char", np.array([b"a", b"Z", b""], "S1")
    yield "wchar32", np.array([ord("a"), 0x20AC, 0], np.int32)
    yield "char8", np.array([ord("a"), 0xC3, 0], np.uint8)
    yield "char16", np.array([ord("a"), 0x20AC, 0xFFFF], np.uint16)
    yield "char32", np.array([ord("a"), 0x1F600, 0], np.uint32)
    for name, (dtype, _) in ends.items():
        about = np.iinfo(dtype)
        yield name, np.array([about.min, 0, 1, about.max], dtype)
    for t in (np.float32, np.float64):
        yield np.dtype(t).name, reals(t)
    for part, t in ((np.float32, np.complex64), (np.float64, np.complex128)):
        yield np.dtype(t).name, np.array([complex(part(1) / part(3), -2), complex(inf, 0)], t)
    right = np.array([[0, 1, 2], [10, 11, 12]], np.int32)
    yield "right", right
    yield "left", right.T
    yield "scalar", np.array(7, np.int32)
    yield "levels", np.array([1.0, 2.0, 3.0])
    yield "empty", np.zeros((0, 4), np.float32)
    yield "value", np.array(-42, np.int64)
    yield "object", np.array(2.5)
    yield "größe", np.array([0], np.int32)


def judge_with_h5py():
    with h5py.File(second, "r") as f:
        names = set(f["known"])
        for name, wanted in expected():
            names.discard(name)
            found = np.asarray(f["known/" + name][()])
            check(found.dtype == wanted.dtype, f"{name} is {found.dtype}, not {wanted.dtype}")
            check(found.shape == wanted.shape and same(found, wanted),
                  f"{name} is {found}, not {wanted}")
        # long double has no name that is the same everywhere.
        rest = {f["known/" + n].dtype.kind: f["known/" + n] for n in names}
        check(len(names) == 2 and set(rest) == {"f", "c"}, f"what are {sorted(names)}?")
        check(rest["f"].dtype == long_double, f"long double is {rest['f'].dtype}")
        check(same(rest["f"][()], reals(long_double)), f"long double is {rest['f'][()]}")
        check(rest["c"].dtype == np.dtype(np.clongdouble), f"its complex is {rest['c'].dtype}")
        check(rest["c"][0].real == long_double(1) / long_double(3), f"{rest['c'][()]}")
        check("unsaved" not in f, "an object with .saved = false is in the file")
        check(f["known/bool"].dtype == np.bool_, "bool")

        check(f.attrs["step"] == 2 and f.attrs["time"] == 0.75, "step and time")
        check(f.attrs["shmwin_format"] == 1 and f.attrs["n_ranks"] >= 1, "format, n_ranks")
        check(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", f.attrs["created"].decode()), "created")
        check(re.fullmatch("[0-9a-f]{32}", f.attrs["uuid"].decode()), "uuid")
        with h5py.File(first, "r") as before:
            check(f.attrs["parent_uuid"] == before.attrs["uuid"], "parent_uuid")
            check(before.attrs["parent_uuid"] == b"", "the first has no parent")
        for name, kind, layout, levels in (("right", "array", 1, 0), ("left", "array", 2, 0),
                                           ("levels", "levels", 1, 2), ("value", "value", 0, 0),
                                           ("object", "object", 0, 0)):
            of = f["known/" + name].attrs
            check((of["shmwin_kind"].decode(), of["shmwin_layout"], of["shmwin_levels"])
                  == (kind, layout, levels), f"attributes of {name}: {dict(of)}")
        check(f["known/right"].attrs["shmwin_type"] == b"int32", "shmwin_type")
        listed = [n.decode() for n in f[".shmwin/objects"][()]]
        in_file = []
        f.visititems(lambda n, o: in_file.append(n)
                     if isinstance(o, h5py.Dataset) and not n.startswith(".shmwin") else None)
        check(sorted(listed) == sorted(in_file), "the list of names")


def judge_with_h5dump():
    def dump(name):
        done = run("h5dump", "-d", "known/" + name, second)
        check(done.returncode == 0, f"h5dump of {name}: {done.stderr}")
        return " ".join(done.stdout.split())

    for name, parts in (
            ("bool", ['H5T_STD_I8LE; "FALSE" 0; "TRUE" 1;', "(0): FALSE, TRUE, TRUE"]),
            ("byte", ["H5T_OPAQUE", "0x00, 0x7f, 0xff"]),
            ("char", ["STRSIZE 1; STRPAD H5T_STR_NULLPAD", '"a", "Z"']),
            ("char16", ["H5T_STD_U16LE", "97, 8364, 65535"]),
            ("int8", ["H5T_STD_I8LE", "-128, 0, 1, 127"]),
            ("int64", ["H5T_STD_I64LE", "-9223372036854775808, 0, 1, 9223372036854775807"]),
            ("uint64", ["H5T_STD_U64LE", "0, 0, 1, 18446744073709551615"]),
            ("float32", ["H5T_IEEE_F32LE", "0.333333, -0, inf, nan"]),
            ("float64", ["H5T_IEEE_F64LE", "0.333333, -0, inf, nan"]),
            ("complex64", ['H5T_COMPOUND { H5T_IEEE_F32LE "r"; H5T_IEEE_F32LE "i"; }', "0.333333, -2"]),
            ("left", ["( 3, 2 ) / ( 3, 2 )", "(0,0): 0, 10, (1,0): 1, 11, (2,0): 2, 12"]),
            ("scalar", ["SCALAR", "(0): 7"]),
            ("levels", ["(0): 1, 2, 3"])):
        text = dump(name)
        for part in parts:
            check(part in text, f"h5dump of {name} lacks '{part}': {text}")
    done = run("h5dump", second)
    check(done.returncode == 0 and not done.stderr, f"h5dump of the whole file: {done.stderr}")


def judge_two_files():
    # The attributes that tell them apart are on the root group.
    for name in ("/known",):
        done = run("h5diff", "-v", first, second, name)
        check(done.returncode == 0, f"h5diff: {done.stdout}{done.stderr}")
    ours("write", "judge/full")


def repack(name, *options):
    target = f"judge/{name}/full-000000000007.h5"
    os.mkdir(f"judge/{name}")
    done = run("h5repack", *options, "judge/full-000000000007.h5", target)
    check(done.returncode == 0, f"h5repack {options}: {done.stderr}")
    return target


def judge_repacked():
    whole = "judge/full-000000000007.h5"
    check(ours("verify", whole) == "intact\n", "a fresh checkpoint is not intact")
    for name, options in (("plain", ()), ("gzip", ("-f", "GZIP=1")),
                          ("chunked", ("-f", "SHUF", "-f", "GZIP=1", "-l",
                                       "large/right,large/left:CHUNK=100x77")),
                          ("compact", ("-l", "every/int32/right3,every/float64/object:COMPA"))):
        target = repack(name, *options)
        verdict = ours("verify", target)
        check(verdict == "repacked\n", f"h5repack {options}: {verdict}")
        ours("read", f"judge/{name}/full")
    # And damage is seen through the filters.
    target = repack("spoilt", "-f", "GZIP=1")
    with h5py.File(target, "r+") as f:
        f["large/right"][700, 3] ^= 1
        f["every/float64/right0"][()] = 0
    lines = ours("verify", target).splitlines()
    check(lines[0] == "damaged", str(lines))
    check("large/right, block 10" in lines[1:] and "every/float64/right0, block 0" in lines[1:],
          f"the damaged blocks are not named: {lines}")


judge_with_h5py()
if shutil.which("h5dump"):
    judge_with_h5dump()
    judge_two_files()
    judge_repacked()
print("failures:", len(failures))
sys.exit(1 if failures else 0)
