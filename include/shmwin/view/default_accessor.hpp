// SPDX-License-Identifier: MIT
// default_accessor: how mdspan reaches elements through a plain pointer.
// ISO C++23 [mdspan.accessor.default].
#pragma once

#include "shmwin/view/std_mdspan.hpp"

#include <cstddef>
#include <type_traits>

namespace shmwin::inline v1 {

/// Element i of pointer p is p[i]. All functions are local.
template <typename ElementType>
struct default_accessor {
    static_assert(
        std::is_object_v<ElementType> && !std::is_array_v<ElementType>,
        "default_accessor: an element is an object, not an array; arrays of arrays have one "
        "more extent");
    static_assert(!std::is_abstract_v<ElementType>, "default_accessor: an element is not abstract");

    using offset_policy = default_accessor;
    using element_type = ElementType;
    using reference = ElementType&;
    using data_handle_type = ElementType*;

    constexpr default_accessor() noexcept = default;

    /// Adds const; never derived to base, whose elements have another size.
    template <typename OtherElementType>
    // NOLINTNEXTLINE(*-avoid-c-arrays): the standard's way to ask what const may be added
    requires std::is_convertible_v<OtherElementType (*)[], ElementType (*)[]>
    constexpr default_accessor(default_accessor<OtherElementType> /*other*/) noexcept {}

    /// From and to std::default_accessor.
    template <detail::their_default_accessor Other>
    // NOLINTNEXTLINE(*-avoid-c-arrays): as above
    requires std::is_convertible_v<typename Other::element_type (*)[], ElementType (*)[]>
    constexpr default_accessor(Other /*other*/) noexcept {}

    template <detail::their_default_accessor Other>
    // NOLINTNEXTLINE(*-avoid-c-arrays): as above
    requires std::is_convertible_v<ElementType (*)[], typename Other::element_type (*)[]>
    constexpr operator Other() const noexcept { return {}; }

    [[nodiscard]] constexpr reference access(data_handle_type p, std::size_t i) const noexcept {
        // The analyzer believes that constructing mdspan's empty members zeroes the pointer.
        return p[i]; // NOLINT(clang-analyzer-core.uninitialized.UndefReturn)
    }
    [[nodiscard]] constexpr data_handle_type offset(data_handle_type p,
                                                    std::size_t i) const noexcept {
        return p + i;
    }
};

} // namespace shmwin::inline v1
