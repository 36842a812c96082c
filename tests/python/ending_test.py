# SPDX-License-Identifier: MIT
# ranks: 1
"""Whole jobs that end in one way or another: each a program under an mpirun of its own."""

import os
import shutil
import signal
import subprocess
import sys
import textwrap

import pytest

MPIEXEC = shutil.which("mpirun") or shutil.which("mpiexec")
PATIENCE_S = 60
BEGIN = """
import atexit, os, signal, sys, time
import numpy as np
from mpi4py import MPI
import shmwin
rank, size = MPI.COMM_WORLD.rank, MPI.COMM_WORLD.size
def say(*what):
    os.write(1, (" ".join(map(str, what)) + "\\n").encode())
"""


def job(program, n=2, env=()):
    """Output and status of `program` on n ranks."""
    clean = {name: value for name, value in os.environ.items()
             if not name.startswith(("OMPI_COMM", "OMPI_UNIVERSE", "OMPI_APP", "OMPI_FILE",
                                     "OMPI_FIRST", "OMPI_NUM", "OMPI_ARGV", "OMPI_COMMAND",
                                     "OMPI_MCA_ess", "OMPI_MCA_orte", "OMPI_MCA_initial",
                                     "OMPI_MCA_shmem", "PMIX", "PMI_", "ORTE"))}
    clean.update(env)
    done = subprocess.run(
        [MPIEXEC, "-n", str(n), sys.executable, "-X", "dev", "-c",
         BEGIN + textwrap.dedent(program)],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=PATIENCE_S, env=clean)
    return done.stdout, done.returncode


@pytest.mark.parametrize("n", [2, 3])
def test_an_exception_that_nobody_catches(n):
    said, status = job("""
        seg = shmwin.Segment(capacity="8 MiB")
        seg.fence()
        if rank == 1:
            raise ArithmeticError("a bad day")
        try:
            seg.fence()
        except shmwin.PeerLeft as left:
            say("heard", rank, left.rank, str(left))
        """, n)
    assert said.count("heard") == n - 1, said
    assert "heard 0 1 " in said and "a bad day" in said.split("heard 0 1")[1]
    assert "Traceback" in said and status != 0  # the hook of before has its turn


def test_a_hook_of_before_and_one_of_later_are_called():
    said, _ = job("""
        hook = sys.excepthook
        sys.excepthook = lambda *of: say("later", of[0].__name__, hook(*of))
        seg = shmwin.Segment(capacity="8 MiB")
        raise ArithmeticError("a bad day")
        """, 1)
    assert "later ArithmeticError" in said and "Traceback" in said


@pytest.mark.parametrize("how", ["sys.exit(0)", "sys.exit(3)", "pass", "os._exit(0)",
                                 "os.kill(os.getpid(), signal.SIGKILL)"])
def test_a_rank_that_ends_without_close(how):
    said, _ = job(f"""
        seg = shmwin.Segment(capacity="8 MiB")
        seg.fence()
        if rank == 1:
            {how}
        else:
            begin = time.monotonic()
            try:
                seg.fence()
            except shmwin.PeerLeft as left:
                say("heard", rank, left.rank, time.monotonic() - begin < 10)
            if {how!r}.startswith("os."):
                os._exit(0)  # there is nobody to finalize with
        """, 2)
    # mpirun may be quicker to kill the job when a process died: then the others say nothing
    assert "heard 0 1 True" in said or how.startswith("os."), said
    assert "heard 0 1 False" not in said


def test_arrays_are_there_after_finalize_and_at_exit():
    said, status = job("""
        kept = []
        def at_exit():
            say("at exit", float(kept[0].sum()), float(kept[1].sum()))
        with shmwin.Segment(capacity="8 MiB") as seg:
            u = seg.full("u", (10, 10), 2.0)
            l = seg.levels("l", 4)
            kept += [u[1:], l.now()]
            part = u[:, ::2]
            mine = seg.create("mine", size)[rank:rank + 1]
        open_one = shmwin.Segment(capacity="8 MiB")
        w = open_one.full("w", 5, 3.0)
        open_one.fence()
        MPI.COMM_WORLD.Barrier()
        MPI.Finalize()
        say("after", u.sum(), part.sum(), w.sum())
        del u, seg
        mine[:] = 4
        say("then", mine.sum(), l.now().sum())
        atexit.register(at_exit)
        module_level = w  # goes when the interpreter does
        """, 2)
    assert said.count("after 200.0 100.0 15.0") == 2, said
    assert said.count("then 4.0 0.0") == 2, said
    assert said.count("at exit") == 2 and status == 0, said
    assert "Traceback" not in said


def test_a_child_that_exits_harms_nobody():
    said, status = job("""
        with shmwin.Segment(capacity="8 MiB") as seg:
            u = seg.create("u", size)
            seg.fence()
            pid = os.fork()
            if pid == 0:
                u[rank] = 1
                os._exit(0)
            os.waitpid(pid, 0)
            seg.fence()
            say("sum", u.sum())
        """, 2)
    assert said.count("sum 2.0") == 2 and status == 0, said


def test_ctrl_c_of_the_whole_job():
    said, _ = job("""
        import threading
        seg = shmwin.Segment(capacity="8 MiB")
        v = seg.value("v")
        threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()
        try:
            v.wait(0)
        except (KeyboardInterrupt, shmwin.PeerLeft) as caught:
            say("ended", type(caught).__name__)
        """, 2)
    assert said.count("ended") == 2 and "KeyboardInterrupt" in said, said
