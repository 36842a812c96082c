// SPDX-License-Identifier: MIT
// Sequences of calls of the heap, as bytes: six a call, so that whoever makes them up (a random
// generator, a fuzzer) and whoever makes them shorter needs to know nothing of what they mean.
//
//     | action | rank, thread, mapping | size: doubling | size: within it | alignment | which |
#pragma once

#include "shmwin/base/text.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace shmwin::test {

enum class heap_action : std::uint8_t {
    allocate,
    allocate_zeroed,
    reserve,
    deallocate,
    collect,
    verify,
    free_again,    ///< a block that was freed before
    free_inside,   ///< an address inside a block
    free_anywhere, ///< any address of the segment
    free_foreign,  ///< an address of no segment, or of another mapping
    ask_for_too_much,
    ask_for_no_alignment,
    expand, ///< a block, where it stands
    shrink,
    trim,
    die, ///< the rank is dead from here on; the others find what it had
    // A call that the heap gains has its place here, in action_of and text_of below, in
    // heap_calls or heap_refusals, and in heap_model.
};

/// One call, decoded.
struct heap_op {
    static constexpr std::size_t n_bytes_of_one = 6;

    heap_action action = heap_action::verify;
    unsigned rank = 0;         ///< modulo the number of ranks
    bool in_thread = false;    ///< in a thread of its own, which ends with the call
    bool by_second = false;    ///< through the second mapping
    std::size_t n_bytes = 0;   ///< 0 to 8 MiB
    std::size_t alignment = 1; ///< 1 to 2 MiB
    std::size_t which = 0;     ///< modulo the number of blocks
    std::uint32_t number = 0;  ///< of the last four bytes
};

/// How often which action comes. Ordered by weight: what is rare is at the end.
[[nodiscard]] constexpr heap_action action_of(std::uint8_t byte) noexcept {
    using enum heap_action;
    constexpr std::array<heap_action, 36> table = {
        allocate,        allocate,        allocate,         allocate,
        allocate,        allocate,        allocate,         allocate,
        allocate,        allocate,        deallocate,       deallocate,
        deallocate,      deallocate,      deallocate,       deallocate,
        deallocate,      deallocate,      deallocate,       allocate_zeroed,
        allocate_zeroed, allocate_zeroed, reserve,          collect,
        collect,         verify,          free_again,       free_inside,
        free_anywhere,   free_foreign,    ask_for_too_much, ask_for_no_alignment,
        expand,          expand,          shrink,           trim};
    if (byte == 0xff) return die;
    return table[byte % table.size()];
}

[[nodiscard]] constexpr heap_op
decode(std::span<std::uint8_t const, heap_op::n_bytes_of_one> bytes) noexcept {
    heap_op op;
    op.action = action_of(bytes[0]);
    op.rank = bytes[1] % 16U;
    op.in_thread = (bytes[1] & 0x70U) == 0x70U;
    op.by_second = (bytes[1] & 0x80U) != 0;
    auto const doubling = bytes[2] % 23U;
    op.n_bytes = (std::size_t{1} << doubling) + ((std::size_t{bytes[3]} << doubling) >> 8U) - 1;
    op.alignment = std::size_t{1} << (bytes[4] < 192 ? bytes[4] % 8U : bytes[4] % 22U);
    op.which = bytes[5];
    op.number = std::uint32_t{bytes[2]} << 24U | std::uint32_t{bytes[3]} << 16U
                | std::uint32_t{bytes[4]} << 8U | bytes[5];
    return op;
}

/// All calls of a sequence; what is left over at its end is none.
[[nodiscard]] inline std::vector<heap_op> decode_all(std::span<std::uint8_t const> bytes) {
    std::vector<heap_op> all;
    for (; bytes.size() >= heap_op::n_bytes_of_one;
         bytes = bytes.subspan(heap_op::n_bytes_of_one)) {
        all.push_back(decode(bytes.first<heap_op::n_bytes_of_one>()));
    }
    return all;
}

[[nodiscard]] inline std::string text_of(heap_op const& op) {
    constexpr std::array names = {"allocate",
                                  "allocate_zeroed",
                                  "reserve",
                                  "deallocate",
                                  "collect",
                                  "verify",
                                  "free_again",
                                  "free_inside",
                                  "free_anywhere",
                                  "free_foreign",
                                  "ask_for_too_much",
                                  "ask_for_no_alignment",
                                  "expand",
                                  "shrink",
                                  "trim",
                                  "die"};
    return detail::text(names.at(static_cast<std::size_t>(op.action)),
                        "(rank ",
                        op.rank,
                        op.in_thread ? " in a thread" : "",
                        op.by_second ? ", second mapping, " : ", ",
                        op.n_bytes,
                        " bytes, alignment ",
                        op.alignment,
                        ", which ",
                        op.which,
                        ")");
}

} // namespace shmwin::test
