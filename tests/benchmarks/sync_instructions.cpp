// SPDX-License-Identifier: MIT
// How many instructions it takes to lock and unlock a mutex that nobody else wants.
//
// The program calls itself under callgrind, once for each kind of mutex: ours works in a memfd, on
// its state; a handle adds a load. Counting is on inside counted_pairs() alone, whose loop takes
// about 3 instructions.
#include "shmwin/base/literals.hpp"
#include "shmwin/sync/mutex.hpp"

#include "callgrind.hpp"
#include "support/shared_pages.hpp"
#include "sync_peers.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace {

using bench::context;
using namespace shmwin::literals;

template <typename Lock>
[[gnu::noinline]] void counted_pairs(Lock& lock, int n) {
    for (int i = 0; i < n; ++i) {
        lock.lock();
        lock.unlock();
    }
}

// The first call binds functions of other libraries.
template <typename Lock>
int run(Lock&& lock, int n) {
    lock.lock();
    lock.unlock();
    counted_pairs(lock, n);
    return 0;
}

struct of_shmwin {
    shmwin::detail::mutex_state* state;
    shmwin::detail::wait_context const* by;
    void lock() const { state->lock(*by, {"mutex::lock"}); }
    void unlock() const { state->unlock(*by, {"mutex::unlock"}); }
};

int run_ours(int n) {
    using shmwin::test::shared_pages;
    auto const how = shared_pages::policy();
    shared_pages const pages({.capacity = 65536, .n_ranks = 1});
    shmwin::detail::wait_context const by(pages.who(0), how, pages.lot(), pages.meeting(0, how));
    shmwin::test::shared_object<shmwin::detail::mutex_state> const state;
    return run(of_shmwin{&*state, &by}, n);
}

// What runs under callgrind.
int run_one(std::string_view name, int n) {
    if (name == "shmwin") return run_ours(n);
    if (name == "pthread_robust") return run(bench::pthread_robust(), n);
#ifdef SHMWIN_HAS_BOOST_INTERPROCESS
    if (name == "boost_interprocess") return run(boost::interprocess::interprocess_mutex(), n);
#endif
    return 2;
}

void instructions(context const& on, std::string const& program) {
    if (!bench::has_valgrind("sync/lock_instructions")) return;
    int const n = on.quick() ? 1000 : 20'000;
    std::vector<bench::side> sides;
    for (std::string const name : {"shmwin",
                                   "pthread_robust",
#ifdef SHMWIN_HAS_BOOST_INTERPROCESS
                                   "boost_interprocess"
#endif
         }) {
        sides.push_back(
            {name, static_cast<double>(n), [=] {
                 return bench::count_instructions(
                     program, "counted_pairs", "--count " + name + ' ' + std::to_string(n));
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
        return bench::run(argc, argv, {{"sync/lock_instructions", {1}, [&](context const& on) {
                                            instructions(on, program);
                                        }}});
    } catch (std::exception const& failed) {
        std::fprintf(stderr, "%s: %s\n", argv[0], failed.what());
        return 1;
    }
}
