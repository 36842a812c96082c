# SPDX-License-Identifier: MIT
"""Checkpoints from Python, and h5py as the judge of the files."""

import os
import shutil
import signal
import tempfile

import numpy as np
import pytest

import shmwin

POINT = np.dtype([("x", "f8"), ("id", "i4")])


@pytest.fixture
def folder(comm):
    """An empty folder, the same on all ranks."""
    made = comm.bcast(tempfile.mkdtemp(prefix="shmwin-", dir=os.getcwd())
                      if comm.rank == 0 else None)
    yield made
    comm.Barrier()
    if comm.rank == 0:
        shutil.rmtree(made)


def fill(seg):
    """One object of each kind."""
    u = seg.from_array("fields/u", np.arange(35.0).reshape(7, 5))
    seg.from_array("fields/f", np.asfortranarray(np.arange(6, dtype="i4").reshape(2, 3)))
    seg.full("points", 4, np.array((1.5, 7), POINT))
    seg.from_array("text", np.array(["a", "grün"], "U6"))
    seg.from_array("complex", np.array([1 + 2j]))
    seg.from_array("mask", np.array([True, False]))
    levels = seg.levels("levels", 3)
    levels.next()[levels.rows()] = 9
    levels.flip()
    seg.value("count", "i8", 42)
    seg.create("unsaved", 3, saved=False)
    seg.fence()
    return u


def clear(seg):
    for each in [one.name for one in seg.list()]:
        seg.destroy(each)


def test_saved_and_restored(seg, comm, folder):
    u = fill(seg)
    with shmwin.Checkpoint(comm, f"{folder}/state") as store:
        assert store.restore_latest(seg) is None and store.latest() is None
        report = store.save(seg, 3, time=1.5, attributes={
            "author": "me", "n": 4, "a": 0.5, "list": [1, 2, 3], "reals": np.array([0.5, 1.5])})
        assert report.file.name == "state-000000000003.h5" and not report.skipped
        assert "fields/u" in report.saved and report.left_out == {"unsaved": "unsaved"}
        assert report.nbytes > 0
        expected = u.copy()
        seg.fence()
        u[seg.rows(u)] = -1
        seg.fence()
        found = store.restore_latest(seg)
        assert (u == expected).all()  # in place
        assert (found.step, found.time, found.n_ranks) == (3, 1.5, comm.size)
        assert found.attributes["author"] == "me" and found.attributes["list"] == [1, 2, 3]
        assert found.attributes["reals"] == [0.5, 1.5] and found.attributes["n"] == 4
        assert store.latest().uuid == found.uuid
        assert store.list() == [report.file]
        checked = store.verify(report.file)
        assert (checked.verdict, checked.problems) == ("intact", [])

        clear(seg)
        found = store.restore(seg, report.file)
        assert "points" in found.only_in_file
        assert (seg["fields/u"] == expected).all()
        assert seg["fields/f"].flags.fnc and seg["fields/f"][1, 2] == 5
        assert seg["points"].dtype == POINT and seg["points"]["id"].tolist() == [7] * 4
        assert seg["text"].dtype == "U6" and seg["text"].tolist() == ["a", "grün"]
        assert seg["complex"][0] == 1 + 2j and seg["mask"].tolist() == [True, False]
        assert (seg["levels"].now() == 9).all() and seg["count"].get() == 42


def test_h5py_reads_the_file(seg, comm, folder):
    h5py = pytest.importorskip("h5py")
    fill(seg)
    with shmwin.Checkpoint(comm, f"{folder}/state") as store:
        file = store.save(seg, 1, time=2.5, attributes={"author": "me"}).file
    if comm.rank == 0:
        with h5py.File(file) as there:
            assert there.attrs["step"] == 1 and there.attrs["time"] == 2.5
            assert there.attrs["author"] in ("me", b"me")
            assert (there["fields/u"][...] == np.arange(35.0).reshape(7, 5)).all()
            assert there["points"].dtype == POINT
            assert there["mask"].dtype == bool and there["mask"][...].tolist() == [True, False]
            assert there["complex"][0] == 1 + 2j
            assert (there["levels"][...] == 9).all() and there["count"][()] == 42
            assert "unsaved" not in there
    seg.fence()


