// SPDX-License-Identifier: MIT
// staging_ring: bytes on their way from all ranks to one thread, in bounded memory. Each rank fills
// the slots of its own lane in turn, the thread empties those of all lanes, as they come:
//
//     | control | lane 0 | lane 1 | ...
//     lane: | counts | slot 0 | slot 1 | ...
//     slot: | pieces: which bytes they are (4096 bytes) | the bytes |
//
// No lock: a lane has one who fills it and one who empties it. Who fills waits for a slot; it is
// the caller who knows how to wait, and what ends a wait. The thread waits for the bell.
//
// Layer: sync. Works on any range that is mapped by several processes. Private to io/.
#pragma once

#include "shmwin/base/export.hpp"
#include "shmwin/base/function_ref.hpp"
#include "shmwin/sync/wait.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace shmwin::inline v1::detail {

/// What some bytes of a slot are.
struct staged_piece {
    std::uint64_t object;
    std::uint64_t begin;   ///< of the bytes, in the object
    std::uint32_t n_bytes; ///< of them
    std::uint32_t place;   ///< in the slot
};

class SHMWIN_API staging_ring {
  public:
    static constexpr std::size_t max_pieces = 160; ///< of a slot
    static constexpr std::size_t alignment = 4096; ///< of what is a page or more

    struct shape {
        int n_lanes;
        std::size_t n_slots;    ///< of a lane
        std::size_t slot_bytes; ///< a multiple of the alignment
    };

    /// Local. For so many bytes, of all lanes together: a slot is a multiple of `unit` and holds a
    /// MiB or less; each lane has one at least.
    [[nodiscard]] static shape shape_for(int n_lanes, std::size_t n_bytes, std::size_t unit);
    [[nodiscard]] static std::size_t n_bytes(shape const& of) noexcept;

    /// @param at  n_bytes(of) bytes, aligned to a page
    staging_ring(std::byte* at, shape const& of) noexcept : at_(at), shape_(of) {}

    /// Local. By one, before all others use it.
    void reset() const noexcept;

    // --- of the thread that empties ----------------------------------------------------------

    /// What stands in a slot. Valid until release().
    struct filled {
        int lane;
        std::span<staged_piece const> pieces;
        std::byte* bytes;
    };

    /// The next full slot of any lane; waits for it. Nothing when all lanes have ended.
    /// @throws runtime_failure (peer_left)  abandoned: one will not end
    [[nodiscard]] std::optional<filled> next();
    void release(filled const& slot) const noexcept;

    /// Local. Who fills will not come to an end: next() throws, once what is there was emptied.
    void abandon() const noexcept;

    // --- of those who fill -------------------------------------------------------------------

    /// Fills the slots of one lane.
    class SHMWIN_API filler {
      public:
        /// @param wait  returns when the word no longer holds that value; may throw
        filler(staging_ring const& of,
               int number,
               function_ref<void(waitable&, std::uint32_t)> wait) noexcept
            : ring_(of), number_(number), wait_(wait) {}

        /// Where to put these bytes: `which.place` is set here.
        /// @pre  which.n_bytes <= slot_bytes
        [[nodiscard]] std::span<std::byte> add(staged_piece which);
        /// All has been put there: nothing more comes.
        void end();

      private:
        void take_slot(std::uint32_t number);
        void hand_over();

        staging_ring const& ring_;
        int number_;
        function_ref<void(waitable&, std::uint32_t)> wait_;
        bool has_slot_ = false;
        std::size_t n_used_ = 0; ///< bytes of the slot
    };

  private:
    struct control;
    struct counts;
    struct slot_head;
    [[nodiscard]] control& shared() const noexcept;
    [[nodiscard]] counts& of_lane(int lane) const noexcept;
    [[nodiscard]] slot_head& slot(int lane, std::uint32_t number) const noexcept;
    void ring_bell() const noexcept;

    std::byte* at_;
    shape shape_;
    int turn_ = 0; ///< the lane that is looked at first
};

} // namespace shmwin::inline v1::detail
