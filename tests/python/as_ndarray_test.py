# SPDX-License-Identifier: MIT
"""as_ndarray: one owner after the other. The table of all element types is in
typecode_table_test.py."""
import array
import ctypes
import gc
import mmap
import multiprocessing
import multiprocessing.shared_memory
import tempfile
import weakref

import numpy as np
import pytest
from mpi4py import MPI

from shmwin import as_ndarray


class Point(ctypes.Structure):
    _fields_ = [("x", ctypes.c_double), ("id", ctypes.c_uint16), ("tag", ctypes.c_char * 5)]


def sees_both_ways(view, store, load):
    """What the view stores the owner loads, and the other way round."""
    view[...] = 7
    assert load() == 7
    store(9)
    assert (view == 9).all()


# --- ndarrays -----------------------------------------------------------------------------------


def test_an_ndarray_is_itself():
    a = np.arange(6.0).reshape(2, 3)[:, ::2]
    assert as_ndarray(a) is a


def test_a_subclass_becomes_a_plain_view():
    owner = np.zeros(3).view(np.recarray)
    view = as_ndarray(owner)
    assert type(view) is np.ndarray and np.shares_memory(view, owner)


def test_a_masked_array_is_refused():
    with pytest.raises(TypeError, match="masked"):
        as_ndarray(np.ma.masked_array([1, 2], [0, 1]))


def test_numpy_scalar_is_read_only():
    view = as_ndarray(np.float32(2.5))
    assert view == 2.5 and view.dtype == np.float32 and not view.flags.writeable


# --- multiprocessing ----------------------------------------------------------------------------


@pytest.mark.parametrize("lock", [True, False, "given"])
def test_array_with_and_without_lock(lock):
    lock = multiprocessing.RLock() if lock == "given" else lock
    owner = multiprocessing.Array("d", 5, lock=lock)
    view = as_ndarray(owner)
    assert view.shape == (5,) and view.dtype == np.float64 and view.flags.writeable
    sees_both_ways(view[2:3], lambda x: owner.__setitem__(2, x), lambda: owner[2])


@pytest.mark.parametrize("lock", [True, False])
def test_value_has_no_dimensions(lock):
    owner = multiprocessing.Value("h", 3, lock=lock)
    view = as_ndarray(owner)
    assert view.shape == () and view.dtype == np.int16 and view[()] == 3
    sees_both_ways(view, lambda x: setattr(owner, "value", x), lambda: owner.value)


def test_raw_array_and_raw_value():
    numbers = multiprocessing.RawArray("i", [1, 2, 3])
    assert as_ndarray(numbers).tolist() == [1, 2, 3]
    assert as_ndarray(multiprocessing.RawValue("f", 0.5))[()] == 0.5


def test_array_lives_as_long_as_its_view():
    view = as_ndarray(multiprocessing.Array("q", range(1000)))
    gc.collect()
    others = [multiprocessing.Array("q", 1000) for _ in range(5)]
    for each in others:
        as_ndarray(each)[...] = -1
    assert view.tolist() == list(range(1000))


def test_value_of_a_structure():
    owner = multiprocessing.Value(Point, 1.5, 7, b"abc")
    view = as_ndarray(owner)
    assert view.dtype.names == ("x", "id", "tag") and view.dtype.itemsize == ctypes.sizeof(Point)
    assert view["x"] == 1.5 and view["id"] == 7
    assert b"".join(view["tag"]) == b"abc"
    view["x"] = -2
    assert owner.x == -2
    owner.id = 65535
    assert view["id"] == 65535


# --- multiprocessing.shared_memory --------------------------------------------------------------


@pytest.fixture
def shm():
    made = multiprocessing.shared_memory.SharedMemory(create=True, size=64)
    yield made
    gc.collect()
    made.close()
    made.unlink()


def test_shared_memory_is_bytes(shm):
    view = as_ndarray(shm)
    assert view.dtype == np.uint8 and view.nbytes == shm.size and view.flags.writeable
    sees_both_ways(view[3:4], lambda x: shm.buf.__setitem__(3, x), lambda: shm.buf[3])


