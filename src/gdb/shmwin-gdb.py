# SPDX-License-Identifier: MIT
# How gdb 13 and newer print handles and pointers of shmwin: arrays and views with type, shape and
# elements, levels, values, offset_ptr, locks. Loaded with the shared library (auto-load), or by
# hand:
#
#     (gdb) source PREFIX/share/shmwin/shmwin-gdb.py
#     (gdb) print table
#     $1 = array<double> 344 x 403 at 0x7fffe0000000 = {[0,0] = 0.5, [0,1] = 0.25, ...}
#     (gdb) call shmwin_dump()
#
# How many elements: set print elements. Nothing here calls into the program: it works on cores.
import itertools
import re

import gdb
import gdb.printing

DYNAMIC_EXTENT = 2**64 - 1


def arguments(type_):
    """Template arguments as texts: of packs gdb knows nothing else."""
    name = type_.name
    inside = name[name.index("<") + 1:name.rindex(">")]
    found, depth, begin = [], 0, 0
    for at, character in enumerate(inside):
        depth += (character in "<({") - (character in ">)}")
        if character == "," and depth == 0:
            found.append(inside[begin:at].strip())
            begin = at + 1
    return found + [inside[begin:].strip()]


def values_of(std_array, n):
    return [int(std_array["_M_elems"][i]) for i in range(n)] if n > 0 else []


def extents_of(extents):
    """Of shmwin::extents: the static ones are in its type, the others in its only member."""
    statics = [int(re.match(r"\d+", text)[0]) for text in arguments(extents.type.strip_typedefs())[1:]]
    n_dynamic = statics.count(DYNAMIC_EXTENT)
    dynamic = iter(values_of(extents["dynamic_"]["values_"], n_dynamic) if n_dynamic else [])
    return [next(dynamic) if n == DYNAMIC_EXTENT else n for n in statics]


def strides_of(mapping, shape):
    """In elements, by dimension; None for a layout that is not known here."""
    name = mapping.type.strip_typedefs().name
    dimensions = range(len(shape))
    if "::layout_stride::mapping<" in name:
        return values_of(mapping["strides_"]["values_"], len(shape)) if shape else []
    order = None
    if "::layout_right::mapping<" in name:
        order = reversed(dimensions)
    elif "::layout_left::mapping<" in name:
        order = dimensions
    if order is None:
        return None
    strides, n = [0] * len(shape), 1
    for d in order:
        strides[d] = n
        n *= shape[d]
    return strides


def shape_text(shape):
    return " x ".join(map(str, shape)) if shape else "scalar"


def elements_of(first, shape, strides):
    """(name, value) of each element, the last index running fastest."""
    if strides is None or int(first) == 0:
        return
    for index in itertools.product(*map(range, shape)):
        offset = sum(i * stride for i, stride in zip(index, strides))
        yield "[" + ",".join(map(str, index)) + "]", (first + offset).dereference()


class View:
    """mdspan, and what holds one."""

    def __init__(self, value, kind="mdspan"):
        self.kind = kind
        self.first = value["ptr_"]
        self.shape = extents_of(value["map_"]["extents_"])
        self.strides = strides_of(value["map_"], self.shape)
        self.is_plain = self.first.type.strip_typedefs().code == gdb.TYPE_CODE_PTR
        self.element = value.type.strip_typedefs().template_argument(0)

    def to_string(self):
        text = "%s<%s> %s" % (self.kind, self.element, shape_text(self.shape))
        if not self.is_plain:
            return text
        return text + (" at %#x" % int(self.first) if int(self.first) else ", refers to nothing")

    def children(self):
        return elements_of(self.first, self.shape, self.strides) if self.is_plain else iter(())


def array(value):
    return View(value["view_"], "array")


