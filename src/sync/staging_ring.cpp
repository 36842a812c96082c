// SPDX-License-Identifier: MIT
#include "sync/staging_ring.hpp"

#include "shmwin/base/contract.hpp"
#include "shmwin/base/error.hpp"

#include <algorithm>
#include <new>

namespace shmwin::inline v1::detail {
namespace {

constexpr std::size_t page = staging_ring::alignment;

constexpr std::size_t round_up(std::size_t n, std::size_t unit) noexcept {
    return (n + unit - 1) / unit * unit;
}

} // namespace

struct staging_ring::control {
    waitable bell; ///< rings when a slot is full, a lane has ended, or all is given up
    std::atomic<std::uint32_t> abandoned;
};

struct staging_ring::counts {
    alignas(64) std::atomic<std::uint32_t> n_filled; ///< slots, ever
    std::atomic<std::uint32_t> ended;
    alignas(64) waitable n_emptied;
};

struct staging_ring::slot_head {
    std::uint32_t n_pieces;
    std::array<staged_piece, max_pieces> pieces;

    [[nodiscard]] std::byte* bytes() noexcept { return reinterpret_cast<std::byte*>(this) + page; }
};

staging_ring::shape staging_ring::shape_for(int n_lanes, std::size_t n_bytes, std::size_t unit) {
    constexpr auto largest = std::size_t{1} << 20U;
    auto const of_lane = n_bytes / static_cast<std::size_t>(n_lanes);
    auto const wanted = std::min(largest, of_lane / 4) / unit * unit; // four or more, if they fit
    auto const slot = std::max(unit, wanted);
    return {n_lanes, std::max<std::size_t>(1, of_lane / slot), slot};
}

std::size_t staging_ring::n_bytes(shape const& of) noexcept {
    static_assert(sizeof(control) <= page && sizeof(counts) <= page && sizeof(slot_head) <= page);
    auto const lane = page + of.n_slots * (page + of.slot_bytes);
    return page + static_cast<std::size_t>(of.n_lanes) * lane;
}

staging_ring::control& staging_ring::shared() const noexcept {
    return *reinterpret_cast<control*>(at_);
}

staging_ring::counts& staging_ring::of_lane(int lane) const noexcept {
    auto const lane_bytes = page + shape_.n_slots * (page + shape_.slot_bytes);
    return *reinterpret_cast<counts*>(at_ + page + static_cast<std::size_t>(lane) * lane_bytes);
}

staging_ring::slot_head& staging_ring::slot(int lane, std::uint32_t number) const noexcept {
    auto* const first = reinterpret_cast<std::byte*>(&of_lane(lane)) + page;
    auto const which = number % shape_.n_slots;
    return *reinterpret_cast<slot_head*>(first + which * (page + shape_.slot_bytes));
}

void staging_ring::reset() const noexcept {
    new (&shared()) control{};
    for (int i = 0; i < shape_.n_lanes; ++i) {
        new (&of_lane(i)) counts{};
    }
}

void staging_ring::ring_bell() const noexcept {
    shared().bell.word.fetch_add(1);
    shared().bell.wake();
}

void staging_ring::abandon() const noexcept {
    shared().abandoned.store(1);
    ring_bell();
}

// --- the thread ----------------------------------------------------------------------------------

std::optional<staging_ring::filled> staging_ring::next() {
    wait_policy patient; // it has time, and the cores are others'
    patient.spin = 0;
    patient.yield = 0;
    for (;;) {
        auto const seen = shared().bell.word.load();
        bool const abandoned = shared().abandoned.load() != 0;
        bool all_ended = true;
        for (int i = 0; i < shape_.n_lanes; ++i) {
            int const lane = (turn_ + i) % shape_.n_lanes;
            auto& counted = of_lane(lane);
            bool const ended = counted.ended.load() != 0; // before the count, which is then final
            auto const number = counted.n_emptied.word.load(std::memory_order_relaxed);
            if (counted.n_filled.load(std::memory_order_acquire) != number) {
                turn_ = lane + 1;
                auto& found = slot(lane, number);
                return filled{lane, std::span(found.pieces).first(found.n_pieces), found.bytes()};
            }
            all_ended = all_ended && ended;
        }
        if (all_ended) return std::nullopt;
        if (abandoned) raise(errc::peer_left, "staging has ended (a rank left or died)");
        wait_while(shared().bell, seen, patient, [](bool /*look*/) {});
    }
}

void staging_ring::release(filled const& slot) const noexcept {
    auto& emptied = of_lane(slot.lane).n_emptied;
    emptied.publish(emptied.word.load(std::memory_order_relaxed) + 1);
}

// --- those who fill ------------------------------------------------------------------------------

std::span<std::byte> staging_ring::filler::add(staged_piece which) {
    SHMWIN_EXPECT(which.n_bytes <= ring_.shape_.slot_bytes);
    auto const place_of = [&] { return round_up(n_used_, which.n_bytes >= page ? page : 64); };
    auto const number = [&] {
        return ring_.of_lane(number_).n_filled.load(std::memory_order_relaxed);
    };
    bool const fits = place_of() + which.n_bytes <= ring_.shape_.slot_bytes;
    bool const is_full = has_slot_ && ring_.slot(number_, number()).n_pieces == max_pieces;
    if (has_slot_ && (!fits || is_full)) hand_over();
    if (!has_slot_) take_slot(number());
    auto& into = ring_.slot(number_, number());
    which.place = static_cast<std::uint32_t>(place_of());
    into.pieces.at(into.n_pieces++) = which;
    n_used_ = which.place + which.n_bytes;
    return {into.bytes() + which.place, which.n_bytes};
}

void staging_ring::filler::take_slot(std::uint32_t number) {
    auto& n_emptied = ring_.of_lane(number_).n_emptied;
    for (;;) {
        auto const emptied = n_emptied.word.load(std::memory_order_acquire);
        if (number - emptied < ring_.shape_.n_slots) break;
        wait_(n_emptied, emptied);
    }
    ring_.slot(number_, number).n_pieces = 0;
    has_slot_ = true;
}

void staging_ring::filler::hand_over() {
    auto& count = ring_.of_lane(number_).n_filled;
    count.store(count.load(std::memory_order_relaxed) + 1, std::memory_order_release);
    ring_.ring_bell();
    has_slot_ = false;
    n_used_ = 0;
}

void staging_ring::filler::end() {
    if (has_slot_) hand_over();
    ring_.of_lane(number_).ended.store(1);
    ring_.ring_bell();
}

} // namespace shmwin::inline v1::detail
