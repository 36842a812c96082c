// SPDX-License-Identifier: MIT
// per_rank: one container for each rank. Its own rank lets it grow, alone; the others read it.
//
//     | container of rank 0, who read it (64 bytes) | of rank 1 | ...       elements: in the heap
//
// What growth replaces is free only after the next fence, so spans that others took stay readable.
//
// Layer: segment.
#pragma once

#include "shmwin/base/contract.hpp"
#include "shmwin/base/export.hpp"
#include "shmwin/base/type_id.hpp"
#include "shmwin/memory/container.hpp"
#include "shmwin/memory/retiring_allocator.hpp"
#include "shmwin/segment/core.hpp"
#include "shmwin/segment/per_rank_access.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace shmwin::inline v1 {

namespace detail {

/// What stands for a container V: what is stored, and how others see it.
template <typename V>
struct per_rank_traits {
    static_assert(!std::is_same_v<V, V>,
                  "per-rank containers are shmwin::vector<T> or shmwin::basic_string<Char>");
};
template <typename T>
struct per_rank_traits<std::vector<T, allocator<T>>> {
    static_assert(!packs_bits<std::vector<T, allocator<T>>>,
                  "std::vector<bool> holds addresses and cannot stand in a segment: use "
                  "shmwin::vector<char> or shmwin::vector<std::byte>");
    static_assert(std::is_trivially_copyable_v<T>,
                  "elements of per-rank containers are copied as bytes: T must be trivially "
                  "copyable");
    using container = std::vector<T, retiring_allocator<T>>;
    using view = std::span<T const>;
};
template <typename Char>
struct per_rank_traits<std::basic_string<Char, std::char_traits<Char>, allocator<Char>>> {
    using container = std::basic_string<Char, std::char_traits<Char>, retiring_allocator<Char>>;
    using view = std::basic_string_view<Char>;
};

/// In the segment, by debug builds: the first of the other ranks that took a view since the last
/// meeting, and what it got. 0: nobody ever did.
struct per_rank_mark {
    std::atomic<std::uint64_t> reader; ///< | meeting (32 bits) | rank + 1 (32) |
    std::atomic<std::uint64_t> n_elements;
    std::atomic<std::uint64_t> offset; ///< of the first element
};

/// A container's elements at one moment.
struct per_rank_elements {
    std::uint64_t n_elements;
    std::uint64_t offset; ///< of the first one, in the segment
};

template <typename V>
struct alignas(64) per_rank_slot {
    typename per_rank_traits<V>::container elements;
    per_rank_mark mark{};

    explicit per_rank_slot(heap const& memory)
        : elements(retiring_allocator<typename V::value_type>(memory)) {
        // Never in the object itself, where growth would overwrite what others read.
        if constexpr (requires { elements.npos; }) elements.reserve(64);
    }
};

/// Which container of which rank is looked at.
struct per_rank_place {
    segment_core const* core;
    placed_object const* where; ///< of the whole
    per_rank_mark* mark;
    int owner;
};

/// Local. Logs an error if the container is not as the first reader of this phase found it.
SHMWIN_API void check_unchanged(per_rank_place const& place, per_rank_elements const& now);

/// Local. Notes that the calling rank took a view.
SHMWIN_API void note_taken(per_rank_place const& place, per_rank_elements const& now);

} // namespace detail

/// Handle to one container for each rank. Cheap to copy, owns nothing. Local and O(1).
///
/// Phases are separated by fences (any collective call that orders memory): in a phase a rank
/// either changes its own container, or others read it. Debug builds log an error, with name and
/// ranks, where a container changed after others took a view of it in the same phase; take mine()
/// anew in each phase, so that they can.
template <typename V>
class per_rank {
  public:
    using element_type = typename V::value_type;
    /// As V, but what it gives back is free after the next fence.
    using container_type = typename detail::per_rank_traits<V>::container;
    /// std::span<T const>; of strings std::basic_string_view.
    using view_type = typename detail::per_rank_traits<V>::view;

    per_rank() = default;

    /// This rank's container. It grows as any other, from the heap, without the other ranks.
    [[nodiscard]] container_type& mine() const noexcept {
        auto& slot = slot_of(core_->rank());
#ifndef NDEBUG
        check_unchanged(place_of(slot, core_->rank()), elements_of(slot));
        watch(slot);
#endif
        return slot.elements;
    }

