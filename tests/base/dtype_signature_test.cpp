// SPDX-License-Identifier: MIT
// Signatures read back: every type, and every text that is none.
#include "shmwin/base/describe.hpp"

#include "support/described_types.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace shmwin {
namespace {

using namespace test;

std::vector<dtype> some_of_each() {
    std::vector<dtype> all;
    for_each_dtype([&](dtype const& each) { all.push_back(each); });
    std::vector<dtype_member> const odd{{"with space", 0, dtype_of<int>},
                                        {"\"quoted\\", 4, dtype_of<colour>},
                                        {"h\xc3\xb6he", 8, dtype_of<double[2]>},
                                        {"9lives", 24, dtype_of<char>}};
    std::vector<dtype_enumerator> const unsigned_names{{"last", -1}, {"first", 0}};
    for (auto const& each : {dtype_of<char[16]>,
                             dtype_of<colour>,
                             dtype_of<flag>,
                             dtype::enumeration(dtype_of<std::uint64_t>, unsigned_names),
                             dtype_of<double[3][2]>,
                             dtype_of<particle>,
                             dtype_of<particle[7]>,
                             dtype_of<everything>,
                             dtype_of<forty>,
                             dtype::structure(odd, 25),
                             dtype::structure(odd, 32),
                             dtype::structure(odd, 64, 64)}) {
        all.push_back(each);
    }
    return all;
}

TEST(DtypeSignature, OfEveryTypeIsReadBack) {
    for (auto const& each : some_of_each()) {
        auto const found = dtype_of_signature(each.signature());
        ASSERT_TRUE(found) << each.signature();
        EXPECT_EQ(*found, each);
        EXPECT_EQ(found->signature(), each.signature());
    }
}

TEST(DtypeSignature, CutShortIsNone) {
    for (auto const& each : some_of_each()) {
        auto const whole = each.signature();
        for (std::size_t n = 0; n < whole.size(); ++n) {
            auto const found = dtype_of_signature(std::string_view(whole).substr(0, n));
            if (found) {
                EXPECT_EQ(found->signature(), whole.substr(0, n));
            } // "int1" of "int16"
        }
    }
    EXPECT_FALSE(dtype_of_signature(dtype_of<particle>.signature().substr(0, 60)));
}

TEST(DtypeSignature, HasOneSpelling) {
    for (auto const* const text : {"",
                                   " ",
                                   "Float64",
                                   "float64 ",
                                   " float64",
                                   "float16",
                                   "string",
                                   "string0",
                                   "string01",
                                   "string-1",
                                   "string99999999999999999999999",
                                   "float64[]",
                                   "float64[3",
                                   "float64[3,]",
                                   "float64[03]",
                                   "float64[+3]",
                                   "float64[0]",
                                   "float64[-3]",
                                   "float64[3][2]",
                                   "float64[3, 2]",
                                   "float64[99999999999999999999]",
                                   "float64[4294967296,4294967296]",
                                   "enum",
                                   "enum int32",
                                   "enum int32{}",
                                   "enum int32{red}",
                                   "enum int32{red=}",
                                   "enum int32{red=1,green=0}",
                                   "enum int32{red=0,green=0}",
                                   "enum int32{red=0, green=1}",
                                   "enum int32{red=-0}",
                                   "enum int32{=0}",
                                   "enum uint8{red=256}",
                                   "enum uint8{red=-1}",
                                   "enum float64{red=0}",
                                   "enum enum int32{red=0}",
                                   "struct",
                                   "struct 8",
                                   "struct 8{}",
                                   "struct 8{x}",
                                   "struct 8{x float64}",
                                   "struct 8{x float64 @}",
                                   "struct 8{x float64 @0",
                                   "struct 8{x float64 @0}}",
                                   "struct 8{x float64 @0,}",
                                   "struct 8{x float64 @0, }",
                                   "struct 8{ x float64 @0}",
                                   "struct 8{\"x\" float64 @0}",
                                   "struct 8{\"x float64 @0}",
                                   "struct 8{\"x\\",
                                   "struct 8 align 8{x float64 @0}",
                                   "struct 8 align 0{x float64 @0}",
                                   "struct 8 align 3{x float64 @0}",
                                   "struct 8{x float64 @1}",
                                   "struct 7{x float64 @0}",
                                   "struct 16{x float64 @8, y float64 @0}",
                                   "struct 16{x float64 @0, x float64 @8}",
                                   "struct 99999999999999999999{x float64 @0}",
                                   "struct 18446744073709551615{x float64 @0}"}) {
        EXPECT_FALSE(dtype_of_signature(text)) << text;
    }
    EXPECT_FALSE(dtype_of_signature(std::string_view("float64\0", 8)));
}

std::string nested(std::size_t depth) {
    std::string text = "int32";
    for (std::size_t d = 0; d < depth; ++d) {
        text.insert(0, "struct 4{a ").append(" @0}");
    }
    return text;
}

TEST(DtypeSignature, IsBoundInDepthAndLength) {
    EXPECT_TRUE(dtype_of_signature(nested(32)));
    EXPECT_FALSE(dtype_of_signature(nested(33)));
    std::string open;
    std::string enums;
    while (open.size() < detail::max_signature_bytes - 20) {
        open += "struct 4{a ";
        enums += "enum ";
    }
    EXPECT_FALSE(dtype_of_signature(open));
    EXPECT_FALSE(dtype_of_signature(enums));
    EXPECT_FALSE(dtype_of_signature(std::string(std::size_t{64} << 20U, '{')));
    std::string brackets = "int8";
    brackets.append(30000, '[');
    EXPECT_FALSE(dtype_of_signature(brackets));
}

// Any change to a signature is another signature, or none: never a crash, never a misreading.
TEST(DtypeSignature, ChangedAtRandomIsReadAsItStandsOrNotAtAll) {
    std::mt19937 random(20080426); // NOLINT(*-msc51-cpp,cert-msc32-c): the same each time
    auto const below = [&](std::size_t n) { return random() % n; };
    std::string const letters = "struct enum int32float64[,]{}@=\"\\ 0123456789x\x01\xff";
    auto const all = some_of_each();
    for (int i = 0; i < 20'000; ++i) {
        auto text = all[below(all.size())].signature();
        for (auto n = 1 + below(3); n > 0 && !text.empty(); --n) {
            auto const at = below(text.size());
            switch (below(3)) {
            case 0:
                text[at] = letters[below(letters.size())];
                break;
            case 1:
                text.erase(at, 1 + below(8));
                break;
            default:
                text.insert(at, text.substr(below(text.size()), 1 + below(30)));
            }
        }
        if (auto const found = dtype_of_signature(text)) {
            ASSERT_EQ(found->signature(), text);
        }
    }
}

} // namespace
} // namespace shmwin
