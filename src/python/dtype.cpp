// SPDX-License-Identifier: MIT
// The one file that maps element types to NumPy's and back.
//
//     shmwin                      NumPy
//     bool, int8 ... complex256   the same
//     byte                        V1
//     char; string of N bytes     S1, with metadata; SN
//     wchar_t, char32_t           U1, the first with metadata
//     array of n of these         Un: NumPy's text is 4 bytes a character, in any array of them
//     char8_t, char16_t           u1, u2, with metadata
//     enumeration                 its integer; names in the metadata, h5py's "enum" too
//     array                       a subarray
//     structure                   fields at the same offsets
#include "python/dtype.hpp"

#include "shmwin/base/error.hpp"
#include "shmwin/base/text.hpp"

#include <algorithm>
#include <deque>
#include <limits>
#include <string>
#include <vector>

namespace shmwin::python {
namespace {

constexpr char const* metadata_key = "shmwin"; // holds a signature

[[noreturn]] void refuse(py::dtype const& type, char const* why) {
    throw py::type_error(detail::text(
        "element type ", std::string(py::repr(type)), " cannot be shared (", why, ")"));
}

py::object numpy_dtype() {
    return py::module_::import("numpy").attr("dtype");
}

py::dtype plain(std::string const& name) {
    return py::dtype(name);
}

py::dtype sized(char letter, std::size_t n_bytes) {
    return plain(letter + std::to_string(n_bytes));
}

py::dtype text_of(std::int64_t n_characters) {
    return plain('U' + std::to_string(n_characters));
}

bool is_text_unit(dtype const& type) {
    return type.n_bytes() == 4
           && (type.kind() == dtype_kind::unicode || type.kind() == dtype_kind::wide_character);
}

py::dtype subarray(py::dtype const& element, std::span<std::int64_t const> extents) {
    if (extents.empty()) return element;
    py::tuple shape(extents.size());
    for (std::size_t d = 0; d < extents.size(); ++d)
        shape[d] = extents[d];
    return numpy_dtype()(py::make_tuple(element, shape));
}

py::dtype array_to_numpy(dtype const& type) {
    if (!is_text_unit(type.element())) return subarray(to_numpy(type.element()), type.extents());
    auto const extents = type.extents();
    return subarray(text_of(extents.back()), extents.first(extents.size() - 1));
}

py::dtype structure_to_numpy(dtype const& type) {
    py::list names;
    py::list formats;
    py::list offsets;
    for (auto const& each : type.members()) {
        names.append(py::str(std::string(each.name)));
        formats.append(to_numpy(each.type));
        offsets.append(each.offset);
    }
    return py::dtype(names, formats, offsets, static_cast<py::ssize_t>(type.n_bytes()));
}

// Without metadata. NOLINTBEGIN(misc-no-recursion): as deep as the type
py::dtype plain_to_numpy(dtype const& type) {
    auto const n_bytes = type.n_bytes();
    switch (type.kind()) {
    case dtype_kind::boolean:
        return plain("?");
    case dtype_kind::raw_byte:
        return sized('V', n_bytes);
    case dtype_kind::character:
    case dtype_kind::string:
        return sized('S', n_bytes);
    case dtype_kind::wide_character:
    case dtype_kind::unicode:
        return n_bytes == 4 ? text_of(1) : sized('u', n_bytes);
    case dtype_kind::signed_integer:
        return sized('i', n_bytes);
    case dtype_kind::unsigned_integer:
        return sized('u', n_bytes);
    case dtype_kind::floating:
        return sized('f', n_bytes);
    case dtype_kind::complex:
        return sized('c', n_bytes);
    case dtype_kind::enumeration:
        return to_numpy(type.element());
    case dtype_kind::array:
        return array_to_numpy(type);
    case dtype_kind::structure:
        return structure_to_numpy(type);
    }
    raise(errc::unsupported,
          detail::text("element type is not known to NumPy (\"", type.signature(), "\")"));
}
// NOLINTEND(misc-no-recursion)

// Of C++'s numbers, the one of that kind and size: NumPy's long double is the platform's.
dtype number(py::dtype const& type, dtype_kind kind) {
    auto const n_bytes = static_cast<std::size_t>(type.itemsize());
    std::optional<dtype> found;
    for_each_dtype([&](dtype const& each) {
        if (each.kind() == kind && each.n_bytes() == n_bytes) found = each;
    });
    if (!found)
        refuse(type, "the library has no number of that size; half precision is stored as u2");
    return *found;
}

// NOLINTBEGIN(misc-no-recursion): as deep as the type
dtype structure_from_numpy(py::dtype const& type) {
    auto const fields = py::dict(type.attr("fields"));
    std::deque<std::string> names;
    std::vector<dtype_member> members;
    for (auto const& each : py::tuple(type.attr("names"))) {
        auto const field = py::tuple(fields[each]);
        auto const& name = names.emplace_back(py::cast<std::string>(each));
        members.push_back(
            {name, py::cast<std::size_t>(field[1]), from_numpy(py::cast<py::dtype>(field[0]))});
    }
    std::ranges::stable_sort(members, {}, &dtype_member::offset);
    try {
        return dtype::structure(members, static_cast<std::size_t>(type.itemsize()));
    } catch (argument_error const& failed) {
        refuse(type, failed.what());
    }
}

dtype subarray_from_numpy(py::tuple const& subdtype) {
    auto const element = from_numpy(py::cast<py::dtype>(subdtype[0]));
    auto const extents = py::cast<std::vector<std::int64_t>>(subdtype[1]);
    try {
        return dtype::array(element, extents);
    } catch (argument_error const& failed) {
        throw py::type_error(failed.what());
    }
}

// 'U' is one character, or an array of them.
dtype text_from_numpy(py::dtype const& type) {
    std::int64_t const n = type.itemsize() / 4;
    if (n == 0) refuse(type, "text of no bytes; say its length: \"U16\"");
    return n == 1 ? dtype_of<char32_t> : dtype::array(dtype_of<char32_t>, std::span(&n, 1));
}

dtype string_from_numpy(py::dtype const& type) {
    if (type.itemsize() == 0) refuse(type, "text of no bytes; say its length: \"S16\"");
    return dtype::string(static_cast<std::size_t>(type.itemsize()));
}

// By NumPy's letters of kinds.
dtype plain_from_numpy(py::dtype const& type) {
    if (!type.attr("subdtype").is_none()) return subarray_from_numpy(type.attr("subdtype"));
    if (!type.attr("fields").is_none()) return structure_from_numpy(type);
    switch (type.kind()) {
    case 'b':
        return dtype_of<bool>;
    case 'i':
        return number(type, dtype_kind::signed_integer);
    case 'u':
        return number(type, dtype_kind::unsigned_integer);
    case 'f':
        return number(type, dtype_kind::floating);
    case 'c':
        return number(type, dtype_kind::complex);
    case 'S':
        return string_from_numpy(type);
    case 'U':
        return text_from_numpy(type);
    case 'V':
        if (type.itemsize() == 1) return dtype_of<std::byte>;
        refuse(type, "raw bytes have no structure; say (\"V1\", n), or fields");
    case 'O':
        refuse(type, "objects are pointers, which mean nothing to another process");
    case 'M':
    case 'm':
        refuse(type, "dates have no C type; store them as \"i8\" and look at them by .view()");
    default:
        refuse(type, "the library has no such type");
    }
}
// NOLINTEND(misc-no-recursion)

// What the metadata says, if it is of these bytes.
std::optional<dtype> from_metadata(py::dtype const& type) {
    auto const metadata = type.attr("metadata");
    if (metadata.is_none() || !metadata.contains(metadata_key)) return std::nullopt;
    auto const found = dtype_of_signature(py::cast<std::string>(metadata[py::str(metadata_key)]));
    if (!found || !plain_to_numpy(*found).equal(type)) return std::nullopt;
    return found;
}

py::dict metadata_of(dtype const& type) {
    py::dict made;
    made[metadata_key] = type.signature();
    if (type.kind() != dtype_kind::enumeration) return made;
    py::dict values; // h5py.check_enum_dtype() reads it
    bool const has_sign = type.element().kind() == dtype_kind::signed_integer;
    for (auto const& each : type.enumerators()) {
        values[py::str(std::string(each.name))] =
            has_sign ? py::int_(each.value) : py::int_(static_cast<std::uint64_t>(each.value));
    }
    made["enum"] = values;
    return made;
}

} // namespace

// NOLINTBEGIN(misc-no-recursion): as deep as the type
py::dtype to_numpy(dtype const& type) {
    auto made = plain_to_numpy(type);
    if (from_numpy(made) == type) return made;
    return numpy_dtype()(made, py::arg("metadata") = metadata_of(type));
}

dtype from_numpy(py::dtype const& type) {
    if (!py::cast<bool>(type.attr("isnative")))
        refuse(type, "another byte order than the machine's; take .newbyteorder(\"=\")");
    if (auto const told = from_metadata(type)) return *told;
    return plain_from_numpy(type);
}
// NOLINTEND(misc-no-recursion)

dtype dtype_from(py::handle like) {
    return from_numpy(py::dtype::from_args(py::reinterpret_borrow<py::object>(like)));
}

void bind_dtype(py::module_& module) {
    module.def(
        "signature",
        [](py::object const& like) { return dtype_from(like).signature(); },
        py::arg("dtype"),
        "The library's text of a NumPy type: \"float64\", \"struct 16{x float64 @0, ...}\".");
    module.def(
        "dtype_of",
        [](std::string const& signature) {
            auto const found = dtype_of_signature(signature);
            if (!found) {
                raise(errc::invalid_argument,
                      detail::text("no element type (\"", signature, "\"; as \"float64\")"));
            }
            return to_numpy(*found);
        },
        py::arg("signature"),
        R"(The NumPy type of an element type of the library. Local.

Parameters
----------
signature : str
    ``"char"``, ``"wchar32"``, ``"enum uint8{red=0,green=1}"``, ``"float64[3,2]"``, ...: what list()
    tells as type.

Returns
-------
numpy.dtype
    For create(). What NumPy has no type for stands in its metadata.)");
    module.def(
        "signatures",
        [] {
            py::list all;
            for_each_dtype([&](dtype const& each) { all.append(each.signature()); });
            return all;
        },
        "The signatures of all scalar types of this platform.");
}

} // namespace shmwin::python
