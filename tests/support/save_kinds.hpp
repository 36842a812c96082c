// SPDX-License-Identifier: MIT
// The ways to save that differ in who writes which bytes when: what holds for one must hold for
// all.
#pragma once

#include "shmwin/base/function_ref.hpp"
#include "shmwin/base/literals.hpp"
#include "shmwin/io/checkpoint_store.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace shmwin::test {

enum class save_kind : std::uint8_t {
    plain,
    async,
    async_bounded,
    incremental,
    async_incremental,
    deflate,
};

inline constexpr std::array<std::string_view, 6> save_kind_names{
    "plain", "async", "async_bounded", "incremental", "async_incremental", "deflate"};
inline constexpr int n_save_kinds = static_cast<int>(save_kind_names.size());

[[nodiscard]] inline std::string_view name_of(save_kind kind) {
    return save_kind_names.at(static_cast<std::size_t>(kind));
}

/// Nothing, if no kind has that name.
[[nodiscard]] inline std::optional<save_kind> save_kind_of(std::string_view name) {
    for (int i = 0; i < n_save_kinds; ++i) {
        if (name_of(static_cast<save_kind>(i)) == name) return static_cast<save_kind>(i);
    }
    return std::nullopt;
}

[[nodiscard]] inline bool is_async(save_kind kind) {
    return kind == save_kind::async || kind == save_kind::async_bounded
           || kind == save_kind::async_incremental;
}
[[nodiscard]] inline bool is_incremental(save_kind kind) {
    return kind == save_kind::incremental || kind == save_kind::async_incremental;
}

/// The options of a store that saves so, beside what is asked for already.
[[nodiscard]] inline checkpoint_options options_of(save_kind kind, checkpoint_options more = {}) {
    using namespace literals;
    if (kind == save_kind::async_bounded) more.staging = staging::bounded;
    more.staging_bytes = 1_MiB;
    more.incremental = is_incremental(kind);
    more.deflate = kind == save_kind::deflate ? 1 : 0;
    return more;
}

/// All, collective. Saves and waits until it is done; `meanwhile` is called when the ranks may
/// write to their objects again.
inline save_report save_as(save_kind kind,
                           checkpoint_store& store,
                           segment& seg,
                           checkpoint_label const& label,
                           detail::function_ref<void()> meanwhile) {
    if (!is_async(kind)) {
        auto report = store.save(seg, label);
        meanwhile();
        return report;
    }
    auto pending = store.save_async(seg, label);
    meanwhile();
    return pending.wait();
}

} // namespace shmwin::test
