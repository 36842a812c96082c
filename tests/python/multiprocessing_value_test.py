# SPDX-License-Identifier: MIT
# ranks: 1 2 4
"""What CPython's tests assert of multiprocessing's Value and Array, of ours. See README.md."""
import copy
import ctypes
import multiprocessing
import pickle

import numpy as np
import pytest
from mpi4py import MPI

import shmwin
from shmwin.sync import Array, Barrier, Lock, RLock, Value

COMM = MPI.COMM_WORLD
VALUES = [
    ("i", 4343, 24234),
    ("d", 3.625, -4.25),
    ("h", -232, 234),
    ("q", 2**33, 2**34),
    ("c", b"x", b"y"),
    (ctypes.c_bool, True, False),
]


class Point(ctypes.Structure):
    _fields_ = [("x", ctypes.c_int), ("y", ctypes.c_double)]


@pytest.fixture(scope="module")
def meet():
    """Waits for all ranks."""
    return Barrier(COMM.size).wait


# --- Value --------------------------------------------------------------------------------------


@pytest.mark.parametrize("lock", [True, False])
@pytest.mark.parametrize("code, first, second", VALUES)
def test_value_begins_as_told_and_is_changed_by_another_rank(meet, code, first, second, lock):
    value = Value(code, first, lock=lock)
    assert value.value == first
    meet()
    if COMM.rank == COMM.size - 1:
        value.value = second
    meet()
    assert value.value == second


def test_value_is_zero_without_an_initial_one():
    assert Value("i").value == 0 and Value("d").value == 0.0


def test_lock_of_value():
    """get_lock() and get_obj() are there but for lock=False; a given lock is the one."""
    value = Value("i", 5)
    assert hasattr(value.get_lock(), "acquire") and value.get_obj().value == 5
    assert Value("i", 5, lock=True).get_lock() is not None
    lock = Lock()
    of_given = Value("i", 5, lock=lock)
    assert of_given.get_lock() is lock
    assert of_given.get_obj().value == 5 and of_given.value == 5
    raw = Value("i", 5, lock=False)
    assert not hasattr(raw, "get_lock") and not hasattr(raw, "get_obj")
    with pytest.raises(AttributeError):
        Value("i", 5, lock="navalue")


def test_value_with_a_lock_of_another_kind(meet):
    lock = multiprocessing.RLock()
    value = Value("i", 2, lock=lock)
    if COMM.rank == 0:  # this lock is of each rank alone
        value.value += 1
        with value:
            assert value.value == 3 and lock.acquire(False)
            lock.release()
        assert lock._semlock._is_mine() is False
    meet()


def test_ranks_lose_no_increment(meet):
    value = Value("i", 0)
    for _ in range(500):
        with value.get_lock():
            value.value += 1
    meet()
    assert value.value == 500 * COMM.size


def test_value_is_a_context_and_has_acquire_and_release():
    value = Value("i", 1)
    with value:
        assert value.get_lock()._is_mine()
    assert value.acquire()
    value.release()
    assert not value.get_lock()._is_mine()


def test_value_of_wrong_type_raises_and_unlocks():
    value = Value("i", 1)
    with pytest.raises(TypeError):
        value.value = "text"
    assert not value.get_lock()._is_mine()
    assert value.value == 1


def test_value_of_a_structure(meet):
    point = Value(Point, 3, 0.5)
    assert (point.x, point.y) == (3, 0.5)
    meet()
    with point:
        point.x += 1
    meet()
    assert point.x == 3 + COMM.size
    assert shmwin.as_ndarray(point)["x"] == point.x
    with pytest.raises(AttributeError):
        point.z


def test_unknown_typecode_and_addresses_are_refused():
    with pytest.raises(ValueError, match="no typecode"):
        Value("Z")
    with pytest.raises(TypeError, match="address"):
        Value(ctypes.c_void_p)


# --- Array --------------------------------------------------------------------------------------


@pytest.mark.parametrize("lock", [True, False])
def test_array_elements_slices_and_what_another_rank_does(meet, lock):
    given = [680, 626, 934, 821, 150, 233, 548, 982, 714, 831]
    array = Array("i", given, lock=lock)
    assert len(array) == len(given)
    assert array[2] == given[2] and array[2:6] == given[2:6] and list(array[:]) == given
    assert list(array) == given
    meet()
    if COMM.rank == 0:
        array[4:8] = [1, 2, 3, 4]
        for i in range(1, len(array)):
            array[i] += array[i - 1]
    meet()
    given[4:8] = [1, 2, 3, 4]
    assert array[:] == np.cumsum(given).tolist()


def test_array_from_size_is_zero(meet):
    array = Array("i", 10)
    assert len(array) == 10 and list(array) == [0] * 10
    meet()
    array[:] = range(10)
    assert array[:] == list(range(10)) and list(reversed(array[:])) == list(range(9, -1, -1))


def test_array_from_size_is_zero_where_another_was(meet):
    for _ in range(3):
        array = Array("i", 10)
        assert list(array) == [0] * 10
        meet()
        array[:] = range(10)
        del array


def test_array_accepts_long_and_refuses_negative():
    assert len(Array("i", 10**2)) == 100
    with pytest.raises(ValueError):
        Array("i", -1)
    with pytest.raises(TypeError):
        Array("i", 3.5)


