# SPDX-License-Identifier: MIT
"""The NumPy dtype of a ctypes type.

Nothing here lists types by name: kind, signedness and width are those that ctypes itself shows on
this platform, so `long`, `wchar_t` and the rest cannot be wrong.
"""
from __future__ import annotations

import ctypes
from typing import Any

import numpy as np

_SIMPLE, CDATA = ctypes.c_int.__mro__[1:3]  # what all scalars, and all objects, of ctypes are
_POINTER = ctypes.POINTER(ctypes.c_int).__mro__[1]
_FUNCTION = ctypes.CFUNCTYPE(None).__mro__[1]
_ADDRESS = "it holds an address, which means nothing in another process"


def view_of_ctypes(obj: Any) -> np.ndarray:
    """The array over an object of ctypes; it keeps the object."""
    ctype, shape = type(obj), []
    if isinstance(obj, (_POINTER, _FUNCTION)):
        raise TypeError(
            f"a {ctype.__name__} is a pointer (how much is behind it is unknown; "
            "ctypes.cast(p, ctypes.POINTER(type * n)).contents tells)"
        )
    while issubclass(ctype, ctypes.Array):
        shape.append(ctype._length_)
        ctype = ctype._type_
    return np.ndarray(shape, dtype_of_ctype(ctype), buffer=obj)


def dtype_of_ctype(ctype: type) -> np.dtype:
    """The dtype with the bytes of a ctypes type, members at their offsets.

    Parameters
    ----------
    ctype : type
        A scalar type of ctypes, a structure, union or array of such, in either byte order.

    Raises
    ------
    TypeError
        Pointers, functions, `py_object`; structures with such members or with bit fields.
    """
    if issubclass(ctype, ctypes.Array):
        return np.dtype((dtype_of_ctype(ctype._type_), (ctype._length_,)))
    if issubclass(ctype, (ctypes.Structure, ctypes.Union)):
        return _of_structure(ctype)
    if issubclass(ctype, _SIMPLE):
        return _of_scalar(ctype)
    raise TypeError(f"{ctype.__name__} has no dtype ({_ADDRESS})")


def _of_structure(ctype: type) -> np.dtype:
    names, formats, offsets = [], [], []
    for member in _members(ctype):
        if len(member) > 2:
            raise TypeError(
                f"{ctype.__name__} has no dtype (its member {member[0]!r} is a bit field)"
            )
        name, member_type = member
        names.append(name)
        formats.append(dtype_of_ctype(member_type))
        offsets.append(getattr(ctype, name).offset)
    return np.dtype(
        {
            "names": names,
            "formats": formats,
            "offsets": offsets,
            "itemsize": ctypes.sizeof(ctype),
        }
    )


def _members(ctype: type) -> list[tuple[Any, ...]]:
    found: list[tuple[Any, ...]] = []
    for each in reversed(ctype.__mro__):  # those of its bases come first
        found.extend(each.__dict__.get("_fields_", ()))
    return found


def _of_scalar(ctype: Any) -> np.dtype:
    size = ctypes.sizeof(ctype)
    try:
        zero = ctype().value
    except ValueError:  # py_object: NULL
        zero = None
    if zero is None:
        raise TypeError(f"{ctype.__name__} has no dtype ({_ADDRESS})")
    return np.dtype(_letter(ctype, zero, size)).newbyteorder(_byte_order(ctype))


def _letter(ctype: Any, zero: Any, size: int) -> str:
    if isinstance(zero, bool):
        return f"u{size}" if size > 1 else "?"
    if isinstance(zero, bytes):
        return f"S{size}"
    if isinstance(zero, str):  # UCS-4 where wchar_t has 4 bytes; else NumPy has no such character
        return "U1" if size == np.dtype("U1").itemsize else f"u{size}"
    if isinstance(zero, float):
        return np.longdouble if size == np.dtype(np.longdouble).itemsize else f"f{size}"
    return f"i{size}" if ctype(-1).value == -1 else f"u{size}"


def _byte_order(ctype: Any) -> str:
    if getattr(ctype, "__ctype_be__", None) is ctype:
        return ">"
    if getattr(ctype, "__ctype_le__", None) is ctype:
        return "<"
    return "="
