# SPDX-License-Identifier: MIT
# ranks: 1
"""Element types between the library and NumPy, both ways."""

import numpy as np
import pytest

from shmwin import _core


def there(dtype):
    return _core.signature(dtype)


def back(signature):
    return _core.dtype_of(signature)


@pytest.mark.parametrize("signature", _core.signatures())
def test_every_scalar_comes_back(signature):
    dtype = back(signature)
    assert there(dtype) == signature
    assert np.zeros(3, dtype).nbytes == 3 * dtype.itemsize


@pytest.mark.parametrize("letter", "?bhilqBHILQfdgFDG")
def test_every_number_of_numpy_is_itself(letter):
    asked = np.dtype(letter)
    found = back(there(asked))
    assert found == asked
    assert (found.kind, found.itemsize, found.alignment) == (
        asked.kind, asked.itemsize, asked.alignment)


def test_ctypes_have_the_width_of_the_platform():
    assert there("l") == there("i8")  # LP64
    assert there("i") == "int32"
    assert there("L") == "uint64"


@pytest.mark.parametrize("signature, numpy", [
    ("char", "S1"), ("byte", "V1"), ("string16", "S16"),
    ("char32[7]", "U7"),
    ("wchar32[7]", "U7"),
    ("enum int32{red=0,green=1}", "i4"),
    ("enum uint64{most=18446744073709551615}", "u8"),
    ("float64[3,2]", ("f8", (3, 2))),
    ("char32[3,7]", ("U7", (3,))),
    ("struct 9 align 1{a int8 @0, b float64 @1}",
     {"names": ["a", "b"], "formats": ["i1", "f8"], "offsets": [0, 1], "itemsize": 9}),
    ("struct 24{x float64 @0, id int32[2] @8, on bool @16}",
     {"names": ["x", "id", "on"], "formats": ["f8", ("i4", (2,)), "?"],
      "offsets": [0, 8, 16], "itemsize": 24}),
    ("struct 64 align 64{x float64 @0}",
     {"names": ["x"], "formats": ["f8"], "offsets": [0], "itemsize": 64}),
])
def test_made_types(signature, numpy):
    dtype = back(signature)
    assert dtype == np.dtype(numpy)
    assert there(dtype) == signature


def test_names_of_an_enumeration_are_where_h5py_looks():
    h5py = pytest.importorskip("h5py")
    dtype = back("enum int32{red=-1,green=1}")
    assert h5py.check_enum_dtype(dtype) == {"green": 1, "red": -1}


def test_nested_structures_and_fields_out_of_order():
    inner = np.dtype({"names": ["b", "a"], "formats": ["S3", "f4"], "offsets": [4, 0]})
    outer = np.dtype([("k", "u2"), ("inner", inner, (2,)), ("name", "U5")])
    found = back(there(outer))
    assert found.itemsize == outer.itemsize
    assert found.fields["inner"][1] == outer.fields["inner"][1]
    assert found["inner"].subdtype[0].fields["b"][1] == 4


def test_metadata_of_other_bytes_is_not_believed():
    assert there(np.dtype("f8", metadata={"shmwin": "int32"})) == "float64"
    assert there(np.dtype("f8", metadata={"other": 1})) == "float64"


@pytest.mark.parametrize("dtype, why", [
    ("O", "pointers"), ([("a", "O")], "pointers"), (">f8", "byte order"),
    ([("a", "f8"), ("b", ">i4")], "byte order"), ("M8[s]", "dates"), ("m8[s]", "dates"),
    ("f2", "half precision"), ("S", "length"), ("U", "length"), ("V5", "structure"),
    ({"names": ["a", "b"], "formats": ["f8", "i4"], "offsets": [0, 4]}, "overlap"),
    ([], "no"),
])
def test_what_cannot_be_shared_is_refused(dtype, why):
    with pytest.raises(TypeError, match=why):
        there(dtype)


def test_what_is_no_type_is_numpys_error():
    with pytest.raises(TypeError):
        there("no such type")
