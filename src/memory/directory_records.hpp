// SPDX-License-Identifier: MIT
// Where the records of named objects stand: in chunks that double in size and never move. Readers
// look at them without the lock, so every word is an atomic.
//
// A chunk holds the near parts of its records side by side, then their far parts: what look-ups
// read is a line of the cache each, and few pages.
#pragma once

#include "shmwin/base/hash.hpp"
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
inline constexpr std::uint64_t record_bytes = sizeof(object_record) + sizeof(std::uint64_t);

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
    static constexpr std::size_t n_near_words = 7;
    static constexpr std::size_t near_bytes = 64; // a link, and so many words of the record
    static constexpr std::size_t far_bytes = record_bytes - near_bytes;
    static constexpr std::size_t name_word = offsetof(object_record, name) / 8;
    static constexpr std::size_t extents_word = offsetof(object_record, extents) / 8;
    static constexpr std::size_t numbers_word = offsetof(object_record, n_bytes) / 8;
    static constexpr std::size_t type_word = offsetof(object_record, type) / 8;
    static constexpr std::size_t file_word = offsetof(object_record, file) / 8;
    static constexpr std::size_t generation_word = offsetof(object_record, generation) / 8;
    static_assert(offsetof(object_record, name_hash) == 0);
    static_assert(offsetof(object_record, name) % 8 == 0 && name_word == sizeof(object_head) / 8);
    static_assert(offsetof(object_record, generation) % 8 == 0, "no carry into another field");
    static_assert(extents_word == name_word + (max_name_bytes + 1) / 8);
    static_assert(numbers_word == extents_word + max_dimensions);
    static_assert(offsetof(object_record, type) % 8 == 0 && offsetof(object_record, file) % 8 == 0);

    std::uint64_t* near; // free: index of the next free record + 1; else a claim, or 0
    std::uint64_t* far;

    [[nodiscard]] std::atomic_ref<std::uint64_t> at(std::size_t i) const noexcept {
        return shared(i < n_near_words ? near[1 + i] : far[i - n_near_words]);
    }
    [[nodiscard]] std::uint64_t word(std::size_t i) const noexcept {
        return at(i).load(std::memory_order_acquire);
    }

    // The whole record; of texts and extents as much as there is.
    [[nodiscard]] object_record load() const noexcept {
        std::array<std::uint64_t, n_words> copy{};
        auto const take = [&](std::size_t i) { return copy.at(i) = word(i); };
        auto const take_text = [&](std::size_t first, std::size_t end) {
            for (auto i = first; i < end && !has_zero_byte(take(i)); ++i) {
            }
        };
        for (std::size_t i = 0; i < name_word; ++i) {
            take(i);
        }
        take_text(name_word, extents_word);
        auto const n_extents = std::bit_cast<object_record>(copy).n_extents;
        for (std::size_t i = 0; i < std::min<std::size_t>(n_extents, max_dimensions); ++i) {
            take(extents_word + i);
        }
        for (auto i = numbers_word; i < type_word; ++i) {
            take(i);
        }
        take_text(type_word, file_word);
        take_text(file_word, n_words);
        return std::bit_cast<object_record>(copy);
    }

    // As the record of that generation; not what is behind the end of texts and extents: it is
    // never looked at.
    void store(object_record const& record, std::uint32_t generation) const noexcept {
        auto const put = [&](std::size_t i) {
            std::uint64_t word = 0;
            std::memcpy(&word, reinterpret_cast<std::byte const*>(&record) + 8 * i, sizeof word);
            if (i == generation_word) word = (word & ~0xffff'ffffULL) | generation;
            at(i).store(word, std::memory_order_release);
            return word;
        };
        auto const put_text = [&](std::size_t first, std::size_t end) {
            for (auto i = first; i < end && !has_zero_byte(put(i)); ++i) {
            }
        };
        for (std::size_t i = 0; i < name_word; ++i) {
            put(i);
        }
        put_text(name_word, extents_word);
        for (std::size_t i = 0; i < record.n_extents; ++i) {
            put(extents_word + i);
        }
        for (auto i = numbers_word; i < type_word; ++i) {
            put(i);
        }
        put_text(type_word, file_word);
        put_text(file_word, n_words);
    }

    [[nodiscard]] object_head load_head() const noexcept {
        std::array<std::uint64_t, name_word> copy{};
        for (std::size_t i = 0; i < copy.size(); ++i) {
            copy[i] = word(i);
        }
        return std::bit_cast<object_head>(copy);
    }
    [[nodiscard]] std::array<std::int64_t, max_dimensions>
    load_extents(std::size_t n) const noexcept {
        std::array<std::int64_t, max_dimensions> extents{};
        for (std::size_t i = 0; i < std::min(n, max_dimensions); ++i) {
            extents[i] = static_cast<std::int64_t>(word(extents_word + i));
        }
        return extents;
    }

    // Acquired before the record: of a whole object everything is there.
    [[nodiscard]] std::uint64_t link() const noexcept {
        return shared(*near).load(std::memory_order_acquire);
    }
    void set_link(std::uint64_t link) const noexcept {
        shared(*near).store(link, std::memory_order_release);
    }

    // Compares names where they stand: no more is read than that takes.
    [[nodiscard]] bool name_begins_with(std::string_view beginning) const noexcept {
        return beginning.size() <= max_name_bytes && bytes_are(beginning, 0);
    }
    [[nodiscard]] bool name_is(std::string_view name) const noexcept {
        // The byte behind it is the 0 that ends it.
        return name.size() <= max_name_bytes && bytes_are(name, 1);
    }

    [[nodiscard]] std::atomic_ref<std::uint64_t> name_hash() const noexcept { return at(0); }

    // No record any more. Handles of what stood here are stale, also while the next is written.
    void retire() const noexcept {
        auto const before = word(generation_word);
        auto const next = static_cast<std::uint32_t>(before) + 1;
        name_hash().store(0, std::memory_order_release);
        at(generation_word).store((before & ~0xffff'ffffULL) | next, std::memory_order_release);
    }

    // The one field that changes while the record is in the table, and claimed.
    void set_offset(std::uint64_t offset) const noexcept {
        at(offsetof(object_record, offset) / 8).store(offset, std::memory_order_release);
    }

    [[nodiscard]] std::uint32_t generation() const noexcept {
        return static_cast<std::uint32_t>(word(generation_word));
    }

  private:
    static constexpr std::uint64_t each_byte = 0x0101'0101'0101'0101ULL;

    [[nodiscard]] static bool has_zero_byte(std::uint64_t word) noexcept {
        return ((word - each_byte) & ~word & (each_byte << 7U)) != 0;
    }

    // True if the name begins with the bytes and n_zeros bytes of 0. Segments are little-endian.
    [[nodiscard]] bool bytes_are(std::string_view bytes, std::size_t n_zeros) const noexcept {
        auto const n = bytes.size() + n_zeros;
        std::size_t i = 0;
        for (; i + 8 <= bytes.size(); i += 8) {
            if (word(name_word + i / 8) != bytes_as_number(bytes.data() + i, 8)) return false;
        }
        if (i == n) return true;
        auto const expected = bytes_as_number(bytes.data() + i, bytes.size() - i);
        auto const mask = ~0ULL >> (64 - 8 * (n - i));
        return ((word(name_word + i / 8) ^ expected) & mask) == 0;
    }
};

// An object or a claim that a call met or made.
struct directory::taken_name {
    std::uint32_t index;
    std::uint32_t generation;
    std::uint64_t claim; // no claim if it is whole
    bool entered;        // by this call
};

} // namespace shmwin::inline v1::detail
