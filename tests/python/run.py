# SPDX-License-Identifier: MIT
"""Runs pytest on each rank: run.py <file> [options of pytest].

A rank whose tests fail must not leave the others waiting for it: it ends the job. Reports of all
ranks go to the same place, each line with its rank.
"""

import faulthandler
import os
import sys

# Then every thread's stack is printed.
PATIENCE_S = float(os.environ.get("SHMWIN_TEST_PATIENCE_S", "150"))

try:
    import pytest
    from mpi4py import MPI
except ImportError as missing:
    print(f"skipped: {missing} (Debian: python3-pytest python3-mpi4py)")
    sys.exit(77)


class EndTheJob:
    """After the first failure the ranks are no longer in step."""

    def pytest_runtest_logreport(self, report):
        if not report.failed:
            return
        rank = f"[rank {MPI.COMM_WORLD.rank}/{MPI.COMM_WORLD.size}] "
        text = f"FAILED {report.nodeid} ({report.when})\n{report.longreprtext}"
        for title, section in report.sections:
            text += f"\n--- {title} ---\n{section}"
        lines = "".join(rank + line + "\n" for line in text.splitlines())
        print(lines, end="", file=sys.__stderr__, flush=True)
        if MPI.COMM_WORLD.size > 1:
            MPI.COMM_WORLD.Abort(1)


def main():
    faulthandler.dump_traceback_later(PATIENCE_S, exit=True)
    quiet = [] if MPI.COMM_WORLD.rank == 0 else ["-qqq", "--no-summary", "--no-header"]
    options = ["-p", "no:cacheprovider", "-x", "-W", "error", "--capture=sys", *quiet]
    status = pytest.main([*options, *sys.argv[1:]], plugins=[EndTheJob()])
    faulthandler.cancel_dump_traceback_later()
    sys.exit(int(status))


if __name__ == "__main__":
    main()
