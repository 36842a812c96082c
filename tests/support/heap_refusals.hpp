// SPDX-License-Identifier: MIT
// Calls that the heap must refuse, each with its own error, and without a change.
#pragma once

#include "shmwin/base/error.hpp"

#include "support/heap_ops.hpp"
#include "support/heap_reference.hpp"

#include <cstddef>
#include <cstdint>

namespace shmwin::test::heap_refusals {

// --- what is no block is not freed ---------------------------------------------------------------

inline void expect_refused(heap_reference const& known, heap_op const& op, void* address) {
    auto const before = known.caller(op).stats();
    require(known.caller(op).usable_size(address) == 0, "no block has a usable size");
    errc code{};
    try {
        known.by_caller(op, [&](heap const& memory) {
            memory.deallocate(address);
            return true;
        });
    } catch (argument_error const& refused) {
        code = refused.code();
    }
    require(code == errc::bad_pointer, "what is no block was freed: ", address);
    auto const after = known.caller(op).stats();
    require(before.used == after.used && before.n_blocks == after.n_blocks
                && before.in_pages == after.in_pages,
            "what was refused changed something");
}
inline void
expect_offset_refused(heap_reference const& known, heap_op const& op, std::uint64_t offset) {
    if (!known.live().contains(offset)) expect_refused(known, op, known.caller(op).at(offset));
}

inline void free_again(heap_reference const& known, heap_op const& op) {
    auto const& freed = known.freed();
    if (!freed.empty()) expect_offset_refused(known, op, freed.at(op.which % freed.size()));
}
inline void free_inside(heap_reference& known, heap_op const& op) {
    if (known.live().empty()) return;
    auto const& [offset, what] = *known.pick(op);
    if (what.n_bytes > 1) {
        expect_offset_refused(known, op, offset + 1 + op.n_bytes % (what.n_bytes - 1));
    }
}
inline void free_anywhere(heap_reference const& known, heap_op const& op) {
    auto const pages = known.pages().where().header()[detail::section_id::pages].offset;
    expect_offset_refused(known, op, pages + op.number % known.capacity);
    expect_offset_refused(known, op, pages + op.number % known.capacity / 8 * 8);
    expect_offset_refused(known, op, pages + op.number % known.capacity / 4096 * 4096);
}
inline void free_foreign(heap_reference const& known, heap_op const& op) {
    int on_stack = 0;
    auto const other = known.pages().where(op.by_second ? via::first : via::second);
    auto const begin = known.live().empty() ? std::uint64_t{4096} : known.live().begin()->first;
    auto const memory = known.caller(op);
    expect_refused(known, op, &on_stack);
    expect_refused(known, op, other.at(begin));
    expect_refused(known, op, memory.where().base() + op.number % begin); // metadata
    expect_refused(known, op, memory.where().base() + known.pages().n_bytes());
    memory.deallocate(nullptr);
}

// --- what cannot be had is not given -------------------------------------------------------------

template <typename Error, typename F>
void expect_failure(heap_reference const& known, heap_op const& op, errc code, F const& f) {
    try {
        known.by_caller(op, [&](heap const& memory) { return f(memory, op.alignment); });
    } catch (Error const& failed) {
        require(failed.code() == code, "failed as ", failed.what());
        return;
    }
    require(false, "did not fail");
}

inline void ask_for_too_much(heap_reference const& known, heap_op const& op) {
    for (auto const n_bytes : {known.capacity + 1 + op.n_bytes,
                               SIZE_MAX - op.n_bytes,
                               SIZE_MAX / 2 + op.n_bytes,
                               std::size_t{1} << (32 + op.which % 32)}) {
        expect_failure<out_of_memory>(
            known, op, errc::out_of_memory, [&](heap const& memory, std::size_t alignment) {
                return memory.allocate(n_bytes, alignment);
            });
    }
}
inline void ask_for_no_alignment(heap_reference const& known, heap_op op) {
    for (auto const alignment :
         {std::size_t{0}, op.alignment + 2 + op.alignment % 2, std::size_t{1} << 22U}) {
        if (alignment == 4) continue;
        op.alignment = alignment;
        expect_failure<argument_error>(
            known, op, errc::invalid_argument, [&](heap const& memory, std::size_t none) {
                return memory.allocate_zeroed(op.n_bytes, none);
            });
    }
}

} // namespace shmwin::test::heap_refusals
