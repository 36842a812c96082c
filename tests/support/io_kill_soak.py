# SPDX-License-Identifier: MIT
"""Kills a program that saves without end, at random moments; the next one must find a whole
checkpoint with the right values, and no temporary.

usage: io_kill_soak.py PROGRAM KILLS [--seed N] [--async] [-- LAUNCHER...]
PROGRAM is io_program, started as LAUNCHER... PROGRAM soak PATH; every rank is killed by SIGKILL.
Each start checks what the kill before it left: wrong values are its failure. With --async it saves
asynchronously and overwrites everything meanwhile; full staging, bounded staging and only what
changed in turn.
"""
import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import time

arguments = sys.argv[1:]
launcher = []
if "--" in arguments:
    at = arguments.index("--")
    arguments, launcher = arguments[:at], arguments[at + 1:]
parser = argparse.ArgumentParser()
parser.add_argument("program")
parser.add_argument("kills", type=int)
parser.add_argument("--seed", type=int, default=1)
parser.add_argument("--async", action="store_true", dest="asynchronous")
options = parser.parse_args(arguments)

chance = random.Random(options.seed)
folder = "soak_async" if options.asynchronous else "soak"
shutil.rmtree(folder, ignore_errors=True)
os.mkdir(folder)
path = os.path.join(folder, "state")
ranks = int(launcher[launcher.index("-n") + 1]) if launcher else 1


def start(durable, turn=0):
    kinds = ["async", "async_bounded", "async_incremental"] if options.asynchronous else ["plain"]
    environment = dict(os.environ, SOAK_KIND=kinds[turn % len(kinds)])
    if not durable:
        environment["SOAK_NOT_DURABLE"] = "1"
    return subprocess.Popen([*launcher, os.path.abspath(options.program), "soak", path],
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                            env=environment)


def stop(failure, job):
    job.kill()
    print("FAILED:", failure)
    print(job.stderr.read())
    sys.exit(1)


def kill_all(pids):
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:  # mpirun was faster
            pass


def await_restart(job, before):
    """The processes, and the step that they found."""
    pids, found = [], set()
    while len(pids) < ranks:
        line = job.stdout.readline()
        if not line:
            stop("it ended by itself", job)
        if line.startswith("restored"):
            _, step, _, pid = line.split()
            found.add(int(step))
            pids.append(int(pid))
    if len(found) != 1:
        stop(f"ranks restored different steps: {found}", job)
    step = found.pop()
    if step < before:
        stop(f"step {before} was saved, {step} is what is left", job)
    return pids, step


began = time.monotonic()
newest = -1
between = 0  # kills after which a temporary was there: in the middle of a save
saves = 0
temporaries = lambda: [n for n in os.listdir(folder) if n.endswith(".tmp")]
for kill in range(options.kills):
    job = start(durable=kill % 2 == 0, turn=kill // 2)
    pids, found = await_restart(job, newest)
    time.sleep(chance.random() * (0.15 if options.asynchronous else 0.05))
    chance.shuffle(pids)
    kill_all(pids)
    rest, trouble = job.communicate()
    saved = [int(line.split()[1]) for line in rest.splitlines() if line.startswith("saved")]
    saves += len(saved)
    newest = max([found, *saved])
    between += bool(temporaries())
    if "wrong values" in trouble or "not whole" in trouble:
        stop(trouble, job)

job = start(durable=True)  # and what the last one left
pids, _ = await_restart(job, newest)
kill_all(pids)
job.communicate()
print(f"{options.kills} kills of {ranks} ranks, {between} of them within a save, {saves} saves, "
      f"{time.monotonic() - began:.0f} s: every restart found a whole checkpoint, the last one "
      f"of step {newest} or later")
if options.kills >= 20 and between < options.kills // 10:
    print("FAILED: hardly any kill fell within a save: this proves nothing")
    sys.exit(1)
