# SPDX-License-Identifier: MIT
"""One shared-memory segment for all MPI ranks of a node, as NumPy arrays.

>>> import shmwin
>>> with shmwin.Segment(capacity="1 GiB") as seg:       # on all ranks of MPI.COMM_WORLD
...     u = seg.create("u", (344, 403), "f8")           # a numpy.ndarray that all ranks share
...     first, last = seg.rows(u)                       # this rank's rows
...     u[first:last] = seg.rank
...     seg.fence()                                     # now all see what all have written
"""

from __future__ import annotations

from . import errors
from ._core import __version__
from .errors import *  # noqa: F401,F403

__all__ = ["__version__", "errors"]
__all__ += errors.__all__
