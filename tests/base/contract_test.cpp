// SPDX-License-Identifier: MIT
#include "shmwin/base/contract.hpp"

#include <gtest/gtest.h>

#include <utility>

namespace shmwin {
namespace {

TEST(Contract, ThatHoldsIsSilent) {
    testing::internal::CaptureStderr();
    SHMWIN_EXPECT(true);
    SHMWIN_ENSURE(1 + 1 == 2);
    EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

TEST(Contract, MayHoldCommasInItsCondition) {
    SHMWIN_EXPECT(std::is_same_v<std::pair<int, int>, std::pair<int, int>>);
    SUCCEED();
}

#ifdef NDEBUG
TEST(Contract, IsNotEvaluatedInReleaseBuilds) {
    int n = 0;
    SHMWIN_EXPECT(++n == 0);
    EXPECT_EQ(n, 0);
}
#else
TEST(Contract, IsEvaluatedOnceInDebugBuilds) {
    int n = 0;
    SHMWIN_EXPECT(++n == 1);
    EXPECT_EQ(n, 1);
}

TEST(ContractDeathTest, BrokenByTheCallerAbortsWithConditionAndPlace) {
    int const n = 3;
    EXPECT_EXIT(SHMWIN_EXPECT(n % 2 == 0),
                testing::KilledBySignal(SIGABRT),
                "shmwin: precondition failed: n % 2 == 0 \\(.*contract_test\\.cpp:[0-9]+\\)");
}

TEST(ContractDeathTest, BrokenByTheLibraryIsNamedAPostcondition) {
    EXPECT_EXIT(SHMWIN_ENSURE(false),
                testing::KilledBySignal(SIGABRT),
                "shmwin: postcondition failed: false");
}
#endif

} // namespace
} // namespace shmwin
