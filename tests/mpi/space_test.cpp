// SPDX-License-Identifier: MIT
#include "shmwin/base/literals.hpp"
#include "shmwin/mpi/node.hpp"

#include "mpi/space.hpp"
#include "support/ranks.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <gmock/gmock.h>

namespace shmwin {
namespace {

using namespace test;
using namespace literals;
using detail::file_space;
using detail::memory_space;
using detail::reserve_for;
using detail::space_meter;
using testing::HasSubstr;

TEST(Space, ReserveGrowsWithTheRanks) {
    EXPECT_EQ(reserve_for(1), 16_MiB);
    EXPECT_EQ(reserve_for(2), 16_MiB);
    EXPECT_EQ(reserve_for(4), 32_MiB);
    EXPECT_EQ(reserve_for(128), 1_GiB);
}

TEST(Space, EnvironmentSetsTheReserve) {
    scoped_variable const reserve("SHMWIN_RESERVE", "3MiB");
    EXPECT_EQ(reserve_for(4), 3_MiB);
}

TEST(Space, ReserveThatIsNoSizeIsAnError) {
    scoped_variable const reserve("SHMWIN_RESERVE", "plenty");
    EXPECT_EQ(error_of([] { static_cast<void>(reserve_for(4)); })->code, errc::invalid_argument);
}

TEST(Space, OfTheMachineIsThere) {
    auto const found = memory_space();
    EXPECT_GT(found.available, 1_MiB);
    EXPECT_THAT(found.where, HasSubstr("memory"));
}

TEST(Space, OfAFileSystemIsNeverMoreThanTheMemory) {
    EXPECT_LE(file_space("/dev/shm").available, memory_space().available + 1_GiB);
}

TEST(Space, OfADirectoryThatIsNotThereIsNone) {
    auto const found = file_space("/no/such/place");
    EXPECT_EQ(found.available, 0U);
    EXPECT_THAT(found.where, HasSubstr("/no/such/place"));
}

TEST(Space, DirectoryFollowsOpenMpi) {
    scoped_variable const place("OMPI_MCA_osc_sm_backing_directory", "/tmp");
    EXPECT_EQ(detail::backing_directory(), "/tmp");
}

TEST(SpaceMeter, LeavesTheReserve) {
    space_meter plain("", 0);
    space_meter careful("", SIZE_MAX / 2);
    EXPECT_GE(space_meter::room(&plain, 1), 1U);
    EXPECT_EQ(space_meter::room(&careful, 1), 0U);
}

TEST(SpaceMeter, SeesWhatTheFileSystemHas) {
    space_meter nowhere("/no/such/place", 0);
    EXPECT_EQ(space_meter::room(&nowhere, 1), 0U);
    EXPECT_EQ(space_meter::room(&nowhere, 1), 0U);
}

} // namespace
} // namespace shmwin
