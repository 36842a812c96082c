# SPDX-License-Identifier: MIT
"""Kills a rank at each fail point of a save and a restore; the next job must find a whole checkpoint:
the one before, or the one that was being saved, bit for bit, and no file that is neither.

usage: io_fail_points.py PROGRAM [--all] [--part I/N] [--kinds KIND,...] [--points WORD,...]
                         -- LAUNCHER...
PROGRAM is io_program, started as LAUNCHER... PROGRAM fault PATH. Each point with one kind of save and
one rank after the other; with --all, each with every kind and every rank that comes there, for a
new step and a replaced one. --points: those with one of the words in their names. Each start also
checks what the kill before it left. Files are in SHMWIN_TEST_REFLINK_DISK, if that is set. Exit
status 77: built without fail points.
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
parser.add_argument("--kinds", type=lambda words: words.split(","))
parser.add_argument("--points", type=lambda words: words.split(","), default=[""])
options = parser.parse_args(arguments)
program = os.path.abspath(options.program)
part, n_parts = map(int, options.part.split("/"))
n_ranks = int(launcher[-1])
longest = 10  # seconds: nothing may hang

lines = subprocess.run([program, "fail_points", "-"], capture_output=True, text=True).stdout.split("\n")
names = [line.split()[1] for line in lines if line.startswith("point")]
kinds = options.kinds or [line.split()[1] for line in lines if line.startswith("kind")]
if not names:
    print("skipped: built without fail points")
    sys.exit(77)

folder = os.path.join(os.environ.get("SHMWIN_TEST_REFLINK_DISK", "."), f"faults{part}")
shutil.rmtree(folder, ignore_errors=True)
os.mkdir(folder)
path = os.path.join(folder, "state")


class Run:
    """status, the version that was restored, the one that was saved, seconds, who came where."""

    def __init__(self, fail, kind, replaces, tell=False):
        environment = dict(os.environ, SHMWIN_FAIL_POINT=fail, FAULT_KIND=kind,
                           OMPI_MCA_odls_base_sigkill_timeout="0", OMPI_MCA_orte_abort_print_stack="0")
        environment.update({"FAULT_REPLACES": "1"} if replaces else {})
        environment.update({"FAULT_PASSED": "1"} if tell else {})
        begin = time.monotonic()
        job = subprocess.Popen([*launcher, program, "fault", path], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True, env=environment)
        try:
            output, trouble = job.communicate(timeout=3 * longest)  # a busy machine starts slowly
        except subprocess.TimeoutExpired:
            job.kill()
            output, trouble = job.communicate()
            sys.exit(f"FAILED: {fail}, {kind}: it hangs\n{output}{trouble}")
        for wrong in ("wrong values", "not whole", "unexplained", "no checkpoint is whole"):
            if wrong in trouble:
                sys.exit(f"FAILED: before {fail}, {kind}: {trouble}")
        self.status, self.seconds = job.returncode, time.monotonic() - begin
        self.restored = self.saved = None
        self.passed = {}
        for words in map(str.split, output.splitlines()):
            if words[:1] == ["restored"]:
                self.restored = int(words[1])
            elif words[:1] == ["saved"]:
                self.saved = int(words[1])
            elif words[:1] == ["passed"]:
                self.passed.setdefault(words[2], []).append(int(words[1]))
        for ranks in self.passed.values():
            ranks.sort()


def cases(ranks_at):
    """Point with rank and occurrence, kind of save, whether it replaces a step."""
    turn = len(kinds) - 1  # so that a kind that the other actions leave out meets each point here
    for number, name in enumerate(names):
        if not any(word in name for word in options.points):
            continue
        there = [kind for kind in kinds[(number + turn) % len(kinds):] + kinds[:(number + turn) % len(kinds)]
                 if name in ranks_at[kind]]
        if options.all:
            for kind in there:
                for rank in ranks_at[kind][name]:
                    for replaces in (False, True):
                        yield f"{name}@{rank}", kind, replaces
                        if "block" in name:
                            yield f"{name}@{rank}#2", kind, replaces
        elif there:
            ranks = ranks_at[there[0]][name]
            yield f"{name}@{ranks[number // 2 % len(ranks)]}", there[0], number // 2 % 2 == 1


# Without trouble: who comes where?
committed, ranks_at = -1, {}
for kind in kinds:
    for _ in range(2):  # the second takes from the first
        one = Run("", kind, False, tell=True)
        if one.status != 0 or one.restored != committed or one.saved != committed + 1:
            sys.exit(f"FAILED: {kind}: {one.status}, {one.restored}, {one.saved}")
        committed = one.saved
    ranks_at[kind] = one.passed
attempted = committed
killed, slowest, both = 0, 0, [0, 0]
last = "nothing"
for i, (point, kind, replaces) in enumerate(cases(ranks_at)):
    if i % n_parts != part - 1:
        continue
    one = Run(point + "=kill", kind, replaces)
    slowest = max(slowest, one.seconds)
    if one.restored is not None:
        if not committed <= one.restored <= attempted:
            sys.exit(f"FAILED: {committed} to {attempted} was saved, {one.restored} came back "
                     f"after {last}")
        if attempted > committed:
            both[one.restored - committed] += 1
        committed, attempted = one.restored, one.restored + 1
    if one.saved is not None:
        committed = attempted = one.saved
    if one.status == 0:
        sys.exit(f"FAILED: {point}, {kind}: nobody was killed")
    killed += 1
    last = f"{point}, {kind}"
one = Run("", "plain", False)
if one.status != 0 or not committed <= one.restored <= attempted or one.saved != one.restored + 1:
    sys.exit(f"FAILED: after {last}: status {one.status}, {one.restored} came back, not {committed} "
             f"to {attempted}")
left = sorted(os.listdir(folder))
if len(left) > 2 or any(name.startswith(".") for name in left):
    sys.exit(f"FAILED: left behind: {left}")
print(f"{killed} kills at fail points, {n_ranks} ranks, {len(kinds)} kinds of saves: {both[0]} times "
      f"the checkpoint before came back, {both[1]} times the one that was being saved; at most "
      f"{slowest:.1f} s")
if 0 in both and options.points == [""]:
    sys.exit("FAILED: it was always the same: this proves nothing")
