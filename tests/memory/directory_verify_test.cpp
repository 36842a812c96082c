// SPDX-License-Identifier: MIT
// Words that are wrong are found by verify(), each by its own sentence.
#include "shmwin/memory/directory.hpp"

#include "support/directory_fixture.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <gmock/gmock.h>

namespace shmwin {
namespace {

using detail::object_record;
using test::record_of;
using test::violations_of;
using testing::Contains;
using testing::HasSubstr;

using DirectoryVerify = test::directory_fixture;

TEST_F(DirectoryVerify, FindsATornRecord) {
    auto const index = names.insert(record_of("u")).index;
    auto& state = pages.names_state();
    auto* const chunk = pages.where().at(state.chunks[0]);
    chunk[64 * index + 8 + offsetof(object_record, name)] = std::byte{'v'};
    EXPECT_THAT(violations_of(names), Contains(HasSubstr("torn")));
}

TEST_F(DirectoryVerify, FindsAMiscount) {
    names.insert(record_of("u"));
    ++pages.names_state().n_live;
    EXPECT_THAT(violations_of(names), Contains(HasSubstr("miscounted (2, found 1)")));
}

TEST_F(DirectoryVerify, FindsAnObjectWithoutItsBlock) {
    auto const memory = pages.memory(0);
    auto* const block = memory.allocate(10'000);
    auto record = record_of("u");
    record.offset = memory.offset_of(block);
    record.n_bytes = 10'000;
    names.insert(record);
    expect_well();
    memory.deallocate(block);
    EXPECT_THAT(violations_of(names), Contains(HasSubstr("has no block of 10000 bytes")));
}
} // namespace
} // namespace shmwin