def test_shared_memory_as_another_dtype(shm):
    assert as_ndarray(shm, float).shape == (shm.size // 8,)


def test_shared_memory_is_not_closed_under_a_view(shm):
    view = as_ndarray(shm, np.int32)
    view[:] = 5
    with pytest.raises(BufferError):
        shm.close()
    assert (view == 5).all()
    view[0] = 6
    del view
    shm.close()
    with pytest.raises(ValueError, match="closed"):
        as_ndarray(shm)


def test_shared_memory_stays_while_only_its_view_lives():
    owner = multiprocessing.shared_memory.SharedMemory(create=True, size=4096)
    gone = weakref.ref(owner)
    owner.unlink()
    view = as_ndarray(owner)[:10]
    del owner
    gc.collect()
    assert gone() is not None
    view[:] = 3
    assert view.sum() == 30
    del view
    gc.collect()
    assert gone() is None


def test_shareable_list_of_one_type():
    owner = multiprocessing.shared_memory.ShareableList([1, -2, 3])
    try:
        view = as_ndarray(owner)
        assert view.dtype == np.int64 and view.tolist() == [1, -2, 3]
        sees_both_ways(view[1:2], lambda x: owner.__setitem__(1, x), lambda: owner[1])
        del view
    finally:
        gc.collect()
        owner.shm.close()
        owner.shm.unlink()


@pytest.mark.parametrize(
    "items, dtype",
    [
        ([0.5, 1.5], np.float64),
        ([True, False, True], np.bool_),
        (["abc", "x"], "S8"),
        ([b"12345678", b"x" * 9], "S16"),
        ([], np.int64),
    ],
)
def test_shareable_list_of_each_type(items, dtype):
    owner = multiprocessing.shared_memory.ShareableList(items)
    try:
        view = as_ndarray(owner)
        assert view.dtype == dtype and view.shape == (len(items),)
        as_bytes = [each.encode() if isinstance(each, str) else each for each in items]
        assert view.tolist() == as_bytes
        del view
    finally:
        gc.collect()
        owner.shm.close()
        owner.shm.unlink()


def test_shareable_list_of_many_types_is_a_record():
    owner = multiprocessing.shared_memory.ShareableList(["pi", 3.25, 7, True, None, b"raw"])
    try:
        view = as_ndarray(owner)
        assert view.shape == () and view.dtype.names == ("0", "1", "2", "3", "4", "5")
        assert (view["0"], view["1"], view["2"], view["3"]) == (b"pi", 3.25, 7, True)
        assert view["5"] == b"raw"
        view["2"] = -9
        view["0"] = b"tau"
        view["3"] = False
        assert list(owner) == ["tau", 3.25, -9, False, None, b"raw"]
        del view
    finally:
        gc.collect()
        owner.shm.close()
        owner.shm.unlink()


# --- ctypes -------------------------------------------------------------------------------------


def test_ctypes_array_of_arrays():
    owner = (ctypes.c_uint32 * 3 * 2)()
    view = as_ndarray(owner)
    assert view.shape == (2, 3) and view.dtype == np.uint32
    view[1, 2] = 2**32 - 1
    assert owner[1][2] == 2**32 - 1


def test_ctypes_array_of_length_zero():
    assert as_ndarray((ctypes.c_double * 0)()).shape == (0,)


def test_structures_nest_and_inherit():
    class Base(ctypes.Structure):
        _fields_ = [("first", ctypes.c_int8)]

    class Derived(Base):
        _fields_ = [("points", Point * 2), ("last", ctypes.c_float)]

    owner = Derived()
    view = as_ndarray(owner)
    assert view.dtype.names == ("first", "points", "last")
    assert view.dtype.fields["points"][1] == Derived.points.offset
    view["points"]["id"] = [3, 4]
    assert (owner.points[0].id, owner.points[1].id) == (3, 4)


def test_packed_structure_and_union():
    class Packed(ctypes.Structure):
        _pack_ = 1
        _fields_ = [("a", ctypes.c_char), ("b", ctypes.c_double)]

    class Either(ctypes.Union):
        _fields_ = [("i", ctypes.c_uint64), ("d", ctypes.c_double)]

    packed = as_ndarray((Packed * 3)())
    assert packed.dtype.itemsize == 9 and packed.strides == (9,)
    owner = Either(d=1.0)
    assert as_ndarray(owner)["i"] == 0x3FF0000000000000


def test_foreign_byte_order():
    class Big(ctypes.BigEndianStructure):
        _fields_ = [("n", ctypes.c_uint32), ("x", ctypes.c_double)]

    owner = Big(0x01020304, 2.5)
    view = as_ndarray(owner)
    assert view["n"] == 0x01020304 and view["x"] == 2.5
    assert bytes(owner)[:4] == b"\1\2\3\4"
    assert as_ndarray(ctypes.c_int.__ctype_be__(5))[()] == 5


@pytest.mark.parametrize(
    "pointer",
    [
        ctypes.pointer(ctypes.c_int(3)),
        ctypes.c_void_p(1),
        ctypes.c_char_p(b"text"),
        ctypes.c_wchar_p("text"),
        ctypes.py_object(3),
        ctypes.CFUNCTYPE(None)(lambda: None),
        (ctypes.POINTER(ctypes.c_int) * 2)(),
        (ctypes.c_void_p * 2)(),
        type("Link", (ctypes.Structure,), {"_fields_": [("next", ctypes.c_void_p)]})(),
    ],
)
def test_addresses_are_refused(pointer):
    with pytest.raises(TypeError, match="pointer|address"):
        as_ndarray(pointer)


def test_what_a_pointer_points_to_is_accepted_with_its_length():
    owner = (ctypes.c_int * 4)(1, 2, 3, 4)
    pointer = ctypes.cast(owner, ctypes.POINTER(ctypes.c_int))
    view = as_ndarray(ctypes.cast(pointer, ctypes.POINTER(ctypes.c_int * 4)).contents)
    view[0] = 9
    assert owner[0] == 9


def test_members_named_as_those_of_ctypes_do_not_confuse():
    class Odd(ctypes.Structure):
        _fields_ = [("contents", ctypes.c_int), ("value", ctypes.c_int)]

    assert as_ndarray(Odd(1, 2))["value"] == 2


def test_bit_fields_are_refused():
    class Bits(ctypes.Structure):
        _fields_ = [("flag", ctypes.c_int, 3)]

    with pytest.raises(TypeError, match="'flag' is a bit field"):
        as_ndarray(Bits())


def test_a_type_is_refused():
    with pytest.raises(TypeError, match="the type .*c_int"):
        as_ndarray(ctypes.c_int)


# --- buffers and protocols ----------------------------------------------------------------------


@pytest.mark.parametrize("letter", sorted(set(array.typecodes) - {"u"}))
def test_array_array(letter):
    owner = array.array(letter, [1, 2, 3])
    view = as_ndarray(owner)
    assert view.dtype == np.dtype(letter) and view.itemsize == owner.itemsize
    sees_both_ways(view[1:2], lambda x: owner.__setitem__(1, x), lambda: owner[1])


def test_array_of_characters():
    owner = array.array("u", "grüß")
    view = as_ndarray(owner)
    assert view.dtype == "U1" and "".join(view) == "grüß"


def test_array_array_does_not_grow_under_a_view():
    owner = array.array("d", [1.0])
    view = as_ndarray(owner)
    with pytest.raises(BufferError):
        owner.append(2.0)
    del view
    owner.append(2.0)


def test_mmap_anonymous_and_read_only():
    owner = mmap.mmap(-1, 4096)
    view = as_ndarray(owner, np.float32)
    view[0] = 1.0
    assert owner[:4] == np.float32(1.0).tobytes()
    with pytest.raises(BufferError):
        owner.close()
    with tempfile.TemporaryFile() as file:
        file.write(bytes(range(16)))
        file.flush()
        constant = as_ndarray(mmap.mmap(file.fileno(), 16, access=mmap.ACCESS_READ))
    assert constant.tolist() == list(range(16)) and not constant.flags.writeable


def test_read_only_is_kept():
    assert not as_ndarray(b"abc").flags.writeable
    assert as_ndarray(bytearray(b"abc")).flags.writeable
    assert not as_ndarray(memoryview(bytearray(3)).toreadonly()).flags.writeable


def test_strided_memoryview():
    owner = bytearray(range(10))
    assert as_ndarray(memoryview(owner)[1::3]).tolist() == [1, 4, 7]


def test_array_interface_keeps_its_owner():
    class Owner:
        def __init__(self):
            self.memory = np.arange(4, dtype=np.uint16)
            self.__array_interface__ = self.memory.__array_interface__

    owner = Owner()
    memory, gone = owner.memory, weakref.ref(owner)
    view = as_ndarray(owner)
    view[0] = 40
    assert memory[0] == 40
    del owner
    gc.collect()
    assert gone() is not None
    del view
    gc.collect()
    assert gone() is None


def test_dlpack():
    class Tensor:
        def __init__(self):
            self.memory = np.arange(6, dtype=np.int32).reshape(2, 3)

        def __dlpack__(self, **how):
            return self.memory.__dlpack__(**how)

        def __dlpack_device__(self):
            return self.memory.__dlpack_device__()

    owner = Tensor()
    view = as_ndarray(owner)
    assert view.dtype == np.int32 and np.shares_memory(view, owner.memory)
    owner.memory[1, 2] = -5
    assert view[1, 2] == -5


def test_dlpack_of_another_device_is_refused():
    class OnGpu:
        def __dlpack__(self, **how):
            raise BufferError("not in this memory")

        def __dlpack_device__(self):
            return (2, 0)

    with pytest.raises(TypeError, match="no memory that NumPy can use"):
        as_ndarray(OnGpu())


@pytest.mark.parametrize("obj", [[1, 2], (1.0,), "text", 3, None, {}, object(), range(3)])
def test_what_would_be_copied_is_refused(obj):
    with pytest.raises(TypeError, match="without a copy"):
        as_ndarray(obj)


def test_dtype_that_does_not_fit():
    with pytest.raises(ValueError, match="7 bytes"):
        as_ndarray(bytearray(7), np.int32)
    with pytest.raises(TypeError, match="objects"):
        as_ndarray(bytearray(8), object)
    with pytest.raises(ValueError, match="of windows only"):
        as_ndarray(bytearray(8), rank=0)


# --- windows of mpi4py --------------------------------------------------------------------------


def test_shared_window():
    comm = MPI.COMM_WORLD.Split_type(MPI.COMM_TYPE_SHARED)
    mine = 8 * 4 if comm.rank == 0 else 0
    window = MPI.Win.Allocate_shared(mine, 8, comm=comm)
    view = as_ndarray(window, np.float64)
    assert view.shape == (4,) and view.flags.writeable
    if comm.rank == comm.size - 1:
        view[:] = [1, 2, 3, 4]
    window.Fence()
    assert as_ndarray(window, float).tolist() == [1, 2, 3, 4]
    assert np.frombuffer(window.Shared_query(0)[0], float).tolist() == [1, 2, 3, 4]
    window.Fence()
    del view
    window.Free()
    with pytest.raises(ValueError, match="freed"):
        as_ndarray(window)
    comm.Free()


def test_shared_window_of_each_rank():
    comm = MPI.COMM_WORLD.Split_type(MPI.COMM_TYPE_SHARED)
    window = MPI.Win.Allocate_shared(16, 8, comm=comm)
    as_ndarray(window, np.int64, rank=comm.rank)[:] = comm.rank
    window.Fence()
    for rank in range(comm.size):
        assert as_ndarray(window, np.int64, rank=rank).tolist() == [rank, rank]
    window.Fence()
    window.Free()
    comm.Free()


def test_window_of_ones_own_memory():
    window = MPI.Win.Allocate(24, comm=MPI.COMM_SELF)
    view = as_ndarray(window, np.int64)
    assert view.shape == (3,)
    view[:] = 5
    assert bytes(window.tomemory()) == view.tobytes()
    with pytest.raises(ValueError, match="rank 7"):
        as_ndarray(window, rank=7)
    window.Free()
