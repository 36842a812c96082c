// SPDX-License-Identifier: MIT
#include "io/payload_source.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace shmwin::inline v1::detail {

payload_source::payload_source(std::span<std::byte> bytes, std::uint64_t begin)
    : first_(bytes.data()), begin_(begin), run_bytes_(bytes.size()) {}

payload_source::payload_source(std::span<std::span<std::byte> const> pieces) {
    std::uint64_t end = 0;
    for (auto const each : pieces) {
        if (each.empty()) continue;
        end += each.size();
        pieces_.push_back({end, each});
    }
}

// Dimensions without a gap become one run; those of extent 1 are none.
payload_source::payload_source(strided_array const& array, memory_order_kind order)
    : first_(array.first), run_bytes_(array.element_bytes) {
    auto const n = array.extents.size();
    for (std::size_t i = 0; i < n; ++i) {
        auto const d = order == memory_order_kind::left ? i : n - 1 - i; // the fastest first
        auto const extent = static_cast<std::uint64_t>(array.extents[d]);
        auto const stride = array.strides[d] * static_cast<std::int64_t>(array.element_bytes);
        if (extent == 1) continue;
        if (dimensions_.empty() && std::cmp_equal(stride, run_bytes_)) {
            run_bytes_ *= extent;
        } else {
            dimensions_.push_back({extent, stride});
        }
    }
    std::ranges::reverse(dimensions_);
}

// A run among all of equal length: counted on like an odometer, for a division costs more than to
// copy a short run.
class payload_source::position {
  public:
    position(payload_source const& of, std::uint64_t run)
        : of_(of), index_(of.dimensions_.size()), at_(of.first_) {
        for (auto d = index_.size(); d-- > 0;) {
            auto const& each = of.dimensions_[d];
            index_[d] = run % each.extent;
            run /= each.extent;
            at_ += static_cast<std::int64_t>(index_[d]) * each.stride_bytes;
        }
    }

    [[nodiscard]] std::byte* at() const noexcept { return at_; }

    void advance() noexcept {
        for (auto d = index_.size(); d-- > 0;) {
            auto const& each = of_.dimensions_[d];
            at_ += each.stride_bytes;
            if (++index_[d] < each.extent) return;
            at_ -= static_cast<std::int64_t>(each.extent) * each.stride_bytes;
            index_[d] = 0;
        }
    }

  private:
    payload_source const& of_;
    std::vector<std::uint64_t> index_;
    std::byte* at_;
};

void payload_source::for_each_run(std::uint64_t begin,
                                  std::size_t n_bytes,
                                  function_ref<void(std::span<std::byte>)> f) const {
    if (n_bytes == 0) return;
    if (!pieces_.empty()) {
        auto which = std::ranges::upper_bound(pieces_, begin, {}, &piece::end);
        auto skipped = static_cast<std::size_t>(begin - (which->end - which->bytes.size()));
        for (; n_bytes > 0; ++which, skipped = 0) {
            auto const n = std::min(n_bytes, which->bytes.size() - skipped);
            f(which->bytes.subspan(skipped, n));
            n_bytes -= n;
        }
        return;
    }
    begin -= begin_;
    auto skipped = static_cast<std::size_t>(begin % run_bytes_);
    for (position run(*this, begin / run_bytes_); n_bytes > 0; run.advance(), skipped = 0) {
        auto const n = std::min<std::size_t>(n_bytes, run_bytes_ - skipped);
        f({run.at() + skipped, n});
        n_bytes -= n;
    }
}

std::byte* payload_source::contiguous(std::uint64_t begin, std::size_t n_bytes) const {
    if (pieces_.empty() && dimensions_.empty()) return first_ + (begin - begin_);
    std::byte* first = nullptr;
    for_each_run(begin, std::min<std::size_t>(n_bytes, 1), [&](std::span<std::byte> run) {
        first = run.data();
    });
    if (!pieces_.empty()) {
        auto const which = std::ranges::upper_bound(pieces_, begin, {}, &piece::end);
        return which != pieces_.end() && n_bytes <= which->end - begin ? first : nullptr;
    }
    return n_bytes <= run_bytes_ - begin % run_bytes_ ? first : nullptr;
}

void payload_source::gather(std::uint64_t begin, std::span<std::byte> to) const {
    auto* next = to.data();
    for_each_run(begin, to.size(), [&](std::span<std::byte> run) {
        std::memcpy(next, run.data(), run.size());
        next += run.size();
    });
}

void payload_source::scatter(std::uint64_t begin, std::span<std::byte const> from) const {
    auto const* next = from.data();
    for_each_run(begin, from.size(), [&](std::span<std::byte> run) {
        std::memcpy(run.data(), next, run.size());
        next += run.size();
    });
}

} // namespace shmwin::inline v1::detail