class Levels:
    """Of time levels, the current one."""

    def __init__(self, value):
        type_ = value.type.strip_typedefs()
        self.element = type_.template_argument(0)
        self.shape = extents_of(value["extents_"])
        address = value["where_"]["address"]
        self.is_null = int(address) == 0
        self.first = gdb.Value(0).cast(self.element.pointer())
        self.strides = None
        if self.is_null:
            return
        control = address.cast(gdb.lookup_type("shmwin::v1::detail::levels_control").pointer())
        self.now = int(control["now"]["_M_i"])
        self.n_levels = int(control["n_levels"])
        begin = int(control["first_bytes"]) + self.now * int(control["stride_bytes"])
        self.first = (address + begin).cast(self.element.pointer())
        is_left = arguments(type_)[2].endswith("layout_left")
        shape = self.shape if is_left else self.shape[::-1]
        strides = list(itertools.accumulate([1] + shape[:-1], int.__mul__)) if shape else []
        self.strides = strides if is_left else strides[::-1]

    def to_string(self):
        text = "levels<%s> %s" % (self.element, shape_text(self.shape))
        if self.is_null:
            return text + ", refer to nothing"
        return text + ", %d of them, now is level %d at %#x" % (self.n_levels, self.now, self.first)

    def children(self):
        return elements_of(self.first, self.shape, self.strides)


class ValueHandle:
    def __init__(self, value):
        self.address = value["where_"]["address"]
        self.type = value.type.strip_typedefs().template_argument(0)

    def to_string(self):
        if int(self.address) == 0:
            return "value<%s>, refers to nothing" % self.type
        return self.address.cast(self.type.pointer()).dereference()


class OffsetPtr:
    def __init__(self, value):
        self.target = None
        self.type = value.type.strip_typedefs().template_argument(0)
        self.distance = int(value["distance_"])
        if self.distance != 0 and value.address is not None:
            target = (int(value.address) + 1 + self.distance) % 2**64
            self.target = gdb.Value(target).cast(self.type.pointer())

    def to_string(self):
        text = "offset_ptr<%s>" % self.type
        if self.distance == 0:
            return text + " null"
        if self.target is None:
            return text + ", a copy that is nowhere in memory: where it points is lost"
        return text + " to %#x" % int(self.target)

    def children(self):
        if self.target is not None and self.type.strip_typedefs().code != gdb.TYPE_CODE_VOID:
            yield "*", self.target.dereference()


class MutexState:
    """shmwin/sync/mutex.hpp draws the word."""

    def __init__(self, value):
        self.word = int(value["word_"]["_M_i"])

    def to_string(self):
        who, thread = (self.word & 0xffff) - 1, self.word >> 32
        text = "held by rank %d (thread %d)" % (who, thread) if who >= 0 else "free"
        if self.word & 0x2000_0000:
            text = "not recoverable"
        elif self.word & 0x4000_0000:
            text += ", its data not repaired since a holder died"
        return text


class SyncHandle:
    """What derives from sync_handle<State>: the state it refers to."""

    def __init__(self, value, base):
        self.address = value.cast(base)["where_"]["address"]
        self.state = base.template_argument(0)

    def to_string(self):
        if int(self.address) == 0:
            return "refers to nothing"
        return self.address.cast(self.state.pointer()).dereference()


PRINTERS = {
    "array": array,
    "levels": Levels,
    "mdspan": View,
    "value": ValueHandle,
    "offset_ptr": OffsetPtr,
    "detail::mutex_state": MutexState,
}
NAME = re.compile(r"^shmwin::v1::([a-z_:]+)(<.*>)?$")


def base_of(type_, depth=3):
    """The sync_handle<State> that a class derives from, or None."""
    if depth == 0 or type_.code != gdb.TYPE_CODE_STRUCT:
        return None
    for field in type_.fields():
        if not field.is_base_class:
            break
        base = field.type.strip_typedefs()
        if (base.name or "").startswith("shmwin::v1::detail::sync_handle<"):
            return base
        deeper = base_of(base, depth - 1)
        if deeper is not None:
            return deeper
    return None


class Printers(gdb.printing.PrettyPrinter):
    def __init__(self):
        super().__init__("shmwin", [gdb.printing.SubPrettyPrinter(name) for name in PRINTERS])

    def __call__(self, value):
        type_ = value.type.strip_typedefs()
        if type_.code in (gdb.TYPE_CODE_REF, gdb.TYPE_CODE_RVALUE_REF):
            value = value.referenced_value()
            type_ = value.type.strip_typedefs()
        found = NAME.match(type_.unqualified().name or "")
        if not found:
            return None
        for each in self.subprinters:
            if each.name == found[1]:
                return PRINTERS[each.name](value) if each.enabled else None
        base = base_of(type_)
        return SyncHandle(value, base) if base is not None else None


gdb.printing.register_pretty_printer(gdb.current_objfile(), Printers(), replace=True)
