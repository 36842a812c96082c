// SPDX-License-Identifier: MIT
// A sequence of calls of the heap beside a simple reference: each is made, what it did is compared,
// and now and then what must always hold is looked at.
#pragma once

#include "shmwin/base/text.hpp"

#include "support/heap_calls.hpp"
#include "support/heap_ops.hpp"
#include "support/heap_reference.hpp"
#include "support/heap_refusals.hpp"

#include <cstddef>
#include <cstdint>
#include <exception>
#include <span>
#include <string>

namespace shmwin::test {

class heap_model {
  public:
    /// What a sequence of calls shows to be wrong; empty if all is well. Its first byte says how
    /// many heap slots a rank has: with one, a second thread gets the shared slot.
    [[nodiscard]] static std::string run(std::span<std::uint8_t const> bytes) {
        if (bytes.empty()) return {};
        heap_model model(1 + bytes[0] % 2);
        auto const calls = decode_all(bytes.subspan(1));
        for (std::size_t i = 0; i < calls.size(); ++i) {
            try {
                model.call(calls[i]);
                if (i % 16 == 15) model.known_.check_all();
            } catch (std::exception const& failed) {
                return detail::text("call ", i, ", ", text_of(calls[i]), ": ", failed.what());
            }
        }
        try {
            heap_calls::give_all_back(model.known_);
        } catch (std::exception const& failed) {
            return detail::text("at the end: ", failed.what());
        }
        return {};
    }

  private:
    explicit heap_model(int threads_per_rank) : known_(threads_per_rank) {}

    void call(heap_op const& op) {
        switch (op.action) {
        case heap_action::allocate:
            return heap_calls::allocate(known_, op, false);
        case heap_action::allocate_zeroed:
            return heap_calls::allocate(known_, op, true);
        case heap_action::reserve:
            return heap_calls::reserve(known_, op);
        case heap_action::deallocate:
            return heap_calls::deallocate(known_, op);
        case heap_action::collect:
            return heap_calls::collect(known_, op);
        case heap_action::verify:
            return known_.check_all();
        case heap_action::free_again:
            return heap_refusals::free_again(known_, op);
        case heap_action::free_inside:
            return heap_refusals::free_inside(known_, op);
        case heap_action::free_anywhere:
            return heap_refusals::free_anywhere(known_, op);
        case heap_action::free_foreign:
            return heap_refusals::free_foreign(known_, op);
        case heap_action::ask_for_too_much:
            return heap_refusals::ask_for_too_much(known_, op);
        case heap_action::ask_for_no_alignment:
            return heap_refusals::ask_for_no_alignment(known_, op);
        case heap_action::expand:
            return heap_calls::expand(known_, op);
        case heap_action::shrink:
            return heap_calls::shrink(known_, op);
        case heap_action::trim:
            return heap_calls::trim(known_, op);
        case heap_action::die:
            return known_.die(op);
        }
    }

    heap_reference known_;
};

} // namespace shmwin::test
