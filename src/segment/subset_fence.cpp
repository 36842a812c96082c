// SPDX-License-Identifier: MIT
#include "shmwin/segment/subset_fence.hpp"

#include "shmwin/base/error.hpp"
#include "shmwin/base/hash.hpp"
#include "shmwin/base/text.hpp"
#include "shmwin/segment/barrier.hpp"
#include "shmwin/segment/core.hpp"

#include "segment/request.hpp"

#include <array>
#include <ios>
#include <string>

namespace shmwin::inline v1::detail {
namespace {

// The set in order, checked.
std::vector<int> sorted_ranks(segment_core const& in, std::span<int const> ranks) {
    std::vector<int> sorted(ranks.begin(), ranks.end());
    std::ranges::sort(sorted);
    for (auto const rank : sorted) {
        if (rank >= 0 && rank < in.n_ranks()) continue;
        raise(
            errc::invalid_argument,
            text("fence of no such rank (", rank, "; the ranks are 0 to ", in.n_ranks() - 1, ")"));
    }
    auto const twice = std::ranges::adjacent_find(sorted);
    if (twice != sorted.end()) {
        raise(errc::invalid_argument, text("fence of a rank given twice (", *twice, ")"));
    }
    if (!std::ranges::binary_search(sorted, in.rank())) {
        raise(errc::invalid_argument,
              text("fence of other ranks (this is rank ", in.rank(), ", which is not among them)"));
    }
    return sorted;
}

bool is_barrier_of(barrier_state const& barrier, std::vector<int> const& ranks) {
    return barrier.n_members == ranks.size() && std::ranges::all_of(ranks, [&](int rank) {
               return contains(barrier.members(), rank);
           });
}

// Sets whose hashes are equal get names that differ in the last number.
std::string hidden_name(std::vector<int> const& ranks, int n_before) {
    auto h = mix(ranks.size());
    for (auto const rank : ranks) {
        h = hash_with(h, static_cast<std::uint64_t>(rank));
    }
    return text(".shmwin/fence/", std::hex, h, '-', std::dec, n_before);
}

// The one of that name, which the first who asks makes.
barrier_state&
find_or_make(segment_core const& in, std::string_view name, std::vector<int> const& ranks) {
    object_request request{operation::fence, name, object_kind::sync};
    request.type = &type_id_of<barrier_state>();
    std::array const extents{
        static_cast<std::int64_t>(barrier_bytes(in.n_ranks()) / sizeof(barrier_state))};
    request.extents = extents;
    request.options.saved = false;
    auto const made = in.names().find_or_construct(
        make_record(request, in.rank()), alignof(barrier_state), in.policy(), [&](void* at) {
            make_barrier(at, in.n_ranks(), ranks);
        });
    return *static_cast<barrier_state*>(in.memory().at(made.entry.record.offset));
}

barrier_state* make(segment_core const& in, std::vector<int> const& sorted) {
    if (sorted.size() == static_cast<std::size_t>(in.n_ranks())) return nullptr;
    for (int n_before = 0;; ++n_before) {
        auto& barrier = find_or_make(in, hidden_name(sorted, n_before), sorted);
        if (is_barrier_of(barrier, sorted)) return &barrier;
    }
}

} // namespace

barrier_state* subset_fences::barrier_of(segment_core const& in, std::span<int const> ranks) {
    {
        std::lock_guard const hold(mutex_);
        auto const found = known_.find(ranks);
        if (found != known_.end()) return found->second;
    }
    // Not under the lock: it waits while another rank makes the barrier.
    auto* const barrier = make(in, sorted_ranks(in, ranks));
    std::lock_guard const hold(mutex_);
    if (!waits_) waits_.emplace(in.who(), in.policy(), in.lot(), in.meeting(), in.doing());
    known_.emplace(std::vector(ranks.begin(), ranks.end()), barrier);
    return barrier;
}

bool subset_fences::meet(segment_core const& in, std::span<int const> ranks) {
    auto* const barrier = barrier_of(in, ranks);
    if (barrier == nullptr) return false;
    meet_at(*barrier, *waits_, {"fence of some ranks", in.memory().offset_of(barrier)});
    return true;
}

} // namespace shmwin::inline v1::detail
