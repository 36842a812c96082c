// SPDX-License-Identifier: MIT
#include "shmwin/base/contract.hpp"

#include <cstdio>
#include <cstdlib>

namespace shmwin::inline v1::detail {

void contract_failed(char const* kind, char const* condition, char const* file, int line) noexcept {
    static_cast<void>(
        std::fprintf(stderr, "shmwin: %s failed: %s (%s:%d)\n", kind, condition, file, line));
    std::abort();
}

} // namespace shmwin::inline v1::detail
