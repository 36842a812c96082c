// SPDX-License-Identifier: MIT
// The border between C++ and C: what is thrown becomes a status and this thread's last error.
#include "shmwin/base/error.hpp"
#include "shmwin/c/base.h"
#include "shmwin/c/segment.h"

#include "c/status.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <gmock/gmock.h>
#include <new>
#include <stdexcept>
#include <string>
#include <thread>

namespace shmwin {
namespace {

using detail::guard;
using testing::HasSubstr;

TEST(Status, EachErrorIsTheStatusOfItsNumber) {
    for (int code = 1; code <= SHMWIN_ERR_DATA_RACE; ++code) {
        auto const status = guard([&] { raise({static_cast<errc>(code), true, 3, "why"}); });
        EXPECT_EQ(status, code);
        EXPECT_EQ(shmwin_last_error_status(), code);
        EXPECT_STREQ(shmwin_last_error(), "why");
        EXPECT_EQ(shmwin_last_error_rank(), 3);
        EXPECT_EQ(shmwin_last_error_is_agreed(), 1);
        EXPECT_STREQ(shmwin_status_name(code), name(static_cast<errc>(code)));
    }
    EXPECT_STREQ(shmwin_status_name(SHMWIN_ERR_DATA_RACE + 1), "unknown");
}

TEST(Status, SuccessLeavesTheLastErrorAsItIs) {
    EXPECT_EQ(guard([] { raise(errc::busy, "in use"); }), SHMWIN_ERR_BUSY);
    EXPECT_EQ(guard([] {}), SHMWIN_SUCCESS);
    EXPECT_EQ(guard([] { return SHMWIN_ERR_TIMED_OUT; }), SHMWIN_ERR_TIMED_OUT);
    EXPECT_STREQ(shmwin_last_error(), "in use");
}

TEST(Status, OtherExceptionsAreStatusesToo) {
    EXPECT_EQ(guard([] { throw std::bad_alloc(); }), SHMWIN_ERR_NO_SPACE);
    EXPECT_THAT(shmwin_last_error(), HasSubstr("memory"));
    EXPECT_EQ(guard([] { throw std::logic_error("odd"); }), SHMWIN_ERR_SYSTEM_FAILURE);
    EXPECT_STREQ(shmwin_last_error(), "odd");
    EXPECT_EQ(guard([] { throw 7; }), SHMWIN_ERR_SYSTEM_FAILURE);
    EXPECT_THAT(shmwin_last_error(), HasSubstr("exception"));
}

TEST(Status, EachThreadHasItsOwn) {
    EXPECT_EQ(guard([] { raise(errc::closed, "mine"); }), SHMWIN_ERR_CLOSED);
    std::string other = "not asked";
    std::thread([&] { other = shmwin_last_error(); }).join();
    EXPECT_EQ(other, "");
    EXPECT_STREQ(shmwin_last_error(), "mine");
}

TEST(Status, TheHandlerIsToldBeforeTheCallReturns) {
    static int n_told = 0;
    auto const tell = [](shmwin_error_info const* info) {
        ++n_told;
        EXPECT_EQ(info->struct_bytes, sizeof(shmwin_error_info));
        EXPECT_EQ(info->status, SHMWIN_ERR_INVALID_ARGUMENT);
        EXPECT_THAT(info->text, HasSubstr("'node' is NULL"));
    };
    shmwin_error_handler const handler = tell;
    EXPECT_EQ(shmwin_set_error_handler(handler), nullptr);
    EXPECT_EQ(shmwin_node_close(nullptr), SHMWIN_ERR_INVALID_ARGUMENT);
    EXPECT_EQ(n_told, 1);
    EXPECT_EQ(detail::note_timed_out("a wait"), SHMWIN_ERR_TIMED_OUT); // is no error
    EXPECT_EQ(n_told, 1);
    EXPECT_EQ(shmwin_set_error_handler(nullptr), handler);
    EXPECT_EQ(shmwin_node_close(nullptr), SHMWIN_ERR_INVALID_ARGUMENT);
    EXPECT_EQ(n_told, 1);
}

TEST(Status, TheLineOfACallIsThatOfTheNextOne) {
    EXPECT_EQ(SHMWIN_HERE(guard([] {
                  EXPECT_THAT(detail::call_line().file, HasSubstr("status_test.cpp"));
                  EXPECT_GT(detail::call_line().line, 0U);
              })),
              SHMWIN_SUCCESS);
    EXPECT_STREQ(detail::call_line().file, "");
    SHMWIN_HERE(shmwin_node_close(nullptr)); // also of one that fails
    EXPECT_STREQ(detail::call_line().file, "");
    shmwin_set_call_line("here", 1);
    shmwin_set_call_line(nullptr, 0);
    EXPECT_STREQ(detail::call_line().file, "");
}

} // namespace
} // namespace shmwin