def test_asynchronously(seg, comm, folder):
    u = seg.full("u", (100, 100), 1.0)
    with shmwin.Checkpoint(comm, f"{folder}/state", keep=3) as store:
        pending = store.save_async(seg, 1)
        seg.fence()
        u[seg.rows(u)] = 2  # not in the file
        report = pending.wait()
        assert pending.test() and pending.progress().phase == "done"
        assert pending.progress().nbytes_done == report.nbytes == u.nbytes
        store.restore(seg, report.file)
        assert (u == 1).all()


def test_retention_and_pins(seg, comm, folder):
    seg.create("u", 3)
    with shmwin.Checkpoint(comm, f"{folder}/state", keep=1) as store:
        first = store.save(seg, 1).file
        store.pin(first)
        assert store.pinned() == [first]
        store.save(seg, 2)
        assert [each.name[-4:] for each in store.list()] == ["1.h5", "2.h5"]
        store.unpin(first)
        store.save(seg, 3)
        assert [each.name[-4:] for each in store.list()] == ["3.h5"]
        with pytest.raises(KeyError):
            store.pin(first)


def test_what_is_selected(seg, comm, folder):
    for name in ("a/x", "a/y", "b"):
        seg.full(name, 2, 1.0)
    with shmwin.Checkpoint(comm, f"{folder}/state", only="a/*", exclude=["*/y"]) as store:
        report = store.save(seg, 0)
        assert report.saved == ["a/x"] and report.left_out["b"] == "by pattern"


def test_due_by_steps_and_signals(seg, comm, folder):
    seg.create("u", 3)
    with shmwin.Checkpoint(comm, f"{folder}/state", every_steps=3,
                           signals=[signal.SIGUSR1]) as store:
        due = [bool(store.due(step)) for step in range(6)]
        assert due == [False, False, True, False, False, True]
        why = store.due(5)
        comm.Barrier()
        if comm.rank == comm.size - 1:
            os.kill(os.getpid(), signal.SIGUSR1)
        comm.Barrier()
        for step in range(6, 1000):
            why = store.due(step)
            if why.stop:
                break
            comm.Barrier()
        assert why and why.stop and why.signal == signal.SIGUSR1 and "signal 10" in str(why)


def test_errors(seg, comm, folder):
    u = seg.create("u", 3)
    with shmwin.Checkpoint(comm, f"{folder}/state") as store:
        file = store.save(seg, 1).file
        with pytest.raises(ValueError):
            store.save(seg, -1)
        with pytest.raises(TypeError, match="attribute"):
            store.save(seg, 2, attributes={"what": object()})
        with pytest.raises(OSError):
            store.restore(seg, f"{folder}/nothing.h5")
        seg.destroy(u)
        seg.create("u", 4)
        with pytest.raises(shmwin.ShapeMismatch):
            store.restore(seg, file)
        seg.destroy("u")
        seg.create("u", 3, "i4")
        with pytest.raises(shmwin.TypeMismatch):
            store.restore(seg, file)
        assert store.restore(seg, file, convert=True).step == 1
        comm.Barrier()
        if comm.rank == 0:
            with open(file, "r+b") as damaged:
                damaged.truncate(os.path.getsize(file) // 2)
        comm.Barrier()
        with pytest.raises(shmwin.Damaged) as caught:
            store.restore_latest(seg)
        assert isinstance(caught.value, OSError)
        with pytest.raises(shmwin.Busy):
            shmwin.Checkpoint(comm, f"{folder}/state")
    with pytest.raises(shmwin.Closed):
        store.latest()
    with pytest.raises(ValueError, match="staging"):
        shmwin.Checkpoint(comm, f"{folder}/state", staging="none")
