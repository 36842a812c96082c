// SPDX-License-Identifier: MIT
// Where the records of named objects stand: in chunks that double in size and never move. Readers
// look at them without the lock, so every word is an atomic.
#pragma once

#include "shmwin/memory/directory.hpp"

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

    [[nodiscard]] object_record load() noexcept {
        std::array<std::uint64_t, n_words> copy; // NOLINT(*-member-init): filled below
        for (std::size_t i = 0; i < n_words; ++i) {
            copy.at(i) = shared(words.at(i)).load(std::memory_order_acquire);
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

    // No more of the name is read than that takes.
    [[nodiscard]] bool name_begins_with(std::string_view beginning) noexcept {
        std::array<char, sizeof(object_record::name)> copy; // NOLINT(*-member-init): filled below
        if (beginning.size() > copy.size()) return false;
        for (std::size_t i = 0; i < beginning.size(); i += sizeof(std::uint64_t)) {
            auto const word =
                shared(words.at((name_offset + i) / 8)).load(std::memory_order_acquire);
            std::memcpy(&copy.at(i), &word, sizeof word);
        }
        return std::string_view(copy.data(), beginning.size()) == beginning;
    }

    [[nodiscard]] std::atomic_ref<std::uint64_t> name_hash() noexcept { return shared(words[0]); }

    // The one field that changes while the record is in the table, and claimed.
    void set_offset(std::uint64_t offset) noexcept {
        shared(words[offsetof(object_record, offset) / 8]).store(offset, std::memory_order_release);
    }

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
