# SPDX-License-Identifier: MIT
"""One shared-memory segment for all MPI ranks of a node, as NumPy arrays.

>>> import shmwin
>>> with shmwin.Segment(capacity="1 GiB") as seg:     # on all ranks of MPI.COMM_WORLD
...     u = seg.create("u", (344, 403), "f8")         # a numpy.ndarray that all ranks share
...     u[seg.rows(u)] = seg.rank                     # this rank's rows
...     seg.fence()                                   # now all see what all have written
"""

from __future__ import annotations

from . import errors, sync
from ._as_ndarray import as_ndarray
from ._core import AtomicValue, Levels, __version__, dtype_of, signature
from ._checkpoint import (Checkpoint, CheckpointInfo, DueReason, PendingSave, SaveProgress, SaveReport,
                          VerifyReport)
from ._group import Group, ObjectInfo
from ._segment import MemoryMap, Segment
from .errors import *  # noqa: F401,F403
from .sync import *  # noqa: F401,F403

__all__ = [
    "AtomicValue", "Checkpoint", "CheckpointInfo", "DueReason", "Group", "Levels", "MemoryMap",
    "ObjectInfo", "PendingSave", "SaveProgress", "SaveReport", "Segment", "VerifyReport",
    "__version__", "as_ndarray", "dtype_of", "errors", "signature", "sync", *errors.__all__, *sync.__all__,
]
