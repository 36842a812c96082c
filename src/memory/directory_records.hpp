// SPDX-License-Identifier: MIT
// Where the records of named objects stand: in chunks that double in size and never move. Readers
// look at them without the lock, so every word is an atomic.
#pragma once

#include "shmwin/memory/directory.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace shmwin::inline v1::detail {

inline constexpr std::uint64_t first_chunk_records = 128;

// Chunk k holds the records from 128 (2^k - 1) on.
constexpr std::size_t chunk_of(std::uint64_t index) noexcept {
    return static_cast<std::size_t>(std::bit_width((index / first_chunk_records + 1) >> 1U));
}

inline std::atomic_ref<std::uint64_t> shared(std::uint64_t& word) noexcept {
    return std::atomic_ref(word);
}

// A claim, where a free record has the next one: | 1 (1 bit) | participant (31) | thread (32) |.
inline constexpr std::uint64_t claim_bit = 1ULL << 63U;

constexpr bool is_claim(std::uint64_t link) noexcept {
    return (link & claim_bit) != 0;
}

constexpr int claimant_of(std::uint64_t claim) noexcept {
    return static_cast<int>((claim & ~claim_bit) >> 32U);
}

struct directory::record_slot {
    static constexpr std::size_t n_words = sizeof(object_record) / sizeof(std::uint64_t);
    static constexpr std::size_t name_offset = offsetof(object_record, name);
    static constexpr std::size_t generation_offset = offsetof(object_record, generation);
    static_assert(offsetof(object_record, name_hash) == 0 && name_offset % 8 == 0);

    std::uint64_t link_word; // free: index of the next free record + 1; else a claim, or 0
    std::array<std::uint64_t, n_words> words;

    [[nodiscard]] std::uint64_t word(std::size_t i) noexcept {
        return shared(words[i]).load(std::memory_order_acquire);
    }

    // All up to the end of the name, as store() wrote it.
    [[nodiscard]] object_record load() noexcept {
        std::array<std::uint64_t, n_words> copy{};
        for (std::size_t i = 0; i < name_offset / 8; ++i) {
            copy[i] = word(i);
        }
        for (std::size_t i = name_offset / 8; i < n_words; ++i) {
            copy[i] = word(i);
            if (has_zero_byte(copy[i])) break;
        }
        return std::bit_cast<object_record>(copy);
    }

    // All up to the end of the name: what is behind it is never looked at.
    void store(object_record const& record) noexcept {
        auto const copy = std::bit_cast<std::array<std::uint64_t, n_words>>(record);
        auto const n_used = (name_offset + record.name_text().size()) / sizeof(std::uint64_t) + 1;
        for (std::size_t i = 0; i < n_used; ++i) {
            shared(words.at(i)).store(copy.at(i), std::memory_order_release);
        }
    }

    // Acquired before the record: of a whole object everything is there.
    [[nodiscard]] std::uint64_t link() noexcept {
        return shared(link_word).load(std::memory_order_acquire);
    }
    void set_link(std::uint64_t link) noexcept {
        shared(link_word).store(link, std::memory_order_release);
    }

    // All before the texts, which are empty.
    [[nodiscard]] object_record load_head() noexcept {
        std::array<std::uint64_t, n_words> copy{};
        for (std::size_t i = 0; i < offsetof(object_record, type) / 8; ++i) {
            copy[i] = word(i);
        }
        return std::bit_cast<object_record>(copy);
    }

    // Compares names where they stand: no more is read than that takes.
    [[nodiscard]] bool name_begins_with(std::string_view beginning) noexcept {
        return beginning.size() <= max_name_bytes
               && bytes_are(beginning.data(), beginning.size(), 0);
    }
    [[nodiscard]] bool name_is(std::string_view name) noexcept {
        // The byte behind it is the 0 that ends it.
        return name.size() <= max_name_bytes && bytes_are(name.data(), name.size(), 1);
    }

    // What a look-up of the name is about to read, from far away memory, all at once.
    void prefetch() const noexcept {
        __builtin_prefetch(this);
        __builtin_prefetch(reinterpret_cast<std::byte const*>(this) + 64);
        __builtin_prefetch(reinterpret_cast<std::byte const*>(words.data()) + name_offset);
    }

    [[nodiscard]] std::atomic_ref<std::uint64_t> name_hash() noexcept { return shared(words[0]); }

    // No record any more. Handles of what stood here are stale, also while the next is written.
    void retire() noexcept {
        constexpr auto at = generation_offset / 8;
        static_assert(generation_offset % 8 == 0, "no carry into another field");
        auto const before = word(at);
        auto const next = static_cast<std::uint32_t>(before) + 1;
        name_hash().store(0, std::memory_order_release);
        shared(words[at]).store((before & ~0xffff'ffffULL) | next, std::memory_order_release);
    }

    // The one field that changes while the record is in the table, and claimed.
    void set_offset(std::uint64_t offset) noexcept {
        shared(words[offsetof(object_record, offset) / 8]).store(offset, std::memory_order_release);
    }

  private:
    static constexpr std::uint64_t each_byte = 0x0101'0101'0101'0101ULL;

    [[nodiscard]] static bool has_zero_byte(std::uint64_t word) noexcept {
        return ((word - each_byte) & ~word & (each_byte << 7U)) != 0;
    }

    // True if the name begins with n bytes and so many of 0. Segments are little-endian.
    [[nodiscard]] bool bytes_are(char const* bytes, std::size_t n, std::size_t n_zeros) noexcept {
        for (std::size_t i = 0; i < n + n_zeros; i += sizeof(std::uint64_t)) {
            std::uint64_t expected = 0;
            std::memcpy(&expected, bytes + i, std::min(n - std::min(i, n), sizeof expected));
            auto const n_compared = std::min(n + n_zeros - i, sizeof expected);
            auto const mask = ~0ULL >> (64 - 8 * n_compared);
            if (((word((name_offset + i) / 8) ^ expected) & mask) != 0) return false;
        }
        return true;
    }

  public:
    [[nodiscard]] std::uint32_t generation() noexcept {
        auto const word = shared(words[generation_offset / 8]).load(std::memory_order_acquire);
        return static_cast<std::uint32_t>(word >> (8 * (generation_offset % 8)));
    }
};

// An object or a claim that a call met or made.
struct directory::taken_name {
    directory_entry entry;
    std::uint64_t claim = 0; // no claim if it is whole
    bool entered = false;    // by this call
};

} // namespace shmwin::inline v1::detail
