// SPDX-License-Identifier: MIT
// Which foreign HDF5 types become which elements, and that no value changes on the way.
//
// Layer: io.
#pragma once

#include "shmwin/base/dtype.hpp"

#include "io/hdf5.hpp"

#include <string>

namespace shmwin::inline v1::detail {

/// "int16", "uint8", "float64 big-endian", "compound of 16 bytes", ...
[[nodiscard]] std::string describe_type(hid_t type);

/// True if values of `from` may be read as `to`.
[[nodiscard]] bool can_become(hid_t from, dtype to);

/// Watches a conversion: the first value that does not fit ends it.
class exact_conversion {
  public:
    explicit exact_conversion(dtype to);

    /// Transfer properties for H5Dread. Valid as long as *this.
    [[nodiscard]] hid_t transfer() const noexcept { return list_.get(); }

    /// Why the conversion ended; null if no value was at fault.
    [[nodiscard]] char const* why() const noexcept { return watched_.why; }

    exact_conversion(exact_conversion const&) = delete;
    exact_conversion(exact_conversion&&) = delete;
    exact_conversion& operator=(exact_conversion const&) = delete;
    exact_conversion& operator=(exact_conversion&&) = delete;
    ~exact_conversion() = default;

  private:
    struct watched {
        dtype to;
        char const* why = nullptr;
    };
    static H5T_conv_ret_t on_exception(
        H5T_conv_except_t what, hid_t from, hid_t to, void* source, void* target, void* data);

    watched watched_;
    h5_handle list_;
};

} // namespace shmwin::inline v1::detail
