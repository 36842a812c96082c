// SPDX-License-Identifier: MIT
#include "shmwin/base/error.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <gmock/gmock.h>
#include <string>
#include <type_traits>
#include <vector>

namespace shmwin {
namespace {

enum class thrown : std::uint8_t { argument, memory, failure, peer, broken, owner, range };

struct row {
    errc code;
    std::int32_t value; // the status code of the C interface: stable
    char const* name;
    thrown as;
};

constexpr auto rows = std::to_array<row>({
    {errc::ok, 0, "ok", thrown::failure},
    {errc::invalid_argument, 1, "invalid_argument", thrown::argument},
    {errc::not_found, 2, "not_found", thrown::argument},
    {errc::already_exists, 3, "already_exists", thrown::argument},
    {errc::type_mismatch, 4, "type_mismatch", thrown::argument},
    {errc::shape_mismatch, 5, "shape_mismatch", thrown::argument},
    {errc::out_of_memory, 6, "out_of_memory", thrown::memory},
    {errc::no_space, 7, "no_space", thrown::memory},
    {errc::not_shared, 8, "not_shared", thrown::failure},
    {errc::disagreement, 9, "disagreement", thrown::failure},
    {errc::peer_left, 10, "peer_left", thrown::peer},
    {errc::owner_died, 11, "owner_died", thrown::owner},
    {errc::not_recoverable, 12, "not_recoverable", thrown::failure},
    {errc::timed_out, 13, "timed_out", thrown::failure},
    {errc::closed, 14, "closed", thrown::failure},
    {errc::corrupted, 15, "corrupted", thrown::failure},
    {errc::bad_pointer, 16, "bad_pointer", thrown::argument},
    {errc::layout_mismatch, 17, "layout_mismatch", thrown::failure},
    {errc::mpi_failure, 18, "mpi_failure", thrown::failure},
    {errc::system_failure, 19, "system_failure", thrown::failure},
    {errc::io_failure, 20, "io_failure", thrown::failure},
    {errc::not_a_checkpoint, 21, "not_a_checkpoint", thrown::failure},
    {errc::damaged, 22, "damaged", thrown::failure},
    {errc::busy, 23, "busy", thrown::failure},
    {errc::unsupported, 24, "unsupported", thrown::failure},
    {errc::out_of_range, 25, "out_of_range", thrown::range},
    {errc::barrier_broken, 26, "barrier_broken", thrown::broken},
    {errc::would_deadlock, 27, "would_deadlock", thrown::failure},
    {errc::data_race, 28, "data_race", thrown::failure},
});

static_assert(std::is_base_of_v<std::invalid_argument, argument_error>);
static_assert(std::is_base_of_v<std::bad_alloc, out_of_memory>);
static_assert(std::is_base_of_v<std::out_of_range, out_of_range>);
static_assert(std::is_base_of_v<std::runtime_error, runtime_failure>);
static_assert(std::is_base_of_v<runtime_failure, peer_left>);
static_assert(std::is_base_of_v<peer_left, barrier_broken>);
static_assert(std::is_base_of_v<runtime_failure, owner_died>);
static_assert(std::is_copy_constructible_v<argument_error>, "std::exception_ptr may copy");
static_assert(std::is_copy_constructible_v<out_of_memory>);
static_assert(std::is_copy_constructible_v<peer_left>);

struct Errc : testing::TestWithParam<row> {};

INSTANTIATE_TEST_SUITE_P(All, Errc, testing::ValuesIn(rows), [](auto const& row) {
    return row.param.name;
});

TEST_P(Errc, HasAStableValueAndItsName) {
    EXPECT_EQ(static_cast<std::int32_t>(GetParam().code), GetParam().value);
    EXPECT_STREQ(name(GetParam().code), GetParam().name);
}

// What `raise(code, text)` threw, as the most special class of ours.
thrown class_of(errc code) {
    try {
        raise(code, "text");
    } catch (barrier_broken const&) {
        return thrown::broken;
    } catch (peer_left const&) {
        return thrown::peer;
    } catch (owner_died const&) {
        return thrown::owner;
    } catch (runtime_failure const&) {
        return thrown::failure;
    } catch (out_of_memory const&) {
        return thrown::memory;
    } catch (out_of_range const&) {
        return thrown::range;
    } catch (argument_error const&) {
        return thrown::argument;
    }
}

TEST_P(Errc, IsThrownAsItsClass) {
    EXPECT_EQ(class_of(GetParam().code), GetParam().as);
}

TEST_P(Errc, IsCaughtAsErrorWithItsCode) {
    try {
        raise(GetParam().code, "the text");
        FAIL() << "raise returned";
    } catch (error const& e) {
        EXPECT_EQ(e.code(), GetParam().code);
        EXPECT_STREQ(e.what(), "the text");
    }
}

TEST_P(Errc, IsCaughtAsTheStandardClassWithItsText) {
    try {
        raise(GetParam().code, "the text");
        FAIL() << "raise returned";
    } catch (std::invalid_argument const& e) {
        EXPECT_EQ(GetParam().as, thrown::argument);
        EXPECT_STREQ(e.what(), "the text");
    } catch (std::bad_alloc const& e) {
        EXPECT_EQ(GetParam().as, thrown::memory);
        EXPECT_STREQ(e.what(), "the text");
    } catch (std::out_of_range const& e) {
        EXPECT_EQ(GetParam().as, thrown::range);
        EXPECT_STREQ(e.what(), "the text");
    } catch (std::runtime_error const& e) {
        EXPECT_THAT(GetParam().as,
                    testing::AnyOf(thrown::failure, thrown::peer, thrown::broken, thrown::owner));
        EXPECT_STREQ(e.what(), "the text");
    }
}

// A new enumerator needs a row above: this finds the first value without a name.
TEST(ErrcTable, IsCompleteAndValuesOfNewerVersionsAreUnknown) {
    EXPECT_STREQ(name(static_cast<errc>(std::size(rows))), "unknown");
    EXPECT_STREQ(name(static_cast<errc>(-1)), "unknown");
}

TEST(Error, OfARaisedTextIsLocal) {
    try {
        raise(errc::not_found, "no array \"u\"");
    } catch (error const& e) {
        EXPECT_FALSE(e.agreed());
        EXPECT_EQ(e.rank(), -1);
    }
}

TEST(Error, CarriesAllOfItsInfo) {
    try {
        raise(error_info{errc::peer_left, true, 3, "rank 3 left"});
        FAIL() << "raise returned";
    } catch (error const& e) {
        EXPECT_EQ(e.code(), errc::peer_left);
        EXPECT_TRUE(e.agreed());
        EXPECT_EQ(e.rank(), 3);
        EXPECT_EQ(e.info().text, "rank 3 left");
    }
}

// The handler is a plain function: what it saw goes here.
std::vector<error_info>& handled() {
    static std::vector<error_info> all;
    return all;
}

void note(error_info const& info) {
    handled().push_back(info);
}

struct ErrorHandler : testing::Test {
    ErrorHandler() { handled().clear(); }
    ~ErrorHandler() override { set_error_handler(nullptr); }
    ErrorHandler(ErrorHandler const&) = delete;
    ErrorHandler(ErrorHandler&&) = delete;
    ErrorHandler& operator=(ErrorHandler const&) = delete;
    ErrorHandler& operator=(ErrorHandler&&) = delete;
};

TEST_F(ErrorHandler, IsCalledOnceWithTheErrorThatIsThenThrown) {
    set_error_handler(note);
    EXPECT_THROW(raise(error_info{errc::busy, true, 2, "held"}), runtime_failure);
    ASSERT_EQ(handled().size(), 1U);
    EXPECT_EQ(handled()[0].code, errc::busy);
    EXPECT_TRUE(handled()[0].agreed);
    EXPECT_EQ(handled()[0].rank, 2);
    EXPECT_EQ(handled()[0].text, "held");
}

TEST_F(ErrorHandler, IsNotCalledAfterItWasTakenAway) {
    set_error_handler(note);
    EXPECT_EQ(set_error_handler(nullptr), note);
    EXPECT_THROW(raise(errc::busy, "held"), runtime_failure);
    EXPECT_TRUE(handled().empty());
}

TEST_F(ErrorHandler, ThatIsReplacedIsReturned) {
    EXPECT_EQ(set_error_handler(note), nullptr);
    EXPECT_EQ(set_error_handler(note), note);
}

TEST_F(ErrorHandler, MayEndTheProgramInstead) {
    auto const quit = [](error_info const& info) {
        static_cast<void>(std::fputs(info.text.c_str(), stderr));
        std::_Exit(85);
    };
    EXPECT_EXIT(
        {
            set_error_handler(quit);
            raise(errc::damaged, "block 7 has changed");
        },
        testing::ExitedWithCode(85),
        "block 7 has changed");
}

} // namespace
} // namespace shmwin
