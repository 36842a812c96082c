# SPDX-License-Identifier: MIT
"""Arrays of a segment, as NumPy sees them."""

import gc

import numpy as np
import pytest
from mpi4py import MPI

import shmwin

STRUCTURE = np.dtype([("x", "f8"), ("id", "i4", (2,)), ("name", "S5"), ("z", "c8"), ("on", "?")])
EVERY_TYPE = ["?", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f4", "f8", "g", "c8", "c16", "G",
              "S7", "U5", "V1", STRUCTURE, [("a", "i1"), ("b", "f8")]]


def marked(dtype, n):
    """Elements that differ."""
    return (np.arange(n * np.dtype(dtype).itemsize) % 251).astype("u1")


@pytest.mark.parametrize("order", "CF")
@pytest.mark.parametrize("dtype", EVERY_TYPE, ids=str)
def test_every_type_in_both_orders(seg, comm, dtype, order):
    dtype = np.dtype(dtype)
    u = seg.create("u", (6, 5), dtype, order)
    assert type(u) is np.ndarray
    assert (u.dtype, u.shape) == (dtype, (6, 5))
    assert u.flags.c_contiguous == (order == "C") and u.flags.f_contiguous == (order == "F")
    assert u.flags.writeable and u.flags.aligned and not u.flags.owndata
    assert u.tobytes() == bytes(u.nbytes)  # zeros
    seg.fence()
    if comm.rank == 0:
        u.T.reshape(-1, order="A").view("u1")[:] = 0 if dtype.kind in "U?" else 1
        u[2, 3] = np.ones((), dtype) if dtype.kind not in "SUV" else u[2, 3]
    seg.fence()
    again = seg["u"]
    assert again.dtype == dtype and again.strides == u.strides
    assert again.tobytes() == u.tobytes()
    assert comm.allgather(u.tobytes()) == [u.tobytes()] * comm.size
    seg.fence()


def test_a_bool_is_a_bool_and_text_is_text(seg, comm):
    flags = seg.create("flags", 4, bool)
    names = seg.create("names", 3, "U6")
    seg.fence()
    if comm.rank == comm.size - 1:
        flags[1] = True
        names[:] = ["grün", "日本", "abcdefg"]
    seg.fence()
    assert flags.tolist() == [False, True, False, False]
    assert names.tolist() == ["grün", "日本", "abcdef"]
    assert seg.info("names").type == "char32[6]"


def test_subarrays_are_dimensions(seg):
    v = seg.create("v", (4,), ("f4", (3, 2)))
    assert (v.shape, v.dtype) == ((4, 3, 2), np.dtype("f4"))
    assert seg["v"].shape == (4, 3, 2)


@pytest.mark.parametrize("shape", [(), 3, (0,), (0, 4), (2, 0, 3), np.int64(5), [2, 3],
                                   (1, 2, 1, 2, 1, 2, 1, 2)], ids=str)
def test_shapes(seg, shape):
    u = seg.create("u", shape)
    assert u.shape == np.empty(shape).shape and u.dtype == float
    assert seg["u"].shape == u.shape


