// SPDX-License-Identifier: MIT
// A checkpoint of known values, small enough that every region of its file is reached by changes.
#pragma once

#include "shmwin/io/checkpoint_store.hpp"

#include "support/io_store.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace shmwin::test {

struct saved_checkpoint : open_segment_and_directory {
    saved_checkpoint() {
        if (rank == 0) {
            for (std::int64_t i = 0; i < 64; ++i) {
                a(i) = right_value(i);
            }
            u.level(0)(0, 0) = 3;
        }
        seg.fence();
        file = store.save(seg, {.step = 1}).file;
        whole = bytes_of(file);
        MPI_Barrier(world);
    }

    static double right_value(std::int64_t i) { return 1.0 / (3.0 + static_cast<double>(i)); }
    [[nodiscard]] bool is_right() const {
        for (std::int64_t i = 0; i < 64; ++i) {
            if (a(i) != right_value(i)) return false;
        }
        return u.now()(0, 0) == 3 && count.load() == 77;
    }
    void spoil() {
        seg.fence();
        if (rank == 0) {
            std::fill_n(a.data(), 64, -1.0);
            u.level(0)(0, 0) = -1;
            count.store(-1);
        }
        seg.fence();
    }
    [[nodiscard]] std::size_t place_of_a() const {
        auto const first = right_value(0);
        return whole.find(std::string_view(reinterpret_cast<char const*>(&first), sizeof first));
    }
    void write(std::string_view bytes) { replace(world, file, bytes); }

    // What verify says; "not_a_checkpoint" if it threw that. The same on all ranks.
    std::string verdict_of_file() {
        std::string said;
        auto const refused = error_of([&] {
            auto const report = store.verify(file);
            said = report.result == verdict::intact     ? "intact"
                   : report.result == verdict::repacked ? "repacked"
                                                        : "damaged";
            EXPECT_EQ(report.problems.empty(), report.result != verdict::damaged);
            for (auto const& each : report.problems) {
                problems += each + '\n';
            }
        });
        if (refused) said = name(refused->code);
        for (auto const& other : gather(world, said)) {
            EXPECT_EQ(other, said);
        }
        return said;
    }

    array<double, 1> a = seg.create_array<double>("fields/a", shape(64));
    levels<float, 2> u = seg.create_levels<float>("u", shape(4, 4));
    value<int> count = seg.create_value<int>("n", 77);
    checkpoint_store store{world, directory / "state"};
    std::filesystem::path file;
    std::string whole;
    std::string problems;
    logged_lines log; // hundreds of warnings
};

} // namespace shmwin::test
