# SPDX-License-Identifier: MIT
"""Builds the wheel (PEP 517): CMake makes the package, this puts it into an archive.

Settings, each by `pip install . --config-settings NAME=VALUE` (-C of newer ones):

build-dir
    A build tree that is there already, or where to make one. Default: build/pip-<tag> of the
    repository.
cmake-args
    More arguments for the configuration, as a shell takes them.
"""

import base64
import hashlib
import os
import pathlib
import re
import shlex
import subprocess
import sys
import sysconfig
import zipfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
NAME = "shmwin"
SUMMARY = "One shared-memory segment for all MPI ranks of a node, as NumPy arrays"
DEPENDENCIES = ["numpy", "mpi4py"]


def version():
    """The one of CMakeLists.txt."""
    text = (ROOT / "CMakeLists.txt").read_text(encoding="utf-8")
    return re.search(r"project\(shmwin VERSION ([0-9.]+)", text).group(1)


def tag():
    """Of this interpreter and system: cp311-cp311-linux_x86_64."""
    python = f"cp{sys.version_info[0]}{sys.version_info[1]}"
    platform = re.sub(r"[^A-Za-z0-9]", "_", sysconfig.get_platform())
    return f"{python}-{python}-{platform}"


def run(*command):
    # pip's isolation hides what the system has from every Python, and so from CMake's questions.
    clean = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    subprocess.run(command, check=True, env=clean)


def build_package(settings):
    """The folder of the package, built."""
    folder = pathlib.Path(settings.get("build-dir") or ROOT / "build" / f"pip-{tag()}").absolute()
    if not (folder / "CMakeCache.txt").exists():
        run("cmake", "-S", str(ROOT), "-B", str(folder), "-DCMAKE_BUILD_TYPE=Release",
            "-DSHMWIN_PYTHON=ON", f"-DSHMWIN_PYTHON_EXECUTABLE={sys.executable}",
            "-DSHMWIN_BUILD_TESTS=OFF", "-DSHMWIN_BUILD_EXAMPLES=OFF", "-DSHMWIN_TOOL=OFF",
            *shlex.split(settings.get("cmake-args", "")))
    run("cmake", "--build", str(folder), "--target", "shmwin_python", "--parallel",
        os.environ.get("CMAKE_BUILD_PARALLEL_LEVEL", str(os.cpu_count() or 1)))
    return folder / "python" / NAME


def metadata():
    needs = "".join(f"Requires-Dist: {each}\n" for each in DEPENDENCIES)
    return (f"Metadata-Version: 2.1\nName: {NAME}\nVersion: {version()}\nSummary: {SUMMARY}\n"
            f"License: MIT\nRequires-Python: >=3.9\n{needs}")


def wheel_file():
    return (f"Wheel-Version: 1.0\nGenerator: {NAME}\nRoot-Is-Purelib: false\nTag: {tag()}\n")


def get_requires_for_build_wheel(config_settings=None):
    return []


def get_requires_for_build_sdist(config_settings=None):
    return []


def prepare_metadata_for_build_wheel(metadata_directory, config_settings=None):
    folder = pathlib.Path(metadata_directory) / f"{NAME}-{version()}.dist-info"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "METADATA").write_text(metadata(), encoding="utf-8")
    (folder / "WHEEL").write_text(wheel_file(), encoding="utf-8")
    return folder.name


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    package = build_package(config_settings or {})
    info = f"{NAME}-{version()}.dist-info"
    files = {f"{NAME}/{path.name}": path.read_bytes() for path in sorted(package.iterdir())
             if path.is_file()}
    files[f"{info}/METADATA"] = metadata().encode()
    files[f"{info}/WHEEL"] = wheel_file().encode()
    files[f"{info}/LICENSE"] = (ROOT / "LICENSE").read_bytes()
    record = "".join(f"{name},sha256={digest(data)},{len(data)}\n" for name, data in files.items())
    files[f"{info}/RECORD"] = (record + f"{info}/RECORD,,\n").encode()
    wheel = f"{NAME}-{version()}-{tag()}.whl"
    with zipfile.ZipFile(pathlib.Path(wheel_directory) / wheel, "w",
                         zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return wheel


def digest(data):
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()


def build_sdist(sdist_directory, config_settings=None):
    raise NotImplementedError("the package is built from the repository of the library, not from "
                              "this folder alone: take an archive of the repository")
