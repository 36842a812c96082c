// SPDX-License-Identifier: MIT
// Which foreign types may be read as which elements.
#include "shmwin/base/text.hpp"

#include "io/conversion.hpp"
#include "io/datatype.hpp"

#include <algorithm>
#include <array>

// NOLINTBEGIN(misc-no-recursion): as deep as the type
namespace shmwin::inline v1::detail {
namespace {

std::string differs(hid_t from, dtype const& to) {
    return text(describe_class(from), " is not converted to ", to.signature());
}

bool is_number(hid_t type) {
    auto const which = H5Tget_class(type);
    return which == H5T_INTEGER || which == H5T_FLOAT;
}

// As h5py and others write it: two floating members, r and i.
bool is_complex_compound(hid_t type) {
    return H5Tget_class(type) == H5T_COMPOUND && H5Tget_nmembers(type) == 2
           && H5Tget_member_index(type, "r") >= 0 && H5Tget_member_index(type, "i") >= 0
           && H5Tget_member_class(type, 0) == H5T_FLOAT
           && H5Tget_member_class(type, 1) == H5T_FLOAT;
}

std::string fault_of_text(hid_t from, dtype const& to) {
    if (H5Tget_class(from) != H5T_STRING || H5Tis_variable_str(from) > 0) return differs(from, to);
    if (H5Tget_cset(from) != H5T_CSET_ASCII) return "UTF-8 text is not converted to bytes";
    auto const n = H5Tget_size(from);
    if (n <= to.n_bytes()) return "";
    return text("text of ", n, " bytes would be cut to ", to.n_bytes());
}

// HDF5 goes from name to name: what has no name would be lost.
std::string fault_of_enumeration(hid_t from, dtype const& to) {
    if (H5Tget_class(from) != H5T_ENUM) return differs(from, to);
    for (int i = 0; i < H5Tget_nmembers(from); ++i) {
        auto const name = h5_member_name(from, i);
        if (std::ranges::find(to.enumerators(), name, &dtype_enumerator::name)
            == to.enumerators().end()) {
            return text('"', name, "\" is not in ", to.signature());
        }
    }
    return "";
}

std::string fault_of_array(hid_t from, dtype const& to) {
    if (H5Tget_class(from) != H5T_ARRAY) return differs(from, to);
    std::array<hsize_t, H5S_MAX_RANK> extents{};
    auto const n = static_cast<std::size_t>(std::max(0, H5Tget_array_dims2(from, extents.data())));
    auto const same = [](hsize_t a, std::int64_t b) { return a == static_cast<hsize_t>(b); };
    if (!std::ranges::equal(std::span(extents).first(n), to.extents(), same)) {
        return text("a fixed array has other extents than ", to.signature());
    }
    h5_handle const element(H5Tget_super(from), H5Tclose);
    return fault_between(element.get(), to.element());
}

std::string fault_of_structure(hid_t from, dtype const& to) {
    if (H5Tget_class(from) != H5T_COMPOUND) return differs(from, to);
    for (auto const& each : to.members()) {
        auto const index = H5Tget_member_index(from, std::string(each.name).c_str());
        if (index < 0) return text("it has no member \"", each.name, '"');
        h5_handle const member(H5Tget_member_type(from, static_cast<unsigned>(index)), H5Tclose);
        auto const fault = fault_between(member.get(), each.type);
        if (!fault.empty()) return text("member \"", each.name, "\": ", fault);
    }
    return "";
}

} // namespace

std::string fault_between(hid_t from, dtype const& to) {
    if (H5Tequal(from, h5_type_of(to).get()) > 0) return "";
    switch (to.kind()) {
    case dtype_kind::signed_integer:
    case dtype_kind::unsigned_integer:
    case dtype_kind::floating:
        return is_number(from) ? "" : differs(from, to);
    case dtype_kind::complex:
        return is_complex_compound(from) ? "" : differs(from, to);
    case dtype_kind::string:
        return fault_of_text(from, to);
    case dtype_kind::enumeration:
        return fault_of_enumeration(from, to);
    case dtype_kind::array:
        return fault_of_array(from, to);
    case dtype_kind::structure:
        return fault_of_structure(from, to);
    case dtype_kind::boolean:
    case dtype_kind::raw_byte:
    case dtype_kind::character:
    case dtype_kind::wide_character:
    case dtype_kind::unicode:
        break;
    }
    return differs(from, to);
}

} // namespace shmwin::inline v1::detail
// NOLINTEND(misc-no-recursion)