def test_array_of_none():
    array = Array("d", 0)
    assert len(array) == 0 and array[:] == [] and shmwin.as_ndarray(array).shape == (0,)
    with pytest.raises(IndexError):
        array[0]


def test_lock_of_array():
    array = Array("i", range(10), lock=True)
    assert hasattr(array.get_lock(), "acquire") and len(array.get_obj()) == 10
    lock = RLock()
    assert Array("i", range(10), lock=lock).get_lock() is lock
    raw = Array("i", range(10), lock=False)
    assert not hasattr(raw, "get_lock") and not hasattr(raw, "get_obj")
    with pytest.raises(AttributeError):
        Array("i", range(10), lock="notalock")


def test_bytes_have_value_and_raw(meet):
    array = Array("c", b"hello\0rest")
    assert array.value == b"hello" and array.raw == b"hello\0rest" and array[1] == b"e"
    meet()
    if COMM.rank == COMM.size - 1:
        array.value = b"hi"
    meet()
    assert array.value == b"hi" and array.raw == b"hi\0lo\0rest"
    assert Array(ctypes.c_char, 3).raw == b"\0\0\0"


def test_array_of_structures():
    array = Array(Point, [(i, i / 2) for i in range(4)])
    assert [(each.x, each.y) for each in array] == [(i, i / 2) for i in range(4)]
    assert shmwin.as_ndarray(array)["y"].tolist() == [0, 0.5, 1, 1.5]


def test_double_every_member(meet):
    """Values, arrays and structures under one lock, changed by another rank."""
    lock = RLock()
    x = Value("i", 7, lock=lock)
    y = Value(ctypes.c_double, 1.0 / 3.0, lock=lock)
    pair = Value(Point, 3, 2.0, lock=lock)
    numbers = Array("d", range(10), lock=lock)
    text = Array("c", 20, lock=lock)
    text.value = b"hello"
    meet()
    if COMM.rank == COMM.size - 1:
        with lock:
            x.value *= 2
            y.value *= 2
            pair.x *= 2
            pair.y *= 2
            text.value *= 2
            for i in range(len(numbers)):
                numbers[i] *= 2
    meet()
    assert x.value == 14 and y.value == pytest.approx(2.0 / 3.0)
    assert (pair.x, pair.y) == (6, 4.0)
    assert numbers[:] == [2.0 * i for i in range(10)]
    assert text.value == b"hellohello"


def test_copy_of_ctypes_is_no_other_view(meet):
    """As of multiprocessing.sharedctypes.copy: what is copied out does not change."""
    point = Value(Point, 1, 5.0, lock=False)
    private = copy.copy(point)
    meet()
    point.x = 12
    assert private.x == 1


# --- as ndarrays --------------------------------------------------------------------------------


@pytest.mark.parametrize("lock", [True, False])
def test_ndarray_views_the_same_bytes(meet, lock):
    array, value = Array("H", 5, lock=lock), Value("L", 3, lock=lock)
    elements, scalar = shmwin.as_ndarray(array), shmwin.as_ndarray(value)
    assert elements.dtype == np.uint16 and scalar.dtype == np.dtype("L") and scalar.shape == ()
    meet()
    if COMM.rank == 0:
        elements[2] = 2**16 - 1
        scalar[...] = 2 * 9
    meet()
    assert array[2] == 2**16 - 1 and value.value == 18


def test_ndarray_keeps_the_memory():
    view = shmwin.as_ndarray(Array("i", range(1000)))
    others = [Array("i", 1000) for _ in range(5)]
    for each in others:
        each[:] = [-1] * 1000
    assert view.tolist() == list(range(1000))


# --- references ---------------------------------------------------------------------------------


def test_what_is_sent_is_the_receivers_own(meet):
    value, array, lock = Value("i", 1), Array("d", 3), Lock()
    sent = COMM.bcast((value, array, lock) if COMM.rank == 0 else None)
    assert sent[0] is value and sent[1] is array and sent[2] is lock
    assert copy.deepcopy(value) is value
    meet()


def test_reference_to_what_was_dropped():
    value = Value("i", 1)
    reference = pickle.dumps(value)
    del value
    with pytest.raises(LookupError, match="SynchronizedValue is not in this process"):
        pickle.loads(reference)


# --- what is different under mpirun -------------------------------------------------------------


def test_ranks_that_differ_are_told():
    if COMM.size == 1:
        pytest.skip("there is nobody to differ from")
    segment = shmwin.Segment(capacity="4 MiB")
    with pytest.raises(shmwin.Disagreement):
        Value("i", COMM.rank, segment=segment)
    with pytest.raises(shmwin.Disagreement):
        if COMM.rank == 0:
            Value("i", 0, segment=segment)
        else:
            Array("d", 100, segment=segment)
    assert Value("i", 3, segment=segment).value == 3  # and goes on
    segment.close()


def test_objects_of_a_closed_segment():
    segment = shmwin.Segment(capacity="4 MiB")
    value, lock = Value("i", 4, segment=segment), Lock(segment=segment)
    view = shmwin.as_ndarray(value)
    segment.close()
    assert view == 4  # the memory stays
    with pytest.raises(shmwin.Closed):
        lock.acquire()
    with pytest.raises(shmwin.Closed):
        value.value
    with pytest.raises(shmwin.Closed):
        Lock(segment=segment)
