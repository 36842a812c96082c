# SPDX-License-Identifier: MIT
"""Kills a rank at each fail point of a save and a restore; the next job must find a whole checkpoint:
the one before, or the one that was being saved, bit for bit, and no file that is neither.

usage: io_fail_points.py PROGRAM [--all] [--part I/N] -- LAUNCHER...
PROGRAM is io_program, started as LAUNCHER... PROGRAM fault PATH. Each point with one rank after the
other; with --all, each with every rank that comes there, for a new step and a replaced one. Each
start also checks what the kill before it left. Exit status 77: built without fail points.
"""
import argparse
import os
import shutil
import subprocess
import sys
import time

arguments = sys.argv[1:]
at = arguments.index("--")
arguments, launcher = arguments[:at], arguments[at + 1:]
parser = argparse.ArgumentParser()
parser.add_argument("program")
parser.add_argument("--all", action="store_true")
parser.add_argument("--part", default="1/1")
options = parser.parse_args(arguments)
program = os.path.abspath(options.program)
part, n_parts = map(int, options.part.split("/"))
n_ranks = int(launcher[-1])
longest = 10  # seconds: nothing may hang

names = subprocess.run([program, "fail_points", "-"], capture_output=True, text=True).stdout.split()
if not names:
    print("skipped: built without fail points")
    sys.exit(77)
of_rank_0 = {"lock", "sweep", "space", "create", "close", "blank", "reserve", "record",
             "sync_payload", "sign", "sync_signature", "rename", "sync_directory", "retain"}

folder = f"faults{part}"
shutil.rmtree(folder, ignore_errors=True)
os.mkdir(folder)
path = os.path.join(folder, "state")


def run(fail, replaces):
    """Exit status, the version that was restored, the one that was saved, seconds."""
    environment = dict(os.environ, SHMWIN_FAIL_POINT=fail, OMPI_MCA_odls_base_sigkill_timeout="0",
                       OMPI_MCA_orte_abort_print_stack="0")
    if replaces:
        environment["FAULT_REPLACES"] = "1"
    begin = time.monotonic()
    job = subprocess.Popen([*launcher, program, "fault", path], stdout=subprocess.PIPE,
                           stderr=subprocess.PIPE, text=True, env=environment)
    try:
        output, trouble = job.communicate(timeout=3 * longest)  # a busy machine starts slowly
    except subprocess.TimeoutExpired:
        job.kill()
        output, trouble = job.communicate()
        sys.exit(f"FAILED: {fail}: it hangs\n{output}{trouble}")
    said = dict(line.split() for line in output.splitlines() if len(line.split()) == 2)
    for wrong in ("wrong values", "not whole", "unexplained", "no checkpoint is whole"):
        if wrong in trouble:
            sys.exit(f"FAILED: before {fail}: {trouble}")
    return (job.returncode, int(said["restored"]) if "restored" in said else None,
            int(said["saved"]) if "saved" in said else None, time.monotonic() - begin)


def cases():
    turn = 0
    for name in names:
        ranks = [0] if name.split("_", 1)[1] in of_rank_0 else list(range(n_ranks))
        if options.all:
            for rank in ranks:
                for replaces in (False, True):
                    for occurrence in ("", "#2") if "block" in name else ("",):
                        yield f"{name}@{rank}{occurrence}", replaces
        else:
            yield f"{name}@{ranks[turn % len(ranks)]}", turn % 2 == 1
        turn += 1


status, found, saved, _ = run("", False)
if status != 0 or saved != 0:
    sys.exit(f"FAILED: the first run: {status}, {found}, {saved}")
committed = attempted = 0
killed, slowest, both = 0, 0, [0, 0]
last = "nothing"
for i, (point, replaces) in enumerate(cases()):
    if i % n_parts != part - 1:
        continue
    status, found, saved, seconds = run(point + "=kill", replaces)
    slowest = max(slowest, seconds)
    if found is not None:
        if not committed <= found <= attempted:
            sys.exit(f"FAILED: {committed} to {attempted} was saved, {found} came back after {last}")
        if attempted > committed:
            both[found - committed] += 1
        committed, attempted = found, found + 1
    if saved is not None:
        committed = attempted = saved
    if status == 0:
        sys.exit(f"FAILED: {point}: nobody was killed")
    killed += 1
    last = point
status, found, saved, _ = run("", False)
if status != 0 or not committed <= found <= attempted or saved != found + 1:
    sys.exit(f"FAILED: after {last}: status {status}, {found} came back, not {committed} to {attempted}")
left = sorted(os.listdir(folder))
if len(left) > 2 or any(name.startswith(".") for name in left):
    sys.exit(f"FAILED: left behind: {left}")
print(f"{killed} kills at fail points, {n_ranks} ranks: {both[0]} times the checkpoint before came "
      f"back, {both[1]} times the one that was being saved; at most {slowest:.1f} s")
if 0 in both:
    sys.exit("FAILED: it was always the same: this proves nothing")
