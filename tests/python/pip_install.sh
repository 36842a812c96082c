#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# pip_install.sh PYTHON BUILD SOURCE: `pip install .` as a user does it, without a network and with
# nothing but the system's build tools, from a build tree that is there; what it installed works.
set -euo pipefail
python=$1 build=$2 source=$3
for module in venv pip mpi4py numpy; do
    "$python" -c "import $module" 2>/dev/null || { echo "skipped: no Python module $module"; exit 77; }
done
scratch=$(mktemp -d "$PWD/pip.XXXXXX")
trap 'rm -rf "$scratch"' EXIT
unset PYTHONPATH
"$python" -m venv --system-site-packages "$scratch/venv" || { echo "skipped: no venv"; exit 77; }
# An index that is nowhere: whoever asks it fails at once.
export PIP_INDEX_URL=http://127.0.0.1:9/ PIP_RETRIES=0 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1
cd "$source/src/python"
"$scratch/venv/bin/python" -m pip install --quiet --no-cache-dir \
    --config-settings build-dir="$build" .
cd "$scratch"
"$scratch/venv/bin/python" -X dev - <<'END'
import importlib.metadata, shmwin
from mpi4py import MPI
assert "/venv/" in shmwin.__file__, shmwin.__file__
assert importlib.metadata.version("shmwin") == shmwin.__version__
files = {str(each) for each in importlib.metadata.files("shmwin")}
assert "shmwin/py.typed" in files and "shmwin/_core.pyi" in files, files
with shmwin.Segment(MPI.COMM_SELF, "1 MiB") as seg:
    assert seg.ones("u", 3).sum() == 3
print("installed and used")
END
"$scratch/venv/bin/python" -m pip uninstall --quiet --yes shmwin
"$scratch/venv/bin/python" -c "import shmwin" 2>/dev/null && { echo "not uninstalled"; exit 1; }
exit 0
