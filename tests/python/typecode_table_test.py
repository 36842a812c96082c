# SPDX-License-Identifier: MIT
# ranks: 1 2
"""The table that recipes of 2008 wrote by hand, without its mistakes: each type of ctypes and each
typecode of multiprocessing, as Array and as Value, seen by the parent, a forked and a spawned child.

NumPy's letters name types of C, as its own build found them: they are the truth to compare with.
"""
import ctypes
import multiprocessing
import os
import struct
from multiprocessing import sharedctypes

import numpy as np
import pytest

from shmwin import as_ndarray


class Particle(ctypes.Structure):
    _fields_ = [("x", ctypes.c_double), ("id", ctypes.c_uint32), ("alive", ctypes.c_bool)]


class Pair(ctypes.Structure):
    _fields_ = [("both", Particle * 2), ("weight", ctypes.c_float)]


# pickle finds types by their name, of arrays too.
c_double_Array_3 = ctypes.c_double * 3
c_uint_Array_3 = ctypes.c_uint * 3
c_uint_Array_3_Array_2 = c_uint_Array_3 * 2

PARTICLE = np.dtype([("x", "d"), ("id", "I"), ("alive", "?")], align=True)
PAIR = np.dtype([("both", PARTICLE, (2,)), ("weight", "f")], align=True)

# Type, its dtype in NumPy's letters, and values at the edge of its range.
TABLE = {
    "c_bool": (ctypes.c_bool, "?", [True, False]),
    "c_char": (ctypes.c_char, "S1", [b"\xff", b"a"]),
    "c_wchar": (ctypes.c_wchar, "U1", ["\U0001f600", "ß"]),
    "c_byte": (ctypes.c_byte, "b", "signed"),
    "c_ubyte": (ctypes.c_ubyte, "B", "unsigned"),
    "c_short": (ctypes.c_short, "h", "signed"),
    "c_ushort": (ctypes.c_ushort, "H", "unsigned"),
    "c_int": (ctypes.c_int, "i", "signed"),
    "c_uint": (ctypes.c_uint, "I", "unsigned"),
    "c_long": (ctypes.c_long, "l", "signed"),
    "c_ulong": (ctypes.c_ulong, "L", "unsigned"),
    "c_longlong": (ctypes.c_longlong, "q", "signed"),
    "c_ulonglong": (ctypes.c_ulonglong, "Q", "unsigned"),
    "c_int8": (ctypes.c_int8, "i1", "signed"),
    "c_uint8": (ctypes.c_uint8, "u1", "unsigned"),
    "c_int16": (ctypes.c_int16, "i2", "signed"),
    "c_uint16": (ctypes.c_uint16, "u2", "unsigned"),
    "c_int32": (ctypes.c_int32, "i4", "signed"),
    "c_uint32": (ctypes.c_uint32, "u4", "unsigned"),
    "c_int64": (ctypes.c_int64, "i8", "signed"),
    "c_uint64": (ctypes.c_uint64, "u8", "unsigned"),
    "c_size_t": (ctypes.c_size_t, "P", "unsigned"),
    "c_ssize_t": (ctypes.c_ssize_t, "p", "signed"),
    "c_float": (ctypes.c_float, "f", [0.5, -3.0e38]),
    "c_double": (ctypes.c_double, "d", [0.1, -1.7e308]),
    "c_longdouble": (ctypes.c_longdouble, "g", [0.1, -1.7e308]),
    "Particle": (Particle, PARTICLE, [(0.1, 2**32 - 1, True), (-2.5, 7, False)]),
    "Pair": (Pair, PAIR, [([(1.5, 2, True), (2.5, 3, False)], 4.0), ([(0, 0, False)] * 2, 1.0)]),
    "c_double[3]": (c_double_Array_3, ("d", (3,)), [(1, 2, 3), (0.1, 0.2, 0.3)]),
    "c_uint[2][3]": (c_uint_Array_3_Array_2, ("I", (2, 3)), [2**32 - 1, 5]),
    "code c": ("c", "S1", [b"\xff", b"a"]),
    "code u": ("u", "U1", ["\U0001f600", "ß"]),
    "code b": ("b", "b", "signed"),
    "code B": ("B", "B", "unsigned"),
    "code h": ("h", "h", "signed"),
    "code H": ("H", "H", "unsigned"),
    "code i": ("i", "i", "signed"),
    "code I": ("I", "I", "unsigned"),
    "code l": ("l", "l", "signed"),
    "code L": ("L", "L", "unsigned"),
    "code q": ("q", "q", "signed"),
    "code Q": ("Q", "Q", "unsigned"),
    "code f": ("f", "f", [0.5, -3.0e38]),
    "code d": ("d", "d", [0.1, -1.7e308]),
}
LENGTH = 3


