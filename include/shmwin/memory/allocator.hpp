// SPDX-License-Identifier: MIT
// allocator: for containers that stand in the segment, and so do their elements: any rank uses
// them, at its own address.
//
// Layer: memory.
#pragma once

#include "shmwin/base/contract.hpp"
#include "shmwin/memory/address_free.hpp"
#include "shmwin/memory/attachment.hpp"
#include "shmwin/memory/heap.hpp"
#include "shmwin/memory/offset_ptr.hpp"

#include <cstddef>
#include <limits>
#include <memory>
#include <type_traits>
#include <utility>

namespace shmwin::inline v1 {

namespace detail {

template <typename T>
inline constexpr bool is_pair = false;
template <typename First, typename Second>
inline constexpr bool is_pair<std::pair<First, Second>> = true;

} // namespace detail

/// Allocator of a segment's heap, for std::vector, std::deque, std::basic_string and containers
/// of others that keep what `pointer` is: offset_ptr<T>. Lists, maps, sets and hash tables of
/// libstdc++ keep plain pointers, and std::vector<bool> too: they do not compile with it.
///
/// Holds no address, only how far it is to its segment (8 bytes); finds the heap through a table
/// of the process. A container belongs to the segment it was made with: assigning and swapping do
/// not change that, a copy belongs to the same one. Copies of the allocator and of containers may
/// stand outside the segment; they are good in this process alone, while the segment is mapped.
///
/// Containers lock nothing: whoever changes one needs a lock, or a fence, as with threads. A
/// process that is killed while it changes one leaves it half changed; the heap stays whole.
/// @see ISO C++20 [allocator.requirements]; memory_resource for private containers
template <typename T = std::byte>
class allocator {
  public:
    using value_type = T;
    using pointer = offset_ptr<T>;
    using size_type = std::size_t;
    using difference_type = std::ptrdiff_t;
    using propagate_on_container_copy_assignment = std::false_type;
    using propagate_on_container_move_assignment = std::false_type;
    using propagate_on_container_swap = std::false_type;
    using is_always_equal = std::false_type;

    // NOLINTBEGIN(google-explicit-constructor): containers are made from a heap and each other's
    /// Local. Of that heap's segment.
    allocator(heap const& memory) noexcept : segment_(memory.where().base()) {}
    template <typename U>
    allocator(allocator<U> const& other) noexcept : segment_(other.segment_) {
        static_assert(!std::is_same_v<U, bool> || !std::is_integral_v<T>,
                      "std::vector<bool> holds addresses: use vector<char>, or vector<std::byte>");
    }
    // NOLINTEND(google-explicit-constructor)

    /// Local. Room for n objects of type T; not initialised.
    /// @throws out_of_memory (out_of_memory, no_space)  as heap::allocate(), and if n > max_size()
    /// @throws runtime_failure (closed)  the segment is not mapped in this process
    /// @complexity  as heap::allocate()
    [[nodiscard]] pointer allocate(std::size_t n) const {
        static_assert(!detail::links_by_address<T>,
                      "this container links its nodes by addresses: it cannot stand in a segment");
        detail::require_address_free<T>();
        if (n > max_size()) detail::raise_too_many(n, sizeof(T));
        return static_cast<T*>(memory().allocate(n * sizeof(T), alignof(T)));
    }

    /// Local. Gives back what allocate(n) gave, on any rank.
    /// @throws argument_error (bad_pointer), runtime_failure (closed)
    void deallocate(pointer const& block, [[maybe_unused]] std::size_t n) const {
        auto const& from = memory();
        SHMWIN_EXPECT(from.usable_size(block.get()) >= n * sizeof(T));
        from.deallocate(block.get());
    }

    /// Local. The largest n of which the bytes can be counted; the segment has less room.
    [[nodiscard]] static constexpr std::size_t max_size() noexcept {
        return static_cast<std::size_t>(std::numeric_limits<std::ptrdiff_t>::max()) / sizeof(T);
    }

    /// Local. Makes an element that takes an allocator (a string in a vector) with this one.
    template <typename U, typename... Args>
    requires(std::uses_allocator_v<U, allocator> || detail::is_pair<U>) void construct(
        U* at, Args&&... args) const {
        std::uninitialized_construct_using_allocator(at, *this, std::forward<Args>(args)...);
    }

    [[nodiscard]] allocator select_on_container_copy_construction() const noexcept { return *this; }

    /// Local. The heap, as this process sees it.
    /// @throws runtime_failure (closed)
    [[nodiscard]] heap const& memory() const { return detail::require_heap(segment_.get()); }

    /// Local. True if one gives back what the other gave: both are of one segment.
    template <typename U>
    [[nodiscard]] bool operator==(allocator<U> const& other) const noexcept {
        return segment_ == other.segment_;
    }

  private:
    template <typename U>
    friend class allocator;

    offset_ptr<std::byte const> segment_; ///< its first byte
};

} // namespace shmwin::inline v1
