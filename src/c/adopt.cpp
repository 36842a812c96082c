// SPDX-License-Identifier: MIT
// Memory of the program under a name of the segment.
#include "shmwin/segment/adopt.hpp"

#include "shmwin/c/array.h"
#include "shmwin/segment/any_array.hpp"
#include "shmwin/view/any_view.hpp"

#include "c/arrays.hpp"
#include "c/dtype.hpp"
#include "c/handles.hpp"
#include "c/named.hpp"
#include "c/options.hpp"
#include "segment/described_object.hpp"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace shmwin::inline v1::detail {
namespace {

/// What the last who uses the memory calls; not before the caller has handed it over.
class released_by_c {
  public:
    released_by_c(void (*release)(void*), void* context) noexcept
        : release_(release), context_(context) {}
    released_by_c(released_by_c const&) = delete;
    released_by_c(released_by_c&&) = delete;
    released_by_c& operator=(released_by_c const&) = delete;
    released_by_c& operator=(released_by_c&&) = delete;
    ~released_by_c() {
        if (is_ours_ && release_ != nullptr) release_(context_);
    }
    void take_over() noexcept { is_ours_ = true; }

  private:
    void (*release_)(void*);
    void* context_;
    bool is_ours_ = false;
};

adopt_options translated(shmwin_adopt_options const& given) {
    adopt_options made;
    if (given.align != 0) made.align = given.align;
    made.saved = given.is_unsaved == 0;
    made.shared = given.is_shared != 0;
    made.offset_bytes = given.offset_bytes;
    return made;
}

std::vector<std::int64_t>
packed_strides(dtype const& type, std::span<std::int64_t const> shape, memory_order_kind order) {
    described_object packed{{}, type, shape.size(), order};
    if (shape.size() > max_dimensions) return std::vector<std::int64_t>(shape.size()); // is refused
    std::ranges::copy(shape, packed.place.extents.begin());
    return strides_of_packed(packed);
}

} // namespace
} // namespace shmwin::inline v1::detail

using namespace shmwin::detail;

extern "C" {

int shmwin_array_adopt_window(shmwin_segment* segment,
                              char const* name,
                              MPI_Win window,
                              shmwin_dtype const* type,
                              size_t n_dims,
                              int64_t const* shape,
                              shmwin_adopt_options const* options,
                              shmwin_array** array) {
    return make_handle(segment, name, array, [&](auto const& names, auto const& given) {
        auto const asked = options_of(options, "SHMWIN_ADOPT_OPTIONS_INIT");
        if (asked.is_read_only != 0) {
            shmwin::raise(shmwin::errc::unsupported,
                          "windows cannot be adopted as read-only (is_read_only is set)");
        }
        return names.adopt(given,
                           window,
                           need_dtype(type),
                           need_span(shape, n_dims, "shape"),
                           order_from(asked.order),
                           translated(asked),
                           call_line());
    });
}

int shmwin_array_adopt(shmwin_segment* segment,
                       char const* name,
                       void* data,
                       shmwin_dtype const* type,
                       size_t n_dims,
                       int64_t const* shape,
                       int64_t const* strides,
                       shmwin_adopt_options const* options,
                       void (*release)(void* context),
                       void* context,
                       shmwin_array** array) {
    return make_handle(segment, name, array, [&](auto const& names, auto const& given) {
        auto const asked = options_of(options, "SHMWIN_ADOPT_OPTIONS_INIT");
        auto const& element = need_dtype(type);
        auto const extents = need_span(shape, n_dims, "shape");
        auto const packed = packed_strides(element, extents, order_from(asked.order));
        auto const steps = strides == nullptr ? std::span(packed) : std::span(strides, n_dims);
        shmwin::any_view const view(element, data, extents, steps, asked.is_read_only != 0);
        auto owner = std::make_shared<released_by_c>(release, context);
        auto made = names.adopt(given, view, owner, translated(asked), call_line());
        owner->take_over();
        return made;
    });
}
}
