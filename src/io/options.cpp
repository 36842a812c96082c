// SPDX-License-Identifier: MIT
#include "io/options.hpp"

#include "shmwin/base/error.hpp"
#include "shmwin/base/hash.hpp"
#include "shmwin/base/text.hpp"

#include "io/name_filter.hpp"

#include <bit>
#include <concepts>
#include <csignal>
#include <cstddef>
#include <string>
#include <type_traits>
#include <vector>

namespace shmwin::inline v1::detail {
namespace {

// A hash over values of several types, each with all of its bits.
class running_hash {
  public:
    template <typename T>
    requires std::integral<T> || std::is_enum_v<T>
    void add(T value) { sum_ = hash_with(sum_, static_cast<std::uint64_t>(value)); }
    void add(double value) { add(std::bit_cast<std::uint64_t>(value)); }
    void add(std::chrono::duration<double> value) { add(value.count()); }
    void add(std::string const& value) {
        add(value.size());
        sum_ = hash_with(sum_, hash(value));
    }
    template <typename T>
    void add(std::vector<T> const& values) {
        add(values.size());
        for (auto const& each : values) {
            add(each);
        }
    }
    [[nodiscard]] std::uint64_t value() const noexcept { return sum_; }

  private:
    std::uint64_t sum_ = 0;
};

[[noreturn]] void refuse(std::string const& what) {
    raise(errc::invalid_argument, what);
}

void check_retention(checkpoint_options const& options) {
    if (options.keep < 1) {
        refuse(text("retention is not possible (.keep = ", options.keep, "; at least 1)"));
    }
    if (options.keep_every < 0) {
        refuse(
            text("retention is not possible (.keep_every = ", options.keep_every, "; 0 for none)"));
    }
}

void check_writing(checkpoint_options const& options) {
    if (options.deflate < 0 || options.deflate > 9) {
        refuse(text(
            "compression is not possible (.deflate = ", options.deflate, "; 0 for none, 1 to 9)"));
    }
    constexpr auto least = std::size_t{1} << 20U;
    if (options.staging == staging::bounded && options.staging_bytes < least) {
        refuse(text("staging is not possible (.staging_bytes = ",
                    options.staging_bytes,
                    "; at least ",
                    least,
                    ")"));
    }
}

void check_share(char const* what, double value, double most) {
    if (value >= 0 && value <= most) return; // false for a NaN
    refuse(text("due() is not possible (", what, " = ", value, "; 0 for never)"));
}

void check_due(checkpoint_options const& options) {
    constexpr double most_seconds = 1e12;
    if (options.every_steps < 0) {
        refuse(
            text("due() is not possible (.every_steps = ", options.every_steps, "; 0 for never)"));
    }
    check_share(".every_time", options.every_time.count(), most_seconds);
    check_share(".overhead", options.overhead, 1);
    check_share(".failure_interval", options.failure_interval.count(), most_seconds);
    check_share(".wall_clock", options.wall_clock.count(), most_seconds);
    for (int const each : options.signals) {
        if (each > 0 && each < NSIG && each != SIGKILL && each != SIGSTOP) continue;
        refuse(text("signal cannot be caught (", each, " in .signals)"));
    }
}

} // namespace

void check_options(checkpoint_options const& options) {
    check_retention(options);
    check_writing(options);
    check_due(options);
    check_patterns(".only", options.only);
    check_patterns(".except", options.except);
}

void check_options(restore_options const& options) {
    check_patterns(".only", options.only);
    check_patterns(".except", options.except);
}

std::uint64_t hash_of(checkpoint_options const& options) {
    running_hash all;
    all.add(options.keep);
    all.add(options.keep_every);
    all.add(options.durable);
    all.add(options.verify_first);
    all.add(options.only);
    all.add(options.except);
    all.add(options.incremental);
    all.add(options.deflate);
    all.add(options.staging);
    all.add(options.staging_bytes);
    all.add(options.when_busy);
    all.add(options.every_steps);
    all.add(options.every_time);
    all.add(options.overhead);
    all.add(options.failure_interval);
    all.add(options.wall_clock);
    all.add(options.signals);
    return all.value();
}

std::uint64_t hash_of(checkpoint_label const& label) {
    running_hash all;
    all.add(label.step);
    all.add(label.time);
    for (auto const& each : label.attributes) {
        all.add(each.name);
        all.add(each.value.index());
        std::visit([&](auto const& value) { all.add(value); }, each.value);
    }
    return all.value();
}

std::uint64_t hash_of(restore_options const& options) {
    running_hash all;
    all.add(options.partial);
    all.add(options.convert);
    all.add(options.only);
    all.add(options.except);
    all.add(options.other_ranks);
    return all.value();
}

} // namespace shmwin::inline v1::detail
