// SPDX-License-Identifier: MIT
// Calls of the heap that it must do, or say rightly that it is full: each is made, and what it did
// is compared with the reference.
#pragma once

#include "shmwin/base/error.hpp"

#include "support/heap_ops.hpp"
#include "support/heap_reference.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <thread>

namespace shmwin::test::heap_calls {

// largest_free is "the largest single request that succeeds".
inline void check_full(heap_reference const& known, heap_op const& op, out_of_memory const& full) {
    auto const numbers = known.survivor().stats();
    auto const needed = std::max<std::size_t>(op.n_bytes, 1)
                        + (op.alignment > detail::page_bytes ? op.alignment : 0);
    require(full.code() == errc::out_of_memory && needed > numbers.largest_free,
            "refused (",
            full.what(),
            ") with ",
            numbers.largest_free,
            " bytes free in one piece");
}

inline void allocate(heap_reference& known, heap_op const& op, bool zeroed) {
    std::uint64_t offset = 0;
    try {
        offset = known.by_caller(op, [&](heap const& memory) {
            return memory.offset_of(zeroed ? memory.allocate_zeroed(op.n_bytes, op.alignment)
                                           : memory.allocate(op.n_bytes, op.alignment));
        });
    } catch (out_of_memory const& full) {
        return check_full(known, op, full);
    }
    known.enter(op, offset, zeroed);
}

// Two ranks zero a part each.
inline void reserve(heap_reference& known, heap_op const& op) {
    std::uint64_t offset = 0;
    try {
        offset = known.caller(op).reserve(op.n_bytes, op.alignment);
    } catch (out_of_memory const& full) {
        return check_full(known, op, full);
    }
    auto const one = known.survivor();
    auto const n_bytes = one.usable_size(one.at(offset)); // all will be used
    auto const middle = (offset + n_bytes / 2) / detail::page_bytes * detail::page_bytes;
    auto const first = middle > offset ? middle - offset : 0;
    one.prepare(offset, first);
    known.caller(op).prepare(offset + first, n_bytes - first);
    known.enter(op, offset, true);
}

inline void deallocate(heap_reference& known, heap_op const& op) {
    if (known.live().empty()) return;
    auto const at = known.pick(op);
    known.check_contents(*at);
    known.by_caller(op, [&](heap const& memory) {
        memory.deallocate(memory.at(at->first));
        return true;
    });
    known.forget(at);
}

inline void collect(heap_reference const& known, heap_op const& op) {
    known.by_caller(op, [](heap const& memory) {
        memory.collect();
        return true;
    });
}

inline void expand(heap_reference& known, heap_op const& op) {
    if (known.live().empty()) return;
    auto const at = known.pick(op);
    auto const before = at->second.n_bytes;
    bool const has_room = known.by_caller(op, [&](heap const& memory) {
        return memory.try_expand(memory.at(at->first), op.n_bytes);
    });
    auto const one = known.survivor();
    auto const after = one.usable_size(one.at(at->first));
    require(has_room == (op.n_bytes <= after) && after >= before,
            "says wrongly that it has room, or not: ",
            after,
            " bytes");
    known.resize(at, after);
}

inline void shrink(heap_reference& known, heap_op const& op) {
    if (known.live().empty()) return;
    auto const at = known.pick(op);
    auto const before = at->second.n_bytes;
    auto const after = known.by_caller(
        op, [&](heap const& memory) { return memory.shrink(memory.at(at->first), op.n_bytes); });
    require(after <= before && after >= std::min(op.n_bytes, before) && after > 0,
            "has ",
            after,
            " bytes instead of ",
            before);
    known.resize(at, after);
}

inline void trim(heap_reference const& known, heap_op const& op) {
    auto const before = known.survivor().stats();
    auto const n_bytes = known.caller(op).trim();
    auto const after = known.survivor().stats();
    require(after.present + n_bytes == before.present && after.used == before.used
                && after.in_pages == before.in_pages && after.present >= after.in_pages,
            "gave back ",
            n_bytes,
            " bytes of ",
            before.present);
    known.check_all();
}

/// All is given back, by one rank or another.
inline void give_all_back(heap_reference& known) {
    known.check_all();
    heap_op op;
    for (op.rank = 0; !known.live().empty(); op.rank = (op.rank + 1) % known.n_ranks) {
        op.which = known.live().size() / 2;
        deallocate(known, op);
    }
    // A thread that was joined may take the kernel another moment to end.
    for (int i = 0; i < 2000 && (i == 0 || known.survivor().stats().in_pages != 0); ++i) {
        if (i != 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
        for (op.rank = 0; op.rank < known.n_ranks; ++op.rank) {
            collect(known, op);
        }
    }
    known.check_all();
    auto const numbers = known.survivor().stats();
    require(numbers.in_pages == 0 && numbers.largest_free == known.capacity,
            "pages stay in use when all was given back (",
            numbers.in_pages,
            " bytes; ",
            numbers.largest_free,
            " free in one piece)");
}

} // namespace shmwin::test::heap_calls
