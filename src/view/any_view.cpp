// SPDX-License-Identifier: MIT
#include "shmwin/view/any_view.hpp"

#include "shmwin/base/error.hpp"
#include "shmwin/base/text.hpp"

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <string>

namespace shmwin::inline v1 {
namespace {

using detail::shape_text;
using detail::text;

constexpr auto most = std::numeric_limits<std::int64_t>::max();

[[noreturn]] void refuse(std::string const& why) {
    raise(errc::invalid_argument, text("view is not possible (", why, ")"));
}

std::string list_text(std::span<std::int64_t const> all) {
    std::string out;
    for (auto const each : all) {
        out += text(out.empty() ? "" : ", ", each);
    }
    return out;
}

// Bytes from the lowest to behind the highest, and elements, if both can be counted.
bool is_countable(std::span<std::int64_t const> shape,
                  std::span<std::int64_t const> strides,
                  std::size_t element_bytes) {
    std::int64_t n_elements = 1;
    auto n_bytes = static_cast<std::int64_t>(element_bytes);
    if (std::ranges::find(shape, 0) != shape.end()) return true;
    for (std::size_t d = 0; d < shape.size(); ++d) {
        if (strides[d] < -most || n_elements > most / shape[d]) return false;
        n_elements *= shape[d];
        auto const steps = shape[d] - 1;
        auto const step = std::abs(strides[d]);
        if (steps != 0 && step > (most - n_bytes) / steps) return false;
        n_bytes += steps * step;
    }
    return true;
}

using all_extents = array_extents<detail::max_view_dimensions>;

// What layout_stride looks at: each stride steps over all the smaller ones. Dimensions that a view
// has not are of extent 1.
class places {
  public:
    using extents_type = all_extents;
    using all_strides = std::array<std::int64_t, detail::max_view_dimensions>;

    places(extents_type const& extents, all_strides const& strides)
        : extents_(extents), strides_(strides) {}
    [[nodiscard]] extents_type const& extents() const { return extents_; }
    [[nodiscard]] std::int64_t stride(std::size_t d) const { return strides_.at(d); }

