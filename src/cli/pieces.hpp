// SPDX-License-Identifier: MIT
// pieces: the elements of an object, some at a time.
//
// Layer: cli.
#pragma once

#include "shmwin/base/dtype.hpp"

#include "io/checkpoint_file.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace shmwin::cli {

/// Whole elements, about a MiB: what stays in the cache of a core.
class pieces {
  public:
    explicit pieces(detail::stored_object const& object)
        : type_(*dtype_of_signature(object.type)),
          n_elements_(object.n_bytes / type_.n_bytes()),
          at_once_(std::max<std::size_t>(1, (std::size_t{1} << 20U) / type_.n_bytes())) {}

    [[nodiscard]] dtype const& type() const noexcept { return type_; }
    [[nodiscard]] std::uint64_t n_elements() const noexcept { return n_elements_; }

    /// Calls f(first element, number of elements), in their order.
    template <typename F>
    void for_each(std::uint64_t first, std::uint64_t last, F&& f) const {
        for (auto i = first; i < last; i += at_once_) {
            f(i, static_cast<std::size_t>(std::min<std::uint64_t>(at_once_, last - i)));
        }
    }
    template <typename F>
    void for_each(F&& f) const {
        for_each(0, n_elements_, f);
    }

  private:
    dtype type_;
    std::uint64_t n_elements_;
    std::size_t at_once_;
};

} // namespace shmwin::cli
