// SPDX-License-Identifier: MIT
// Which foreign HDF5 types become which elements, and that no value changes on the way.
//
// Layer: io.
#pragma once

#include "shmwin/base/dtype.hpp"

#include "io/hdf5.hpp"

#include <string>

namespace shmwin::inline v1::detail {

/// "int16", "uint8", "float64 big-endian", "struct 16{...}", "variable-length sequence of 16
/// bytes".
[[nodiscard]] std::string describe_type(hid_t type);

/// describe_type(), without a look inside: "compound of 16 bytes".
[[nodiscard]] std::string describe_class(hid_t type);

/// Name of a member of a compound or an enumeration.
[[nodiscard]] std::string h5_member_name(hid_t type, int index);

/// Why values of `from` cannot be read as `to`; "" if they can. Members are looked for by name:
/// each member of `to` must be there, in any place; others may be.
[[nodiscard]] std::string fault_between(hid_t from, dtype const& to);

/// Watches a conversion: the first value that does not fit ends it.
class exact_conversion {
  public:
    exact_conversion();

    /// Transfer properties for H5Dread. Valid as long as *this.
    [[nodiscard]] hid_t transfer() const noexcept { return list_.get(); }

    /// Why the conversion ended; null if no value was at fault.
    [[nodiscard]] char const* why() const noexcept { return why_; }

    exact_conversion(exact_conversion const&) = delete;
    exact_conversion(exact_conversion&&) = delete;
    exact_conversion& operator=(exact_conversion const&) = delete;
    exact_conversion& operator=(exact_conversion&&) = delete;
    ~exact_conversion() = default;

  private:
    static H5T_conv_ret_t on_exception(
        H5T_conv_except_t what, hid_t from, hid_t to, void* source, void* target, void* data);

    char const* why_ = nullptr;
    h5_handle list_;
};

} // namespace shmwin::inline v1::detail