  private:
    extents_type extents_;
    all_strides strides_;
};

bool is_aligned(void const* data, std::size_t alignment) {
    return reinterpret_cast<std::uintptr_t>(data) % alignment == 0;
}

} // namespace

any_view::any_view(dtype const& type,
                   void* data,
                   std::span<std::int64_t const> shape,
                   std::span<std::int64_t const> strides,
                   bool is_read_only)
    : type_(type),
      data_(static_cast<std::byte*>(data)),
      n_dims_(shape.size()),
      is_read_only_(is_read_only) {
    if (n_dims_ > detail::max_view_dimensions) {
        refuse(text(n_dims_, " dimensions, at most ", detail::max_view_dimensions));
    }
    if (strides.size() != n_dims_) {
        refuse(text(strides.size(), " strides for ", n_dims_, " dimensions"));
    }
    std::ranges::copy(shape, shape_.begin());
    std::ranges::copy(strides, strides_.begin());
    check_whole();
}

any_view::any_view(unchecked /*made of a checked one*/, any_view const& of, dtype const& type)
    : type_(type),
      data_(of.data_),
      n_dims_(of.n_dims_),
      shape_(of.shape_),
      strides_(of.strides_),
      is_read_only_(of.is_read_only_) {}

void any_view::check_whole() const {
    if (std::ranges::any_of(shape(), [](auto extent) { return extent < 0; })) {
        refuse(text("shape ", shape_text(shape()), "; extents are 0 or more"));
    }
    if (!is_countable(shape(), strides(), type_.n_bytes())) {
        refuse(text("shape ",
                    shape_text(shape()),
                    " with strides of ",
                    list_text(strides()),
                    " bytes; elements and bytes are at most 2^63 - 1"));
    }
    if (size() == 0) return;
    if (data_ == nullptr) refuse(text("no data for ", size(), " elements"));
    auto const unit = static_cast<std::int64_t>(type_.alignment());
    if (!is_aligned(data_, type_.alignment())) {
        refuse(text("address ",
                    static_cast<void const*>(data_),
                    " is not aligned to the ",
                    unit,
                    " bytes that ",
                    type_.signature(),
                    " asks for"));
    }
    for (std::size_t d = 0; d < n_dims_; ++d) {
        if (shape_[d] <= 1 || strides_[d] % unit == 0) continue;
        refuse(text("stride ",
                    d,
                    " of ",
                    strides_[d],
                    " bytes is no multiple of the ",
                    unit,
                    " bytes that ",
                    type_.signature(),
                    " is aligned to"));
    }
}

std::int64_t any_view::size() const noexcept {
    std::int64_t n = 1;
    for (auto const extent : shape()) {
        if (extent == 0) return 0;
    }
    for (auto const extent : shape()) {
        n *= extent;
    }
    return n;
}

void* any_view::writable_data() const {
    if (is_read_only_)
        raise(errc::invalid_argument, "view is read-only (its data is asked for to write)");
    return data_;
}

any_view any_view::read_only() const noexcept {
    auto copy = *this;
    copy.is_read_only_ = true;
    return copy;
}

any_view any_view::member(std::string_view name) const {
    if (type_.kind() != dtype_kind::structure) {
        raise(errc::type_mismatch,
              text("element has no members (\"", name, "\" of ", type_.signature(), ")"));
    }
    auto const* const found = type_.member(name);
    if (found == nullptr) {
        raise(errc::not_found, text("no such member (\"", name, "\" of ", type_.signature(), ")"));
    }
    any_view view(unchecked{}, *this, found->type);
    if (data_ != nullptr) view.data_ += found->offset;
    return view.elements();
}

any_view any_view::elements() const {
    if (type_.kind() != dtype_kind::array) return *this;
    any_view view(unchecked{}, *this, type_.element());
    view.append(type_);
    return view;
}

void any_view::append(dtype const& array) {
    auto const extents = array.extents();
    if (n_dims_ + extents.size() > detail::max_view_dimensions) {
        refuse(text(n_dims_ + extents.size(),
                    " dimensions with those of ",
                    array.signature(),
                    ", at most ",
                    detail::max_view_dimensions));
    }
    auto stride = static_cast<std::int64_t>(array.n_bytes());
    for (auto const extent : extents) {
        stride /= extent;
        shape_.at(n_dims_) = extent;
        strides_.at(n_dims_) = stride;
        ++n_dims_;
    }
}

void any_view::check(dtype const& asked, std::size_t n_dims, bool is_const) const {
    if (asked != type_) {
        raise(errc::type_mismatch,
              text("type differs (view of ",
                   type_.signature(),
                   ", asked for as ",
                   asked.signature(),
                   ")"));
    }
    if (n_dims != n_dims_) {
        raise(errc::shape_mismatch,
              text("number of dimensions differs (view has ",
                   n_dims_,
                   ", ",
                   shape_text(shape()),
                   "; asked for with ",
                   n_dims,
                   ")"));
    }
    if (is_read_only_ && !is_const) {
        raise(errc::invalid_argument,
              text("view is read-only (asked for as ",
                   asked.signature(),
                   " to write; take its const)"));
    }
    if (size() != 0 && !is_aligned(data_, type_.alignment())) check_whole();
    check_strides();
}

void any_view::check_strides() const {
    if (size() == 0) return;
    auto const unit = static_cast<std::int64_t>(type_.n_bytes());
    for (std::size_t d = 0; d < n_dims_; ++d) {
        if (shape_.at(d) == 1 || (strides_.at(d) > 0 && strides_.at(d) % unit == 0)) continue;
        raise(errc::shape_mismatch,
              text("strides are not those of elements (",
                   list_text(strides()),
                   " bytes; they must be above 0 and multiples of the ",
                   unit,
                   " bytes of ",
                   type_.signature(),
                   ")"));
    }
    dimensions extents{};
    extents.fill(1);
    std::ranges::copy(shape(), extents.begin());
    if (detail::has_unique_places(places{all_extents(extents), counted_strides()})) return;
    raise(errc::shape_mismatch,
          text("elements share their places (shape ",
               shape_text(shape()),
               ", strides of ",
               list_text(strides()),
               " bytes)"));
}

// In elements. Where there is no step, the stride is one that layout_stride takes.
any_view::dimensions any_view::counted_strides() const noexcept {
    dimensions counted{};
    counted.fill(1);
    if (size() == 0) return counted;
    auto const unit = static_cast<std::int64_t>(type_.n_bytes());
    for (std::size_t d = 0; d < n_dims_; ++d) {
        if (shape_.at(d) > 1) counted.at(d) = strides_.at(d) / unit;
    }
    return counted;
}

} // namespace shmwin::inline v1
