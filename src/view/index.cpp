// SPDX-License-Identifier: MIT
#include "shmwin/view/index.hpp"

#include "shmwin/base/error.hpp"
#include "shmwin/base/text.hpp"

namespace shmwin::inline v1::detail {

void raise_index(std::size_t r, bool is_negative, std::uintmax_t index, std::uintmax_t extent) {
    auto const value = is_negative ? text(static_cast<std::intmax_t>(index)) : text(index);
    raise(errc::out_of_range,
          text("no such element (index ",
               value,
               " of dimension ",
               r,
               ", whose extent is ",
               extent,
               ")"));
}

} // namespace shmwin::inline v1::detail
