// SPDX-License-Identifier: MIT
#include "io/conversion.hpp"

#include "shmwin/base/text.hpp"

#include "io/datatype.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>

namespace shmwin::inline v1::detail {
namespace {

bool is_number(H5T_class_t which) {
    return which == H5T_INTEGER || which == H5T_FLOAT;
}

char const* class_text(H5T_class_t which) {
    switch (which) {
    case H5T_INTEGER:
        return "integer";
    case H5T_FLOAT:
        return "float";
    case H5T_STRING:
        return "string";
    case H5T_BITFIELD:
        return "bit field";
    case H5T_OPAQUE:
        return "opaque";
    case H5T_COMPOUND:
        return "compound";
    case H5T_REFERENCE:
        return "reference";
    case H5T_ENUM:
        return "enumeration";
    case H5T_VLEN:
        return "variable-length sequence";
    case H5T_ARRAY:
        return "array";
    default:
        return "unknown type";
    }
}

// One element of a foreign type, in the byte order of this machine; zeros behind it.
std::array<unsigned char, 16> element_at(void const* source, hid_t type) {
    std::array<unsigned char, 16> bytes{};
    auto const n = std::min(H5Tget_size(type), bytes.size());
    std::memcpy(bytes.data(), source, n);
    if (H5Tget_order(type) == H5T_ORDER_BE) std::reverse(bytes.data(), bytes.data() + n);
    return bytes;
}

template <typename T>
T element_as(std::array<unsigned char, 16> const& bytes) {
    T value{};
    std::memcpy(&value, bytes.data(), sizeof value);
    return value;
}

bool is_finite(void const* source, hid_t type) {
    if (H5Tget_class(type) != H5T_FLOAT) return true;
    auto const bytes = element_at(source, type);
    auto const n = H5Tget_size(type);
    if (n == sizeof(float)) return std::isfinite(element_as<float>(bytes));
    if (n == sizeof(double)) return std::isfinite(element_as<double>(bytes));
    return n != sizeof(long double) || std::isfinite(element_as<long double>(bytes));
}

// Binary digits from the first to the last that is 1, of an integer's absolute value.
int n_digits(void const* source, hid_t type) {
    auto const n_bits = 8 * H5Tget_size(type);
    if (H5Tget_class(type) != H5T_INTEGER || n_bits > 64) return std::numeric_limits<int>::max();
    auto value = element_as<std::uint64_t>(element_at(source, type));
    bool const is_negative = H5Tget_sign(type) == H5T_SGN_2 && (value >> (n_bits - 1)) != 0;
    if (is_negative) value = (~value + 1) & (~std::uint64_t{0} >> (64 - n_bits));
    return value == 0 ? 0 : static_cast<int>(std::bit_width(value)) - std::countr_zero(value);
}

// Of the significand, with the bit that is not stored.
int significand_digits(hid_t type) {
    std::size_t sign = 0;
    std::size_t exponent_at = 0;
    std::size_t exponent_bits = 0;
    std::size_t significand_at = 0;
    std::size_t significand_bits = 0;
    H5Tget_fields(type, &sign, &exponent_at, &exponent_bits, &significand_at, &significand_bits);
    return static_cast<int>(significand_bits) + (H5Tget_norm(type) == H5T_NORM_IMPLIED ? 1 : 0);
}

} // namespace

std::string describe_class(hid_t type) {
    auto const which = H5Tget_class(type);
    auto const n_bytes = H5Tget_size(type);
    if (!is_number(which)) return text(class_text(which), " of ", n_bytes, " bytes");
    bool const is_unsigned = which == H5T_INTEGER && H5Tget_sign(type) == H5T_SGN_NONE;
    auto const* const end = H5Tget_order(type) == H5T_ORDER_BE ? " big-endian" : "";
    return text(which == H5T_FLOAT ? "float" : is_unsigned ? "uint" : "int", 8 * n_bytes, end);
}

std::string describe_type(hid_t type) {
    auto const found = dtype_of_h5(type);
    return found.type && !found.type->is_scalar() ? found.type->signature() : describe_class(type);
}

std::string h5_member_name(hid_t type, int index) {
    auto* const name = H5Tget_member_name(type, static_cast<unsigned>(index));
    std::string copy(name == nullptr ? "" : name);
    H5free_memory(name);
    return copy;
}

exact_conversion::exact_conversion() : list_(H5Pcreate(H5P_DATASET_XFER), H5Pclose) {
    H5Pset_type_conv_cb(list_.get(), on_exception, &why_);
}

// HDF5 asks too early: it takes the sign bits of a negative integer for digits, and an infinity
// for a value that is too large. So the value itself is looked at. It asks for each member alone.
H5T_conv_ret_t exact_conversion::on_exception(
    H5T_conv_except_t what, hid_t from, hid_t to, void* source, void* /*target*/, void* data) {
    auto& why = *static_cast<char const**>(data);
    bool const to_integer = H5Tget_class(to) != H5T_FLOAT;
    if (!is_finite(source, from)) { // no integer, but a good floating-point number
        if (!to_integer) return H5T_CONV_UNHANDLED;
        why = "a value is infinite or not a number";
        return H5T_CONV_ABORT;
    }
    if (H5Tget_class(from) == H5T_ENUM) {
        why = "a value has no name in the enumeration";
        return H5T_CONV_ABORT;
    }
    switch (what) {
    case H5T_CONV_EXCEPT_RANGE_HI:
        why = "a value is too large";
        break;
    case H5T_CONV_EXCEPT_RANGE_LOW:
        why = "a value is too small";
        break;
    case H5T_CONV_EXCEPT_PRECISION:
        if (n_digits(source, from) <= significand_digits(to)) return H5T_CONV_UNHANDLED;
        why = "an integer has too many digits";
        break;
    case H5T_CONV_EXCEPT_TRUNCATE:
        why = "a value has a fraction";
        break;
    default:
        why = "a value cannot be converted";
    }
    return H5T_CONV_ABORT;
}

} // namespace shmwin::inline v1::detail
