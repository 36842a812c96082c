// SPDX-License-Identifier: MIT
// How handles to named objects are made: the same few lines for each kind of object.
//
// Layer: c.
#pragma once

#include "c/handles.hpp"
#include "c/status.hpp"

#include <memory>
#include <string_view>

namespace shmwin::inline v1::detail {

/// A new handle in `*out`, holding what `make(group, name)` gives; on failure `*out` is null.
/// @tparam Handle  { is }; takes no more memory once the object is made
template <typename Handle, typename Make>
[[nodiscard]] int
make_handle(shmwin_segment const* segment, char const* name, Handle** out, Make const& make) {
    return guard([&] {
        need(out, "handle") = nullptr;
        auto made = std::make_unique<Handle>();
        made->is = make(names_of(segment), need_text(name, "name"));
        *out = made.release();
    });
}

} // namespace shmwin::inline v1::detail
