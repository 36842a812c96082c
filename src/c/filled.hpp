// SPDX-License-Identifier: MIT
// Structs that the caller makes and the library fills: the caller's may be shorter, if it was
// compiled with an earlier version.
//
// Layer: c.
#pragma once

#include "shmwin/base/error.hpp"

#include "c/status.hpp"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <string>

namespace shmwin::inline v1::detail {

template <typename Struct>
class filled {
  public:
    /// @throws argument_error (invalid_argument)  it is NULL, or struct_bytes is no size: its macro
    ///         was not used
    filled(Struct* callers, char const* what, char const* macro)
        : callers_(need(callers, what)), n_bytes_(std::min(callers->struct_bytes, sizeof(Struct))) {
        if (n_bytes_ >= sizeof n_bytes_ && callers->struct_bytes <= 65536) return;
        raise(errc::invalid_argument,
              std::string(what) + " has no size (struct_bytes is "
                  + std::to_string(callers->struct_bytes) + "; initialise it with " + macro + ")");
    }
    [[nodiscard]] Struct* operator->() noexcept { return &ours_; }

    /// The caller gets what it has room for; its struct_bytes stays.
    void give() noexcept {
        ours_.struct_bytes = callers_.struct_bytes;
        std::memcpy(&callers_, &ours_, n_bytes_);
    }

  private:
    Struct ours_{};
    Struct& callers_;
    std::size_t n_bytes_;
};

} // namespace shmwin::inline v1::detail
