// SPDX-License-Identifier: MIT
// How many instructions an allocate and a deallocate take, as valgrind counts them: a figure that
// no other load on the machine changes.
//
// The program calls itself under callgrind, once for each allocator, without MPI: the heap works
// in a memfd. Counting is on inside counted_pairs() alone. What its two loops take themselves is
// in all figures: about 14 instructions.
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

// Output of a command, both streams; empty if it cannot be run.
std::string output_of(std::string const& command) {
    // NOLINTNEXTLINE(cert-env33-c): our own words and the path of this program
    auto* const pipe = ::popen((command + " 2>&1").c_str(), "r");
    if (pipe == nullptr) return {};
    std::string all;
    std::array<char, 256> line{};
    while (std::fgets(line.data(), line.size(), pipe) != nullptr) {
        all += line.data();
    }
    return ::pclose(pipe) == 0 ? all : std::string();
}

bool has_valgrind() {
    return output_of("valgrind --version").starts_with("valgrind");
}

// Instructions inside counted_pairs().
double count(std::string const& program, std::string const& name, int n_rounds) {
    auto const said = output_of("valgrind --tool=callgrind --callgrind-out-file=/dev/null "
                                "'--toggle-collect=*counted_pairs*' '"
                                + program + "' --count " + name + ' ' + std::to_string(n_rounds));
    constexpr std::string_view label = "Collected :";
    auto const at = said.find(label);
    if (at == std::string::npos) throw std::runtime_error("callgrind failed: " + said);
    return std::strtod(said.c_str() + at + label.size(), nullptr);
}

void instructions(context const& on, std::string const& program) {
    if (!has_valgrind()) {
        std::fprintf(stderr, "heap/instructions_64B: skipped, for there is no valgrind\n");
        return;
    }
    int const n_rounds = on.quick() ? 10 : 50;
    std::vector<bench::side> sides;
    for (auto const* const name : {"shmwin",
#ifdef SHMWIN_HAS_BOOST_INTERPROCESS
                                   "boost_interprocess",
#endif
                                   "glibc_malloc"}) {
        sides.push_back(
            {name, double{n_slots} * n_rounds, [=] { return count(program, name, n_rounds); }});
    }
    on.compare(bench::instructions, sides);
}

std::string path_of_this_program() {
    std::array<char, 4096> path{};
    auto const n = ::readlink("/proc/self/exe", path.data(), path.size() - 1);
    return {path.data(), static_cast<std::size_t>(std::max<ssize_t>(n, 0))};
}

} // namespace

int main(int argc, char** argv) {
    try {
        if (argc == 4 && std::string_view(argv[1]) == "--count") {
            return run_one(argv[2], static_cast<int>(std::strtol(argv[3], nullptr, 10)));
        }
        auto const program = path_of_this_program();
        return bench::run(argc, argv, {{"heap/instructions_64B", {1}, [&](context const& on) {
                                            instructions(on, program);
                                        }}});
    } catch (std::exception const& failed) {
        std::fprintf(stderr, "%s: %s\n", argv[0], failed.what());
        return 1;
    }
}
