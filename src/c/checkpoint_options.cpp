// SPDX-License-Identifier: MIT
#include "c/checkpoint_options.hpp"

#include "c/options.hpp"
#include "c/texts.hpp"

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

namespace shmwin::inline v1::detail {
namespace {

// The enumerators of both languages are the same numbers.
template <typename Enum>
constexpr bool are_numbered(Enum first, int c_first, Enum last, int c_last) {
    return static_cast<int>(first) == c_first && static_cast<int>(last) == c_last && c_first == 0;
}
static_assert(
    are_numbered(staging::full, SHMWIN_STAGING_FULL, staging::frozen, SHMWIN_STAGING_FROZEN));
static_assert(are_numbered(
    when_busy::wait, SHMWIN_WHEN_BUSY_WAIT, when_busy::refuse, SHMWIN_WHEN_BUSY_REFUSE));
static_assert(are_numbered(other_ranks::redistribute,
                           SHMWIN_OTHER_RANKS_REDISTRIBUTE,
                           other_ranks::refuse,
                           SHMWIN_OTHER_RANKS_REFUSE));

template <typename Enum>
Enum enumerator(int given, Enum last, char const* what) {
    if (given >= 0 && given <= static_cast<int>(last)) return static_cast<Enum>(given);
    raise(errc::invalid_argument,
          std::string("option is not possible (") + what + " = " + std::to_string(given) + "; 0 to "
              + std::to_string(static_cast<int>(last)) + ")");
}

template <typename T>
std::vector<T> list_in(shmwin_attribute const& given) {
    if (given.n == 0) return {};
    auto const* const first = &need(static_cast<T const*>(given.data), "attribute's data");
    return {first, first + given.n};
}

checkpoint_attribute asked_of(shmwin_attribute const& given) {
    std::string name(need_text(given.name, "attribute's name"));
    char const* const what = "attribute's data";
    switch (given.kind) {
    case SHMWIN_ATTRIBUTE_INT64:
        return {std::move(name), need(static_cast<std::int64_t const*>(given.data), what)};
    case SHMWIN_ATTRIBUTE_DOUBLE:
        return {std::move(name), need(static_cast<double const*>(given.data), what)};
    case SHMWIN_ATTRIBUTE_TEXT:
        return {std::move(name),
                std::string(need_text(static_cast<char const*>(given.data), what))};
    case SHMWIN_ATTRIBUTE_INT64_LIST:
        return {std::move(name), list_in<std::int64_t>(given)};
    case SHMWIN_ATTRIBUTE_DOUBLE_LIST:
        return {std::move(name), list_in<double>(given)};
    default:
        raise(errc::invalid_argument,
              "attribute is not possible (\"" + name + "\": kind " + std::to_string(given.kind)
                  + " is none of enum shmwin_attribute_kind)");
    }
}

} // namespace

checkpoint_options asked_of(shmwin_checkpoint_options const* given) {
    using seconds = std::chrono::duration<double>;
    auto const read = options_of(given, "SHMWIN_CHECKPOINT_OPTIONS_INIT");
    checkpoint_options made;
    if (read.keep != 0) made.keep = read.keep;
    made.keep_every = read.keep_every;
    made.durable = read.is_not_durable == 0;
    made.verify_first = read.verify_first != 0;
    made.only = copies_of(read.only, read.n_only, "only");
    made.except = copies_of(read.except, read.n_except, "except");
    made.incremental = read.incremental != 0;
    made.deflate = read.deflate;
    made.staging = enumerator(read.staging, staging::frozen, "staging");
    if (read.staging_bytes != 0) made.staging_bytes = read.staging_bytes;
    made.when_busy = enumerator(read.when_busy, when_busy::refuse, "when_busy");
    made.every_steps = read.every_steps;
    made.every_time = seconds(read.every_time);
    made.overhead = read.overhead;
    made.failure_interval = seconds(read.failure_interval);
    made.wall_clock = seconds(read.wall_clock);
    if (read.n_signals != 0) {
        auto const* const first = &need(read.signals, "signals");
        made.signals.assign(first, first + read.n_signals);
    }
    return made;
}

restore_options asked_of(shmwin_restore_options const* given) {
    auto const read = options_of(given, "SHMWIN_RESTORE_OPTIONS_INIT");
    restore_options made;
    made.partial = read.partial != 0;
    made.convert = read.convert != 0;
    made.only = copies_of(read.only, read.n_only, "only");
    made.except = copies_of(read.except, read.n_except, "except");
    made.other_ranks = enumerator(read.other_ranks, other_ranks::refuse, "other_ranks");
    return made;
}

checkpoint_label asked_of(shmwin_checkpoint_label const* given) {
    auto const read = options_of(&need(given, "label"), "SHMWIN_CHECKPOINT_LABEL_INIT");
    checkpoint_label made;
    made.step = read.step;
    made.time = read.time;
    for (std::size_t i = 0; i < read.n_attributes; ++i) {
        made.attributes.push_back(asked_of((&need(read.attributes, "attributes"))[i]));
    }
    return made;
}

} // namespace shmwin::inline v1::detail
