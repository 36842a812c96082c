// SPDX-License-Identifier: MIT
// Holders, repairers and waiters of a mutex are killed at random moments. tests/soak.sh: more.
#include "shmwin/base/error.hpp"
#include "shmwin/sync/mutex.hpp"
#include "shmwin/sync/recursive_mutex.hpp"

#include "support/killed_holders.hpp"

#include <gtest/gtest.h>

#include <string>
#include <type_traits>

namespace shmwin::test {
namespace {

using plain = mutex_of_rank<detail::mutex_state>;
using recursive = mutex_of_rank<detail::recursive_mutex_state, 3>;

using kinds = testing::Types<plain, recursive>;

struct name_of_kind {
    template <typename Lock>
    static std::string GetName(int /*number*/) {
        return std::is_same_v<Lock, plain> ? "Mutex" : "RecursiveMutex";
    }
};
INSTANTIATE_TYPED_TEST_SUITE_P(Of, KilledHolders, kinds, name_of_kind);

} // namespace
} // namespace shmwin::test