    /// The elements of rank r, valid until the next fence.
    /// @pre  0 <= r < size()
    [[nodiscard]] view_type operator[](int r) const noexcept {
        SHMWIN_EXPECT(0 <= r && r < size());
        auto const& slot = slot_of(r);
#ifndef NDEBUG
        if (r != core_->rank()) {
            check_unchanged(place_of(slot, r), elements_of(slot));
            note_taken(place_of(slot, r), elements_of(slot));
        }
#endif
        return view_type(slot.elements.data(), slot.elements.size());
    }

    /// Number of containers: of ranks.
    [[nodiscard]] int size() const noexcept {
        return static_cast<int>(where_.extents[0]);
    }

    [[nodiscard]] bool is_valid() const {
        return core_ != nullptr && core_->is_there(where_.index, where_.generation);
    }
    explicit operator bool() const noexcept {
        return core_ != nullptr;
    }

    /// Internal: made by segment and group.
    per_rank(std::shared_ptr<detail::segment_core> core, detail::placed_object where)
        : core_(std::move(core)), where_(std::move(where)) {}
    [[nodiscard]] detail::placed_object const& where() const noexcept {
        return where_;
    }

    /// Internal. V's name, and the bytes of a slot. Whoever knows it can be saved and restored.
    [[nodiscard]] static type_id const& type() {
        static type_id const made = [] {
            auto name = type_id_of<V>().signature;
            auto const h = detail::type_hash(name, sizeof(slot_type), alignof(slot_type));
            if constexpr (element<element_type>) keep_access(h, access());
            return type_id{std::move(name), h, sizeof(slot_type), alignof(slot_type), false};
        }();
        return made;
    }
    /// Internal. Makes and ends all containers.
    static void construct(heap const& memory, void* at, int n_ranks) {
        auto* const slots = static_cast<slot_type*>(at);
        unfinished made{slots, 0};
        for (; made.n < n_ranks; ++made.n) {
            new (slots + made.n) slot_type(memory);
        }
        made.n = 0;
    }
    static void destruct(void* at, int n_ranks) {
        std::destroy_n(std::launder(static_cast<slot_type*>(at)), n_ranks);
    }

  private:
    using slot_type = detail::per_rank_slot<V>;
    static_assert(sizeof(slot_type) == 64);

    // Of slots that others point to: what knows no types has bytes.
    static container_type& elements_in(std::byte* slots, int r) noexcept {
        return std::launder(reinterpret_cast<slot_type*>(slots))[r].elements;
    }
    static detail::per_rank_access access() {
        return {dtype_of<element_type>,
                [](std::byte* slots, int r) {
                    auto& all = elements_in(slots, r);
                    element_type* const first = all.data();
                    return std::as_writable_bytes(std::span(first, all.size()));
                },
                [](std::byte* slots, int r, std::size_t n) { elements_in(slots, r).reserve(n); },
                [](std::byte* slots, int r, std::size_t n) { elements_in(slots, r).resize(n); }};
    }

    // Ends those that were made, if the next one cannot be.
    struct unfinished {
        slot_type* slots;
        int n;
        unfinished(slot_type* all, int n_made) noexcept : slots(all), n(n_made) {}
        unfinished(unfinished const&) = delete;
        unfinished(unfinished&&) = delete;
        unfinished& operator=(unfinished const&) = delete;
        unfinished& operator=(unfinished&&) = delete;
        ~unfinished() { std::destroy_n(slots, n); }
    };

    [[nodiscard]] slot_type& slot_of(int r) const noexcept {
        SHMWIN_EXPECT(is_valid());
        return std::launder(reinterpret_cast<slot_type*>(where_.address))[r];
    }
    [[nodiscard]] detail::per_rank_place place_of(slot_type const& slot, int owner) const noexcept {
        auto& mark = const_cast<detail::per_rank_mark&>(slot.mark); // NOLINT(*-const-cast)
        return {core_.get(), &where_, &mark, owner};
    }
    [[nodiscard]] detail::per_rank_elements elements_of(slot_type const& slot) const noexcept {
        return {slot.elements.size(), core_->memory().offset_of(slot.elements.data())};
    }
    // Looks again when this rank arrives at the next fence. By then this handle may be gone.
    void watch(slot_type const& slot) const {
        detail::watch_key const key{&slot, where_.index, where_.generation};
        core_->retired().watch(key, [core = core_.get(), where = where_, &slot] {
            if (!core->is_there(where.index, where.generation)) return;
            per_rank const self(std::shared_ptr<detail::segment_core>(core, [](void*) {}), where);
            check_unchanged(self.place_of(slot, core->rank()), self.elements_of(slot));
        });
    }

    std::shared_ptr<detail::segment_core> core_;
    detail::placed_object where_;
};

} // namespace shmwin::inline v1
