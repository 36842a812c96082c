// SPDX-License-Identifier: MIT
// A libFuzzer target: sequences of calls of the heap, beside the reference of heap_model.hpp. Not
// part of the normal build, which replays the corpus only (heap_model_test.cpp). With clang:
//
//   cmake --preset fuzz && cmake --build build/fuzz --target heap_fuzz
//   mkdir -p build/corpus && build/fuzz/tests/heap_fuzz -max_total_time=600 -max_len=3001
//     build/corpus tests/memory/fuzz_corpus                                    (one line)
//   build/fuzz/tests/heap_fuzz -merge=1 -use_counters=0 tests/memory/fuzz_corpus build/corpus
#include "support/heap_model.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name
extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t n_bytes) {
    auto const broken = shmwin::test::heap_model::run({data, n_bytes});
    if (broken.empty()) return 0;
    std::fprintf(stderr, "%s\n", broken.c_str());
    std::abort();
}
