# SPDX-License-Identifier: MIT
"""Fixtures of the tests under mpirun. Every rank runs every test."""

import gc

import pytest
from mpi4py import MPI

import shmwin


@pytest.fixture
def comm():
    return MPI.COMM_WORLD


@pytest.fixture
def seg(comm):
    """An open segment; closed at the end, unless the test did so."""
    opened = shmwin.Segment(comm, "32 MiB")
    yield opened
    if opened.is_open:
        opened.close()
    gc.collect()  # on all ranks at the same place