def expected(name):
    """The dtype of one element, and its own dimensions."""
    dtype = np.dtype(TABLE[name][1])
    return (dtype, ()) if dtype.subdtype is None else dtype.subdtype


def values(name):
    """One that the parent stores, and one that a child stores."""
    edges = TABLE[name][2]
    dtype, shape = expected(name)
    if edges == "signed":
        edges = [np.iinfo(dtype).min, -1]
    elif edges == "unsigned":
        edges = [np.iinfo(dtype).max, np.iinfo(dtype).max // 2 + 1]
    made = [np.empty(shape, dtype), np.empty(shape, dtype)]
    for array, edge in zip(made, edges):
        array[...] = edge
    return made


def store(array, value, wanted):
    """Through the views."""
    as_ndarray(array)[1] = wanted
    as_ndarray(value)[...] = wanted


def same(a, b):
    """Equal in value, and bit for bit but for pad."""
    return a.dtype == b.dtype and a.shape == b.shape and np.array_equal(a, b)


def mistakes(name, array, value, wanted):
    """What is wrong with the views of an Array and a Value in which `wanted` was stored."""
    dtype, shape = expected(name)
    of_array, of_value = as_ndarray(array), as_ndarray(value)
    found = []
    if (of_array.dtype, of_array.shape) != (dtype, (LENGTH, *shape)):
        found.append(f"Array: {of_array.dtype} {of_array.shape}")
    if (of_value.dtype, of_value.shape) != (dtype, shape):
        found.append(f"Value: {of_value.dtype} {of_value.shape}")
    if not same(of_array[1], wanted if shape else wanted[()]):
        found.append(f"Array holds {of_array[1]!r}, not {wanted!r}")
    if not same(of_value, wanted):
        found.append(f"Value holds {of_value!r}, not {wanted!r}")
    return found


def in_child(shared, answers):
    """Looks at what the parent stored, then stores the other value."""
    for name, (array, value) in shared.items():
        before, after = values(name)
        found = mistakes(name, array, value, before)
        store(array, value, after)
        answers.put((name, found))
    answers.close()


def is_of_mpirun(name):
    """Without these settings a spawned child is no rank."""
    return name.startswith(("OMPI_", "PMIX_", "PMI_", "HYDI_", "HYDRA_"))


@pytest.fixture(scope="module", params=["fork", "spawn"])
def seen(request):
    """What one child found, and the objects as it left them."""
    context = multiprocessing.get_context(request.param)
    of_mpirun = {key: os.environ.pop(key) for key in list(os.environ) if is_of_mpirun(key)}
    try:
        shared = {}
        for name, (ctype, _, _) in TABLE.items():
            shared[name] = context.Array(ctype, LENGTH), context.Value(ctype)
            store(*shared[name], values(name)[0])
        answers = context.Queue()
        child = context.Process(target=in_child, args=(shared, answers))
        child.start()
        found = dict(answers.get(timeout=120) for _ in TABLE)
        child.join()
    finally:
        os.environ.update(of_mpirun)
    assert child.exitcode == 0
    return shared, found


@pytest.mark.parametrize("name", TABLE)
def test_in_a_child(seen, name):
    assert seen[1][name] == []


@pytest.mark.parametrize("name", TABLE)
def test_what_a_child_stored(seen, name):
    array, value = seen[0][name]
    assert mistakes(name, array, value, values(name)[1]) == []


@pytest.mark.parametrize("name", TABLE)
@pytest.mark.parametrize("lock", [True, False])
def test_in_the_parent(name, lock):
    ctype = TABLE[name][0]
    array = multiprocessing.Array(ctype, LENGTH, lock=lock)
    value = multiprocessing.Value(ctype, lock=lock)
    for wanted in values(name):
        store(array, value, wanted)
        assert mistakes(name, array, value, wanted) == []


@pytest.mark.parametrize("name", TABLE)
def test_bytes_are_those_of_ctypes(name):
    ctype = TABLE[name][0]
    raw = multiprocessing.RawArray(ctype, LENGTH)
    view = as_ndarray(raw)
    assert view.nbytes == ctypes.sizeof(raw)
    assert view.ctypes.data == ctypes.addressof(raw)
    ctypes.memmove(raw, bytes(range(1, 1 + ctypes.sizeof(raw))), ctypes.sizeof(raw))
    assert view.tobytes() == bytes(raw)


@pytest.mark.parametrize("name", [n for n in TABLE if expected(n)[0].kind in "?SUiuf"])
def test_what_python_stores_the_view_shows(name):
    if expected(name)[1]:
        pytest.skip("no scalar")
    wanted = values(name)[0]
    array = multiprocessing.Array(TABLE[name][0], LENGTH)
    value = multiprocessing.Value(TABLE[name][0])
    array[1] = value.value = wanted.item() if wanted.dtype.char != "g" else float(wanted)
    assert as_ndarray(array)[1] == wanted and as_ndarray(value)[()] == wanted


@pytest.mark.parametrize("code", sorted(sharedctypes.typecode_to_type))
def test_no_typecode_is_forgotten(code):
    ctype, letter, _ = TABLE["code " + code]
    assert ctype == code
    if code not in "cu":
        assert np.dtype(letter).itemsize == struct.calcsize("@" + code)


def test_no_scalar_of_ctypes_is_forgotten():
    scalar = ctypes.c_int.__mro__[1]
    known = {each for each, _, _ in TABLE.values() if isinstance(each, type)}
    holders_of_addresses = {ctypes.c_void_p, ctypes.c_char_p, ctypes.c_wchar_p, ctypes.py_object}
    for each in vars(ctypes).values():
        if isinstance(each, type) and issubclass(each, scalar) and each is not scalar:
            assert each in known | holders_of_addresses, each.__name__


# --- where the old table was wrong --------------------------------------------------------------


@pytest.mark.parametrize(
    "code, old, stored, misread",
    [
        ("B", "i1", 2**8 - 1, -1),
        ("H", "i2", 2**16 - 1, -1),
        ("I", "i4", 2**32 - 1, -1),
        ("L", "i8", 2**64 - 1, -1),
    ],
)
def test_the_old_table_took_unsigned_for_signed(code, old, stored, misread):
    if struct.calcsize("@" + code) != np.dtype(old).itemsize:
        pytest.skip("another width on this platform")
    array = multiprocessing.Array(code, [stored])
    view = as_ndarray(array)
    assert view.dtype.kind == "u" and view[0] == stored
    assert view.view(old)[0] == misread


@pytest.mark.parametrize("code, old", [("l", "i4"), ("L", "i4")])
def test_the_old_table_took_long_for_32_bits(code, old):
    if struct.calcsize("@l") == 4:
        pytest.skip("long has 32 bits on this platform")
    array = multiprocessing.Array(code, [2**32, 7])
    view = as_ndarray(array)
    assert view.itemsize == 8 and view.tolist() == [2**32, 7]
    assert np.frombuffer(array.get_obj(), old)[:2].tolist() == [0, 1]  # halves of the first


def test_the_old_table_took_wchar_for_16_bits():
    if ctypes.sizeof(ctypes.c_wchar) == 2:
        pytest.skip("wchar_t has 16 bits on this platform")
    array = multiprocessing.Array("u", "\U0001f600b")
    view = as_ndarray(array)
    assert view.itemsize == 4 and view.tolist() == ["\U0001f600", "b"]
    assert np.frombuffer(array.get_obj(), "i2")[:2].tolist() == [-0x0A00, 1]  # not even two letters
