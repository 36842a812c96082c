// SPDX-License-Identifier: MIT
// piece_writer: bytes on their way into a file, in large pieces.
//
// Layer: io.
#pragma once

#include "io/file.hpp"

#include <cstddef>
#include <cstdint>
#include <span>

namespace shmwin::inline v1::detail {

// Pages of this size are what the page cache then holds.
inline constexpr std::size_t piece_bytes = std::size_t{2} << 20U;
inline constexpr std::size_t write_back_bytes = std::size_t{16} << 20U;

/// Writes what is added, in pieces that end at multiples of 2 MiB in the file: the page cache then
/// holds it in pages of that size, which are read faster. Starts writing back as it goes.
class piece_writer {
  public:
    explicit piece_writer(file const& target) : target_(target) {}

    void add(std::uint64_t offset, std::span<std::byte const> bytes) {
        if (bytes.data() != pending_.data() + pending_.size()) {
            flush();
            pending_ = bytes.first(0);
        }
        if (offset != offset_ + pending_.size()) {
            finish();
            offset_ = not_written_back_ = offset;
            pending_ = bytes.first(0);
        }
        pending_ = {pending_.data(), pending_.size() + bytes.size()};
        for (;;) {
            auto const n = piece_bytes - offset_ % piece_bytes;
            if (n > pending_.size()) return;
            write(n);
            if (offset_ - not_written_back_ >= write_back_bytes) write_back();
        }
    }
    // Afterwards the bytes that were added may change.
    void flush() { write(pending_.size()); }
    void finish() {
        flush();
        write_back();
    }

  private:
    void write(std::size_t n_bytes) {
        target_.write_at(offset_, pending_.first(n_bytes));
        offset_ += n_bytes;
        pending_ = pending_.subspan(n_bytes);
    }
    void write_back() {
        if (offset_ > not_written_back_) {
            target_.start_write_back(not_written_back_, offset_ - not_written_back_);
        }
        not_written_back_ = offset_;
    }

    file const& target_;
    std::span<std::byte const> pending_;
    std::uint64_t offset_ = 0; ///< of what is pending, in the file
    std::uint64_t not_written_back_ = 0;
};

} // namespace shmwin::inline v1::detail
