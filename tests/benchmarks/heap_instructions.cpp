// SPDX-License-Identifier: MIT
// How many instructions an allocate and a deallocate take.
//
// The program calls itself under callgrind, once for each allocator: the heap works in a memfd.
// Counting is on inside counted_pairs() alone. What its two loops take themselves is in all
// figures: about 14 instructions.
#include "callgrind.hpp"
#include "heap_world.hpp"
#include "support/shared_pages.hpp"

#include <array>
#include <cstring>

namespace {

using bench::context;
using namespace shmwin::literals;

constexpr int n_slots = 1000;

template <typename Memory>
[[gnu::noinline]] void counted_pairs(Memory memory, int n_rounds) {
    std::array<void*, n_slots> blocks; // NOLINT(*-member-init): filled below
    for (int i = 0; i < n_rounds; ++i) {
        for (auto& each : blocks) {
            each = memory.allocate(64);
        }
        for (auto* const each : blocks) {
            memory.deallocate(each);
        }
    }
}

// The first blocks need slabs, pages and page tables.
template <typename Memory>
void warm_up(Memory memory) {
    std::array<void*, n_slots> blocks{};
    for (int i = 0; i < 2; ++i) {
        for (auto& each : blocks) {
            each = memory.allocate(64);
        }
        for (auto* const each : blocks) {
            memory.deallocate(each);
        }
    }
}

template <typename Memory>
int run(Memory memory, int n_rounds) {
    warm_up(memory);
    counted_pairs(memory, n_rounds);
    return 0;
}

// What runs under callgrind.
int run_one(std::string_view name, int n_rounds) {
    if (name == "shmwin") {
        shmwin::test::shared_pages const pages({.capacity = 16_MiB, .n_ranks = 1});
        auto const heap = pages.memory(0);
        return run(bench::of_shmwin{&heap}, n_rounds);
    }
#ifdef SHMWIN_HAS_BOOST_INTERPROCESS
    if (name == "boost_interprocess") {
        std::unique_ptr<void, decltype(&std::free)> const memory(std::aligned_alloc(4096, 16_MiB),
                                                                 &std::free);
        bench::boost_buffer buffer(boost::interprocess::create_only, memory.get(), 16_MiB);
        return run(bench::of_boost{&buffer}, n_rounds);
    }
#endif
    if (name == "glibc_malloc") return run(bench::of_malloc{}, n_rounds);
    return 2;
}

void instructions(context const& on, std::string const& program) {
    if (!bench::has_valgrind("heap/instructions_64B")) return;
    int const n_rounds = on.quick() ? 10 : 50;
    std::vector<bench::side> sides;
    for (auto const* const name : {"shmwin",
#ifdef SHMWIN_HAS_BOOST_INTERPROCESS
                                   "boost_interprocess",
#endif
                                   "glibc_malloc"}) {
        sides.push_back({name, double{n_slots} * n_rounds, [=] {
                             return bench::count_instructions(program,
                                                              "counted_pairs",
                                                              std::string("--count ") + name + ' '
                                                                  + std::to_string(n_rounds));
                         }});
    }
    on.compare(bench::instructions, sides);
}

} // namespace

int main(int argc, char** argv) {
    try {
        if (argc == 4 && std::string_view(argv[1]) == "--count") {
            return run_one(argv[2], static_cast<int>(std::strtol(argv[3], nullptr, 10)));
        }
        auto const program = bench::path_of_this_program();
        return bench::run(argc, argv, {{"heap/instructions_64B", {1}, [&](context const& on) {
                                            instructions(on, program);
                                        }}});
    } catch (std::exception const& failed) {
        std::fprintf(stderr, "%s: %s\n", argv[0], failed.what());
        return 1;
    }
}
