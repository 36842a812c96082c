// SPDX-License-Identifier: MIT
#include "io/datatype.hpp"

#include "shmwin/base/error.hpp"
#include "shmwin/base/text.hpp"

#include <bit>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

// Files are little-endian; their payload is the segment's bytes.
static_assert(std::endian::native == std::endian::little, "payload would have to be swapped");

namespace shmwin::inline v1::detail {
namespace {

h5_handle copy_of(hid_t predefined) {
    return {H5Tcopy(predefined), H5Tclose};
}

h5_handle integer(std::size_t n_bytes, bool is_signed) {
    switch (n_bytes) {
    case 1:
        return copy_of(is_signed ? H5T_STD_I8LE : H5T_STD_U8LE);
    case 2:
        return copy_of(is_signed ? H5T_STD_I16LE : H5T_STD_U16LE);
    case 4:
        return copy_of(is_signed ? H5T_STD_I32LE : H5T_STD_U32LE);
    default:
        return copy_of(is_signed ? H5T_STD_I64LE : H5T_STD_U64LE);
    }
}

h5_handle floating(std::size_t n_bytes) {
    switch (n_bytes) {
    case 4:
        return copy_of(H5T_IEEE_F32LE);
    case 8:
        return copy_of(H5T_IEEE_F64LE);
    default:
        return copy_of(H5T_NATIVE_LDOUBLE);
    }
}

h5_handle boolean() {
    h5_handle type(H5Tenum_create(H5T_STD_I8LE), H5Tclose);
    for (std::int8_t const value : {std::int8_t{0}, std::int8_t{1}}) {
        H5Tenum_insert(type.get(), value == 0 ? "FALSE" : "TRUE", &value);
    }
    return type;
}

h5_handle complex_of(std::size_t n_bytes) {
    auto const part = floating(n_bytes / 2);
    h5_handle type(H5Tcreate(H5T_COMPOUND, n_bytes), H5Tclose);
    H5Tinsert(type.get(), "r", 0, part.get());
    H5Tinsert(type.get(), "i", n_bytes / 2, part.get());
    return type;
}

h5_handle string_of(std::size_t n_bytes) {
    auto type = copy_of(H5T_C_S1);
    H5Tset_size(type.get(), n_bytes);
    H5Tset_strpad(type.get(), H5T_STR_NULLPAD);
    return type;
}

// NOLINTBEGIN(misc-no-recursion): as deep as the type
h5_handle enumeration_of(dtype const& type) {
    h5_handle made(H5Tenum_create(h5_type_of(type.element()).get()), H5Tclose);
    for (auto const& each : type.enumerators()) { // the first bytes are the value: little-endian
        H5Tenum_insert(made.get(), std::string(each.name).c_str(), &each.value);
    }
    return made;
}

h5_handle array_of(dtype const& type) {
    std::vector<hsize_t> const extents(type.extents().begin(), type.extents().end());
    auto const element = h5_type_of(type.element());
    return {H5Tarray_create2(element.get(), static_cast<unsigned>(extents.size()), extents.data()),
            H5Tclose};
}

h5_handle structure_of(dtype const& type) {
    h5_handle made(H5Tcreate(H5T_COMPOUND, type.n_bytes()), H5Tclose);
    for (auto const& each : type.members()) {
        auto const member = h5_type_of(each.type);
        H5Tinsert(made.get(), std::string(each.name).c_str(), each.offset, member.get());
    }
    return made;
}

} // namespace

h5_handle h5_type_of(dtype const& type) {
    auto const n_bytes = type.n_bytes();
    switch (type.kind()) {
    case dtype_kind::boolean:
        return boolean();
    case dtype_kind::raw_byte:
        return {H5Tcreate(H5T_OPAQUE, n_bytes), H5Tclose};
    case dtype_kind::character:
        return string_of(1);
    case dtype_kind::wide_character:
        return integer(n_bytes, std::numeric_limits<wchar_t>::is_signed);
    case dtype_kind::unicode:
        return integer(n_bytes, false);
    case dtype_kind::signed_integer:
        return integer(n_bytes, true);
    case dtype_kind::unsigned_integer:
        return integer(n_bytes, false);
    case dtype_kind::floating:
        return floating(n_bytes);
    case dtype_kind::complex:
        return complex_of(n_bytes);
    case dtype_kind::string:
        return string_of(n_bytes);
    case dtype_kind::enumeration:
        return enumeration_of(type);
    case dtype_kind::array:
        return array_of(type);
    case dtype_kind::structure:
        return structure_of(type);
    }
    raise(errc::unsupported,
          text("element type is not known to files (kind ", static_cast<int>(type.kind()), ")"));
}
// NOLINTEND(misc-no-recursion)

} // namespace shmwin::inline v1::detail
