# SPDX-License-Identifier: MIT
# ranks: 1
"""The examples, small. Each run is a job of its own, which a rank of this one starts."""
import os
import pathlib
import re
import shutil
import subprocess
import sys

import pytest

import shmwin

PACKAGES = pathlib.Path(os.path.abspath(shmwin.__file__)).parents[1]
ROOT = pathlib.Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"
DATA = EXAMPLES / "data" / "jacksboro_dem.h5"
LAUNCHER = shutil.which("mpirun") or shutil.which("mpiexec")


def job(n, *command, cwd):
    """What a job of n ranks prints; it must end well."""
    settings = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("OMPI_COMM", "OMPI_MCA_orte", "OMPI_MCA_ess", "PMIX_", "PMI_", "HYDI_"))
        and name not in ("OMPI_APP_CTX_NUM_PROCS", "OMPI_FIRST_RANKS", "OMPI_UNIVERSE_SIZE")
    }
    settings["PYTHONPATH"] = str(PACKAGES)
    settings["OMPI_MCA_rmaps_base_oversubscribe"] = "1"
    done = subprocess.run(
        [LAUNCHER, "-n", str(n), *map(str, command)],
        cwd=cwd,
        env=settings,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def python(n, script, *options, cwd):
    return job(n, sys.executable, EXAMPLES / "python" / script, *options, cwd=cwd)


def test_scalability(tmp_path):
    said = python(2, "scalability.py", "--size", 60, "--repeat", 1, "--plot", "plot.svg", cwd=tmp_path)
    rows = re.findall(r"^ +(\d) +[0-9.]+ +[0-9.]+ +\d+%$", said, re.M)
    assert rows == ["1", "2"]
    assert (tmp_path / "plot.svg").stat().st_size > 0


needs_checkpoints = pytest.mark.skipif(
    not hasattr(shmwin, "Checkpoint"), reason="this build has no checkpoints"
)


def elevation(file):
    h5py = pytest.importorskip("h5py")
    with h5py.File(file, "r") as f:
        return f["elevation"][...].tobytes()


@needs_checkpoints
def test_jacksboro_and_the_program_in_cpp_go_on_from_each_other(tmp_path):
    """And end with what one program alone computes, bit for bit."""
    pytest.importorskip("h5py")
    program = PACKAGES.parent / "bin" / "hillslope"
    if not program.exists():
        pytest.skip(f"no {program}")
    saving = ("--checkpoint", "run", "--every", "3")

    def in_python(n, *options):
        return python(n, "jacksboro.py", "--input", DATA, *options, cwd=tmp_path)

    def in_cpp(n, *options):
        return job(n, program, "--input", DATA, *options, cwd=tmp_path)

    assert "goes on" not in in_python(2, "--years", "7e5", *saving)
    assert "goes on from step" in in_cpp(1, "--years", "14e5", *saving)
    said = in_python(1, "--years", "21e5", *saving, "--output", "resumed.h5")
    assert "goes on from step" in said
    in_cpp(2, "--years", "21e5", "--output", "whole.h5")
    assert elevation(tmp_path / "resumed.h5") == elevation(tmp_path / "whole.h5")
