// SPDX-License-Identifier: MIT
// aligned_accessor: default_accessor for a pointer that is known to be aligned to more than its
// elements need, so that the compiler may use aligned vector instructions.
// ISO C++26 [mdspan.accessor.aligned], [ptr.align].
#pragma once

#include "shmwin/base/contract.hpp"
#include "shmwin/view/default_accessor.hpp"

#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <type_traits>

namespace shmwin::inline v1 {

/// Local. True if `p` is a multiple of Alignment, in bytes.
template <std::size_t Alignment, typename T>
[[nodiscard]] bool is_sufficiently_aligned(T* p) noexcept {
    static_assert(std::has_single_bit(Alignment), "an alignment is a power of two");
    return reinterpret_cast<std::uintptr_t>(p) % Alignment == 0;
}

/// Element i of pointer p is p[i]; p is a multiple of ByteAlignment. All functions are local.
template <typename ElementType, std::size_t ByteAlignment>
struct aligned_accessor {
    static_assert(!std::is_array_v<ElementType> && !std::is_abstract_v<ElementType>,
                  "elements are complete objects, no arrays");
    static_assert(std::has_single_bit(ByteAlignment), "an alignment is a power of two");
    static_assert(ByteAlignment >= alignof(ElementType), "the elements need a larger alignment");

    /// What begins in the middle may be aligned to less.
    using offset_policy = default_accessor<ElementType>;
    using element_type = ElementType;
    using reference = ElementType&;
    using data_handle_type = ElementType*;

    static constexpr std::size_t byte_alignment = ByteAlignment;

    constexpr aligned_accessor() noexcept = default;

    /// Adds const, and forgets some of the alignment.
    template <typename OtherElementType, std::size_t OtherByteAlignment>
    // NOLINTNEXTLINE(*-avoid-c-arrays): the standard's way to ask what const may be added
    requires std::is_convertible_v<OtherElementType (*)[], ElementType (*)[]> &&(
        OtherByteAlignment
        >= ByteAlignment) constexpr aligned_accessor(aligned_accessor<OtherElementType,
                                                                      OtherByteAlignment> /*other*/) noexcept {
    }

    /// Promises an alignment.
    template <typename OtherElementType>
    // NOLINTNEXTLINE(*-avoid-c-arrays): as above
    requires std::is_convertible_v<OtherElementType (*)[], ElementType (*)[]>
    constexpr explicit aligned_accessor(default_accessor<OtherElementType> /*other*/) noexcept {}

    template <typename OtherElementType>
    // NOLINTNEXTLINE(*-avoid-c-arrays): as above
    requires std::is_convertible_v<ElementType (*)[], OtherElementType (*)[]>
    // NOLINTNEXTLINE(*-explicit-*): implicit as in the standard
    constexpr operator default_accessor<OtherElementType>() const noexcept { return {}; }

    /// @pre `p` is a multiple of ByteAlignment
    [[nodiscard]] constexpr reference access(data_handle_type p, std::size_t i) const noexcept {
        return aligned(p)[i];
    }
    /// @pre `p` is a multiple of ByteAlignment
    [[nodiscard]] constexpr typename offset_policy::data_handle_type
    offset(data_handle_type p, std::size_t i) const noexcept {
        return aligned(p) + i;
    }

  private:
    [[nodiscard]] static constexpr data_handle_type aligned(data_handle_type p) noexcept {
        // A pointer has no number yet when the compiler evaluates this.
        if (!std::is_constant_evaluated()) SHMWIN_EXPECT(is_sufficiently_aligned<ByteAlignment>(p));
        return std::assume_aligned<ByteAlignment>(p);
    }
};

} // namespace shmwin::inline v1