def test_each_rank_fills_its_rows(seg, comm):
    u = seg.zeros("u", (10, 3), "i4")
    assert [seg.rows(u, rank=r).stop - seg.rows(u, rank=r).start for r in range(comm.size)] \
        == [10 // comm.size + (r < 10 % comm.size) for r in range(comm.size)]
    assert seg.rows(u) == seg.rows(10) == seg.rows("u") == seg.rows(u[2:, :1])
    u[seg.rows(u)] = comm.rank + 1
    seg.fence()
    assert u.sum() == 3 * sum((r + 1) * len(range(10)[seg.rows(10, rank=r)])
                              for r in range(comm.size))
    seg.fence()


def test_made_of_a_value_and_of_an_array(seg):
    assert (seg.ones("ones", (3, 2), "i2") == 1).all()
    assert (seg.full("full", (2, 3), [1, 2, 3]) == [1, 2, 3]).all()
    assert seg["full"].dtype == np.array([1]).dtype
    source = np.asfortranarray(np.arange(12.0).reshape(3, 4))
    made = seg.from_array("made", source)
    assert made.flags.fnc and (made == source).all()
    assert seg.from_array("scalar", 7.5) == 7.5
    assert seg.from_array("in_c", source, order="C").flags.c_contiguous
    seg.fence()


def test_require_finds_or_creates(seg):
    u = seg.require("u", (2, 3), "f4")
    u[...] = 1
    seg.fence()
    assert np.shares_memory(seg.require("u", (2, 3), "f4"), u)
    with pytest.raises(shmwin.TypeMismatch, match="float32"):
        seg.require("u", (2, 3), "f8")
    with pytest.raises(shmwin.ShapeMismatch, match="2 x 3"):
        seg.require("u", (3, 2), "f4")
    with pytest.raises(ValueError):
        seg.require("u", (2, 3), "f4", order="F")


def test_a_segment_is_a_mapping_of_names(seg):
    assert len(seg) == 0 and list(seg) == [] and seg  # true though empty
    u = seg.create("fields/u", 3)
    seg.create("mask", 2, bool)
    assert len(seg) == 2 and list(seg) == ["fields/u", "mask"]
    assert "mask" in seg and "u" not in seg
    fields = seg.group("fields")
    assert list(fields) == ["u"] and "u" in fields and len(fields) == 1
    assert np.shares_memory(fields["u"], u) and fields.prefix == "fields"
    fields.create("v", 2)
    assert "fields/v" in seg
    assert seg.get("nothing") is None and seg.get("mask").dtype == bool
    info = seg.info("fields/u")
    assert (info.kind, info.type, info.shape, info.order, info.nbytes, info.saved) == (
        "array", "float64", (3,), "C", 24, True)
    assert info.where.startswith("segment_test.py:") or "segment_test.py:" in info.where
    assert [each.name for each in seg.list()] == ["fields/u", "fields/v", "mask"]


def test_options(seg):
    u = seg.create("u", 100, touch="interleave", align=4096, saved=False, whole_pages=True)
    assert u.ctypes.data % 4096 == 0 and not seg.info("u").saved


def test_what_no_array_can_be_is_refused(seg):
    for wrong, error in [
        (dict(name="x", shape=-1), ValueError), (dict(name="", shape=1), ValueError),
        (dict(name="x" * 300, shape=1), ValueError), (dict(name="x", shape=(1,) * 9), ValueError),
        (dict(name="x", shape=1, dtype=object), TypeError),
        (dict(name="x", shape=1, dtype=">f8"), TypeError),
        (dict(name="x", shape=1, order="K"), ValueError), (dict(name=7, shape=1), TypeError),
        (dict(name="x", shape=1.5), TypeError), (dict(name="x", shape="3"), TypeError),
        (dict(name="x", shape=1, touch="never"), ValueError),
        (dict(name="x", shape=1, align=3), ValueError),
        (dict(name="x", shape=1 << 62), ValueError), (dict(name="x", shape=1 << 40), MemoryError),
    ]:
        with pytest.raises(error):
            seg.create(**wrong)
        assert "x" not in seg
    seg.create("x", 1)
    with pytest.raises(shmwin.AlreadyExists, match="segment_test.py"):
        seg.create("x", 1)


def test_names_that_are_not_there(seg):
    with pytest.raises(KeyError, match="nothing"):
        seg["nothing"]
    with pytest.raises(shmwin.NotFound):
        seg.destroy("nothing")
    with pytest.raises(TypeError):
        seg.destroy(np.zeros(3))
    with pytest.raises(TypeError):
        seg.rows(np.zeros(3))


def test_a_destroyed_array_is_gone(seg):
    u = seg.create("u", 100)
    part = u[3:7]
    seg.destroy(part)  # a view of it is as good
    assert "u" not in seg
    with pytest.raises(KeyError):
        seg["u"]
    with pytest.raises(shmwin.NotFound, match="gone"):
        seg.destroy(u)
    with pytest.raises(shmwin.NotFound):
        seg.freeze(u)
    with pytest.raises(ValueError, match="read-only"):
        u[0] = 1
    seg.create("v", 3)
    del seg["v"]
    assert len(seg) == 0


def test_the_same_error_on_all_ranks(seg, comm):
    if comm.size == 1:
        return
    with pytest.raises(shmwin.Disagreement) as caught:
        seg.create("u", 3 + (comm.rank == 1))
    assert caught.value.agreed
    assert len(set(comm.allgather(str(caught.value)))) == 1
    seg.create("u", 3)  # all go on


def test_a_closed_segment(seg):
    u = seg.create("u", 3)
    seg.close()
    seg.close()
    assert not seg.is_open
    u[0] = 1  # what was handed out stays
    for call in [lambda: seg.create("v", 1), seg.fence, seg.trim, lambda: seg.require("u", 3),
                 lambda: seg.destroy(u), lambda: seg.freeze(u), lambda: seg.value("n"),
                 lambda: seg.levels("l", 2)]:
        with pytest.raises(shmwin.Closed, match="closed"):
            call()
    assert isinstance(shmwin.Closed("x"), ValueError)


def test_views_outlive_the_segment(comm):
    with shmwin.Segment(comm, "8 MiB") as seg:
        u = seg.create("u", (100, 100))
        view = u[::2, 1].T
        u[seg.rows(u)] = comm.rank
        seg.fence()
        expected = u.copy()
        n = seg["u"]
    del seg, u
    gc.collect()
    assert (n == expected).all()
    del n
    gc.collect()
    assert (view == expected[::2, 1]).all()
    comm.Barrier()
    view[:] = 7


def test_frozen_arrays_are_read_only(seg):
    u = seg.full("u", 5, 1.0)
    seg.freeze(u)
    with pytest.raises(ValueError, match="read-only"):
        u[0] = 2
    assert not seg["u"].flags.writeable
    seg.thaw("u")
    assert u.flags.writeable and seg["u"].flags.writeable
    seg.fence()
    u[seg.rows(u)] = 2
    p = seg.create("p", 5, whole_pages=True)
    seg.freeze("p", protect=True)
    assert not p.flags.writeable
    with pytest.raises(shmwin.Busy, match="write-protected"):
        seg.destroy(p)
    seg.thaw(p, protect=True)
    p[seg.rows(p)] = 1
    with pytest.raises(shmwin.InvalidArgument, match="whole_pages"):
        seg.freeze(u, protect=True)


def test_adopted_arrays(seg, comm):
    mine = np.arange(12.0).reshape(3, 4)[:, ::2]
    a = seg.adopt("mine", mine)
    assert np.shares_memory(a, mine) and a.strides == mine.strides
    assert seg.info("mine").foreign
    mine.flags.writeable = False
    assert not seg.adopt("constant", mine).flags.writeable
    seg.destroy(a)
    with pytest.raises(KeyError):
        seg["mine"]


def test_an_adopted_owner_is_released(seg):
    import weakref
    mine = np.zeros(4)
    alive = weakref.ref(mine)
    seg.adopt("mine", mine)
    del mine
    gc.collect()
    assert alive() is not None
    seg.destroy("mine")
    gc.collect()
    assert alive() is None


def test_levels(seg, comm):
    u = seg.levels("u", (6, 2), "f4", levels=3)
    assert len(u) == 3 and u.shape == (6, 2) and u.dtype == "f4"
    mine = u.rows()
    for step in range(1, 8):
        now, nxt = u.now(), u.next()
        assert not now.flags.writeable and nxt.flags.writeable
        nxt[mine] = now[mine] + 1
        u.flip()
        assert (u.now() == step).all() and (u.ago(1) == step - 1).all()
        seg.fence()
    assert np.shares_memory(seg["u"].now(), u.now())
    with pytest.raises(IndexError):
        u.ago(3)
    with pytest.raises(IndexError):
        u.level(-1)
    last = u.now()
    seg.destroy(u)
    assert last.sum() is not None  # mapped, whatever it shows
    for call in [u.now, u.next, u.flip, lambda: u.ago(0), lambda: len(u)]:
        with pytest.raises(shmwin.NotFound, match="gone"):
            call()


def test_reports(seg):
    seg.create("u", 1000)
    found = seg.memory_map()
    assert found["objects"][0]["name"] == "u" and found["used"] >= 8000
    assert "u" in str(found) and "float64" in str(found)
    assert seg.verify() == []
    assert seg.trim() >= 0
    assert "u" in seg.report()
    assert seg.abandoned() is None
    assert seg.capacity >= 32 << 20
    assert seg.backing in ("mpi_window", "memfd")


def test_communicators(comm):
    half = comm.Split(comm.rank % 2)
    with shmwin.Segment(half, 1 << 20) as seg:
        assert (seg.rank, seg.n_ranks) == (half.rank, half.size)
        assert MPI.Comm.Compare(seg.comm, half) == MPI.CONGRUENT
    half.Free()
    with shmwin.Segment(MPI.COMM_SELF, "1MiB") as alone:
        assert alone.n_ranks == 1
    with pytest.raises(TypeError, match="communicator"):
        shmwin.Segment("world")
    with pytest.raises(ValueError):
        shmwin.Segment(MPI.COMM_NULL)
    with pytest.raises(ValueError, match="size in bytes"):
        shmwin.Segment(comm, "a lot")
    with pytest.raises(MemoryError):
        shmwin.Segment(comm, "4 TiB")


def test_many_segments_leave_nothing(comm):
    for _ in range(50):
        with shmwin.Segment(comm, "1 MiB") as seg:
            seg.create("u", 10)[seg.rows(10)] = 1
