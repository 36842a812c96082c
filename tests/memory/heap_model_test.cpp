// SPDX-License-Identifier: MIT
// Random sequences of calls of the heap beside a simple reference. One that fails is made as short
// as it gets, and printed.
#include "support/heap_model.hpp"
#include "support/soak.hpp"

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

namespace shmwin {
namespace {

using test::heap_model;
using test::heap_op;
using sequence = std::vector<std::uint8_t>;

// Of blocks of up to 2 KiB, 128 KiB or 8 MiB.
sequence random_sequence(unsigned seed, std::size_t n_calls) {
    auto const n_doublings = std::array{10U, 16U, 23U}.at(seed % 3);
    std::minstd_rand random(seed);
    sequence bytes(1 + n_calls * heap_op::n_bytes_of_one);
    for (auto& each : bytes) {
        each = static_cast<std::uint8_t>(random() >> 8U);
    }
    for (std::size_t size_at = 3; size_at < bytes.size(); size_at += heap_op::n_bytes_of_one) {
        bytes[size_at] = static_cast<std::uint8_t>(bytes[size_at] % n_doublings);
    }
    return bytes;
}

// Without the calls that it fails without too, for at most 20 s.
sequence made_shorter(sequence bytes) {
    auto const end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    auto n_calls = (bytes.size() - 1) / heap_op::n_bytes_of_one / 2;
    for (; n_calls > 0; n_calls /= 2) {
        auto const n_bytes = static_cast<std::ptrdiff_t>(n_calls * heap_op::n_bytes_of_one);
        for (std::ptrdiff_t at = 1; at + n_bytes <= std::ssize(bytes);) {
            if (std::chrono::steady_clock::now() > end) return bytes;
            auto fewer = bytes;
            fewer.erase(fewer.begin() + at, fewer.begin() + at + n_bytes);
            if (heap_model::run(fewer).empty()) {
                at += n_bytes;
            } else {
                bytes = fewer;
            }
        }
    }
    return bytes;
}

std::string listing(sequence const& bytes) {
    std::string all = detail::text("threads_per_rank ", 1 + bytes.at(0) % 2);
    for (auto const& each : test::decode_all(std::span(bytes).subspan(1))) {
        all += "\n  " + test::text_of(each);
    }
    return all;
}

void expect_as_promised(sequence const& bytes) {
    if (heap_model::run(bytes).empty()) return;
    auto const shorter = made_shorter(bytes);
    ADD_FAILURE() << heap_model::run(shorter) << "\nby these calls:\n" << listing(shorter);
}

struct HeapModel : testing::TestWithParam<unsigned> {};
INSTANTIATE_TEST_SUITE_P(Seed,
                         HeapModel,
                         testing::Range(0U, 12U * static_cast<unsigned>(test::soak_factor())));

TEST_P(HeapModel, DoesWhatTheReferenceDoes) {
    expect_as_promised(random_sequence(GetParam(), 1500));
}

// What the fuzzer found to lead somewhere else.
TEST(HeapModelCorpus, IsReplayed) {
    std::size_t n_files = 0;
    for (auto const& each : std::filesystem::directory_iterator(HEAP_MODEL_CORPUS)) {
        SCOPED_TRACE(each.path());
        std::ifstream file(each.path(), std::ios::binary);
        expect_as_promised({std::istreambuf_iterator<char>(file), {}});
        ++n_files;
    }
    EXPECT_GT(n_files, 0U);
}

} // namespace
} // namespace shmwin
