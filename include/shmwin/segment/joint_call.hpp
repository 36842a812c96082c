// SPDX-License-Identifier: MIT
// joint_call: a call in which all ranks work, each on its part. It begins and ends with a meeting;
// what one rank throws in between is the error of all, and nobody waits for it for ever.
//
// Layer: segment.
#pragma once

#include "shmwin/base/export.hpp"
#include "shmwin/base/function_ref.hpp"
#include "shmwin/base/hash.hpp"
#include "shmwin/base/source_line.hpp"
#include "shmwin/segment/core.hpp"
#include "shmwin/view/box.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <type_traits>
#include <vector>

namespace shmwin::inline v1::detail {

class SHMWIN_API joint_call {
  public:
    joint_call(segment_core const& core, operation op, source_line const& where) noexcept
        : core_(core), op_(op), where_(where) {}

    /// Local. What takes part, before begin(): the first one's extents are those of the call.
    template <typename Viewed>
    void add(Viewed const& viewed) {
        if constexpr (requires { viewed.is_valid(); }) {
            is_valid_ = is_valid_ && viewed.is_valid();
            if (!is_valid_) return; // its view() may not be asked for
        }
        auto const view = as_view(viewed);
        constexpr auto rank = decltype(view)::rank();
        std::array<std::int64_t, rank> extents{};
        for (std::size_t r = 0; r < rank; ++r)
            extents[r] = static_cast<std::int64_t>(view.extent(r));
        add(std::to_address(view.data_handle()), extents);
    }

    /// Local. An argument that all ranks must pass alike, if its bytes say so.
    template <typename T>
    void add_value(T const& value) noexcept {
        if constexpr (std::is_arithmetic_v<T> && sizeof(T) <= sizeof(std::uint64_t))
            options_ =
                hash_with(options_, hash({reinterpret_cast<char const*>(&value), sizeof value}));
    }

    /// Node, collective. All are in the same call, with the same arguments.
    /// @throws argument_error (not_found)  something that takes part was destroyed before
    /// @throws argument_error (shape_mismatch)  shapes differ
    /// @throws runtime_failure (disagreement, closed), peer_left
    void begin() const;

    /// Node, collective. Runs `work` on each rank; then one rank runs `completion` for all.
    /// @throws what one of them threw, as a shmwin::error: the same on all ranks
    void finish(function_ref<void()> work, function_ref<void()> completion) const;
    void finish(function_ref<void()> work) const {
        finish(work, [] {});
    }

  private:
    void add(void const* data, std::span<std::int64_t const> extents);
    [[nodiscard]] collective_call call() const noexcept;
    void check() const;

    segment_core const& core_;
    operation op_;
    source_line where_;
    bool is_valid_ = true;
    bool is_first_ = true;
    std::uint64_t options_ = 0;
    std::vector<std::int64_t> extents_;
    std::vector<std::int64_t> other_extents_; ///< the first that differ
    bool differs_ = false;
};

} // namespace shmwin::inline v1::detail
