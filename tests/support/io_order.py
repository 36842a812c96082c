# SPDX-License-Identifier: MIT
"""Watches the system calls of a save: is every step on disk before the next one is taken?

usage: io_order.py PROGRAM [LAUNCHER...]
PROGRAM is io_program. Exit status 77: no strace, or it may not trace here.
"""
import os
import re
import shutil
import subprocess
import sys

program, launcher = os.path.abspath(sys.argv[1]), sys.argv[2:]
if not shutil.which("strace") or subprocess.run(["strace", "-o", "/dev/null", "true"],
                                                capture_output=True).returncode:
    print("skipped: strace cannot be used here")
    sys.exit(77)
shutil.rmtree("order", ignore_errors=True)
os.mkdir("order")
calls = "openat,creat,link,linkat,pwrite64,pwritev,write,fsync,fdatasync,fallocate,rename,renameat,renameat2"
done = subprocess.run(["strace", "-f", "-y", "-o", "order/log", "-e", "trace=" + calls, "-s", "16",
                       *launcher, program, "write", "order/state"], capture_output=True, text=True)
if done.returncode:
    sys.exit(f"the program failed: {done.stderr}")

final, temporary = "order/state-000000000007.h5", "order/.state-000000000007.h5.tmp"
# Calls that were interrupted by other processes' lines are put together at their end.
events, pending = [], {}
for line in open("order/log", errors="replace"):
    pid, _, text = line.rstrip("\n").partition(" ")
    text = text.strip()
    if text.endswith("<unfinished ...>"):
        pending[pid] = (text[:-len("<unfinished ...>")], len(events))
        continue
    resumed = re.match(r"<\.\.\. \w+ resumed>(.*)", text)
    start = len(events)
    if resumed:
        head, start = pending.pop(pid, ("", start))
        text = head + resumed.group(1)
    if "order/" in text or "/order>" in text:
        events.append((start, text, pid))

blank = r'"\\0\\0\\0\\0\\0\\0\\0\\0", 8, 0\)'
signature = r'"\\211HDF\\r\\n\\32\\n", 8, 0\)'


def where(pattern, first=0):
    return [i for i in range(first, len(events)) if re.search(pattern, events[i][1])]


def after(what, pattern, first):
    found = where(pattern, first)
    if not found:
        sys.exit(f"FAILED: no {what} after event {first}: {events[first:]}")
    return found[0]


on_file = re.escape(temporary)
blanked = after("blanking of the signature", rf"^pwrite64\(\d+<[^>]*{on_file}>, {blank}", 0)
payload = where(rf"^pwrite(64|v)\(\d+<[^>]*{on_file}>, (?!{blank}|{signature})", blanked)
if len(payload) < 10:
    sys.exit(f"FAILED: hardly any payload: {len(payload)} writes")
# Before the first fsync, of whichever rank: it is of the file, so it covers the writes of all.
first_sync = after("fsync", rf"^fsync\(\d+<[^>]*{on_file}>\) += 0", blanked)
writers = {events[i][2] for i in payload if i < first_sync}
n_ranks = int(launcher[-1]) if launcher else 1
if len(writers) < n_ranks:
    sys.exit(f"FAILED: only {len(writers)} of {n_ranks} ranks wrote before the first fsync")
synced = after("fsync", rf"^fsync\(\d+<[^>]*{on_file}>\) += 0", payload[-1])
signed = after("signature", rf"^pwrite64\(\d+<[^>]*{on_file}>, {signature} += 8", blanked)
sealed = after("second fsync", rf"^fsync\(\d+<[^>]*{on_file}>\) += 0", signed)
renamed = after("rename", rf'^rename\w*\(.*{re.escape(final)}".* = 0', 0)
entered = after("fsync of the directory", r"^fsync\(\d+<[^>]*/order>\) += 0", renamed)
order = [blanked, payload[0], payload[-1], synced, signed, sealed, renamed, entered]
if order != sorted(set(order)):
    sys.exit(f"FAILED: the order is {order}")
if any(events[b][0] <= a for a, b in zip(order[2:], order[3:])):
    sys.exit("FAILED: a step began before the one before it had ended")
early = where(rf'{re.escape(final)}"', 0)[0]
if early < renamed:
    sys.exit(f"FAILED: the visible name is used before the rename: {events[early]}")
if where(rf"^pwrite.*{on_file}>", sealed + 1) or where(rf"^pwrite.*{re.escape(final)}>", sealed + 1):
    sys.exit("FAILED: something is written after the second fsync")
print(f"{len(payload)} writes of {len(writers)} ranks, fsync, signature, fsync, rename, fsync of the directory: in order")
