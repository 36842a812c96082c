// SPDX-License-Identifier: MIT
// The tests of a header of tests/view/standard/, run against our types: each row of its table is a
// test of GoogleTest. Include it after `namespace md = shmwin;` and that header.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <string>

namespace standard {

/// "mdspan.extents.cons", "from_values<int>" as a name that GoogleTest takes.
inline std::string name_in(testing::TestParamInfo<test> const& row) {
    auto name =
        std::string(row.param.section).substr(std::string("mdspan.").size()) + "_" + row.param.name;
    std::replace_if(
        name.begin(), name.end(), [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
    return name;
}

class Standard : public testing::TestWithParam<test> {};

INSTANTIATE_TEST_SUITE_P(, Standard, testing::ValuesIn(tests), name_in);

TEST_P(Standard, Holds) {
    auto const failed = GetParam().run();
    EXPECT_FALSE(failed) << failed.what << '\n' << failed.type;
    auto const constant = GetParam().at_compile_time;
    EXPECT_FALSE(constant) << "in a constant expression: " << constant.what << '\n'
                           << constant.type;
}

} // namespace standard
