// SPDX-License-Identifier: MIT
// departure_test HOW CALL: the last rank leaves in the way HOW while the others wait for it in
// CALL. Each of the others writes what it saw to the file survivor.<rank>: "ok", or what was
// wrong. Where a process is lost (kill, exit), the launcher may end the job at any time, and the
// exit status says nothing: support/survivors.sh starts it and reads the files.
#include "shmwin/segment/segment.hpp"

#include <mpi.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <unistd.h>

namespace {

struct large_object {
    std::array<double, 1000> values{};
};

} // namespace

SHMWIN_NAME(large_object, "test.large_object/1");

namespace {

using shmwin::shape;
using std::chrono::steady_clock;

// Of the whole machine: ranks may compare it.
std::int64_t now_ms() {
    return std::chrono::duration_cast<std::chrono::milliseconds>(
               steady_clock::now().time_since_epoch())
        .count();
}

struct way {
    std::string_view name;
    std::string_view expected; ///< part of the error's text
};

constexpr way ways[] = {
    {"throw", "an exception left the segment's scope"},
    {"return", "the segment was destroyed without close()"},
    {"leave", "my own reason"},
    {"finalize", "the program ended without close()"},
    {"exit", "the program ended without close()"},
    {"kill", "its process died"},
};

struct session {
    shmwin::node on{MPI_COMM_WORLD};
    std::optional<shmwin::segment> seg{
        std::in_place, on, shmwin::segment_options{.capacity = std::size_t{8} << 20U}};
    shmwin::value<std::int64_t> left_at = seg->create_value<std::int64_t>("left_at");
    shmwin::value<short> never = seg->create_value<short>("never");
    shmwin::levels<int, 1> u = seg->create_levels<int>("u", shape(100));
};

void throw_through(shmwin::segment seg) {
    seg.fence(); // the last that all ranks meet in
    throw std::runtime_error("an error of the host's");
}

void depart(std::string_view how, session& all) {
    auto& seg = *all.seg;
    // The others are in their call by then, and have gone to sleep.
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    all.left_at.store(now_ms());
    if (how == "throw") {
        try {
            throw_through(std::move(seg));
        } catch (std::runtime_error const&) {
        }
    } else if (how == "return") {
        all.seg.reset();
    } else if (how == "leave") {
        seg.leave("my own reason");
    } else if (how == "exit") {
        std::exit(EXIT_SUCCESS); // NOLINT(concurrency-mt-unsafe): that is the test
    } else if (how == "kill") {
        ::kill(::getpid(), SIGKILL);
    }
}

void wait_in(std::string_view call, session& all) {
    auto& seg = *all.seg;
    if (call == "fence") seg.fence();
    if (call == "create_array") static_cast<void>(seg.create_array<int>("a", shape(200'000)));
    if (call == "create_value") static_cast<void>(seg.create_value<int>("v"));
    if (call == "flip") all.u.flip();
    if (call == "close") seg.close();
    if (call == "destroy") seg.destroy(all.u);
    if (call == "wait") all.never.wait(0);
}

// What is wrong with the error; nothing if it is right.
std::string
judge(shmwin::peer_left const& thrown, way const& how, std::string_view call, session const& all) {
    std::string const text = thrown.what();
    auto const has = [&](std::string_view part) { return text.find(part) != std::string::npos; };
    auto const leaver = all.on.size() - 1;
    if (thrown.code() != shmwin::errc::peer_left) return "another code";
    if (thrown.rank() != leaver) return "another rank: " + std::to_string(thrown.rank());
    if (!has("rank " + std::to_string(leaver))) return "no rank in: " + text;
    if (!has(call)) return "no call in: " + text;
    if (!has(how.expected)) return "no reason in: " + text;
    auto const* const last_call = how.name == "throw" ? "fence" : "create_levels";
    auto const* const place = how.name == "kill" ? "in or after " : "the code after ";
    if (!has(std::string(place) + last_call + " at departure_test.cpp:")) {
        return "no place in: " + text;
    }
    auto const took = now_ms() - all.left_at.load();
    if (took > 1000) return "after " + std::to_string(took) + " ms";
    return {};
}

// Empty if the heap is sound. Another rank may be at work, which one look can take for damage; but
// real damage stays.
std::string what_is_broken(shmwin::segment const& seg) {
    shmwin::heap_report report;
    for (int n = 0; n < 100; ++n) {
        report = seg.verify();
        if (report.ok()) return {};
        std::this_thread::yield();
    }
    return "verify: " + report.violations.front();
}

// Bytes in use that 50 calls left which could not be met, and what other ranks took meanwhile.
std::int64_t lost_by_calls_in_vain(shmwin::segment& seg) {
    auto const before = seg.heap().stats().used;
    for (int i = 0; i < 50; ++i) {
        try {
            seg.create_object<large_object>("in vain");
        } catch (shmwin::peer_left const&) {
        }
    }
    return static_cast<std::int64_t>(seg.heap().stats().used) - static_cast<std::int64_t>(before);
}

// The segment after it: no call hangs, what is local goes on.
std::string look_after(session& all, std::string_view call) {
    auto& seg = *all.seg;
    try {
        wait_in(call == "close" ? "fence" : call, all);
        return "a second call was met";
    } catch (shmwin::peer_left const&) {
    }
    auto* const block = seg.heap().allocate(100);
    seg.heap().deallocate(block);
    if (lost_by_calls_in_vain(seg) > 100'000) return "calls in vain lose memory";
    *seg.construct<int>("alone " + std::to_string(seg.rank())) = 1;
    return what_is_broken(seg);
}

std::string survive(way const& how, std::string_view call, session& all) {
    try {
        wait_in(call, all);
        return "the call was met";
    } catch (shmwin::peer_left const& thrown) {
        auto const wrong = judge(thrown, how, call, all);
        return wrong.empty() ? look_after(all, call) : wrong;
    } catch (shmwin::error const& thrown) {
        return std::string("another error: ") + thrown.what();
    }
}

} // namespace

int main(int argc, char** argv) {
    MPI_Init(&argc, &argv);
    if (argc != 3) MPI_Abort(MPI_COMM_WORLD, 2);
    std::string_view const call = argv[2];
    auto const* const how = std::ranges::find(ways, std::string_view(argv[1]), &way::name);
    if (how == std::end(ways)) MPI_Abort(MPI_COMM_WORLD, 2);
    // The launcher's way to end the rest of a job: first let them speak.
    static_cast<void>(std::signal(SIGTERM, SIG_IGN));
    session all;
    std::string wrong;
    if (all.on.rank() == all.on.size() - 1) {
        depart(how->name, all);
    } else {
        if (how->name == "throw") all.seg->fence(); // as the one that throws
        wrong = survive(*how, call, all);
        std::ofstream("survivor." + std::to_string(all.on.rank()))
            << (wrong.empty() ? "ok" : wrong);
    }
    // With a process missing, MPI_Finalize would wait for it.
    if (how->name == "kill" || how->name == "exit") std::_Exit(EXIT_SUCCESS);
    MPI_Finalize();
    if (!wrong.empty()) static_cast<void>(std::fprintf(stderr, "departure: %s\n", wrong.c_str()));
    return wrong.empty() ? EXIT_SUCCESS : EXIT_FAILURE;
}
