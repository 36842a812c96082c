// SPDX-License-Identifier: MIT
// Saving eight arrays of which 1 % of the blocks changed, beside our own full save. Durable both.
// What it gains depends on the file system: reflinks (xfs, btrfs) or none.
#include "io_problem.hpp"

#include <cstdint>

namespace {

using namespace bench;

// Collective. One number in every hundredth block of 256 KiB.
void change(problem& p) {
    constexpr std::int64_t rows_of_block = (std::int64_t{256} << 10U) / n_columns / 8;
    for (auto const& each : p.arrays) {
        auto const view = each.view();
        for (auto const i : each.rows()) {
            if (i % (100 * rows_of_block) == 0) view(i, 0) += 1;
        }
    }
    p.seg.fence();
}

void save_incremental(context const& on) {
    problem p(on, on.directory());
    auto const amount = static_cast<double>(p.n_bytes());
    shmwin::checkpoint_store incremental(
        on.comm(), p.folder / "incremental", {.keep = 1, .incremental = true});
    shmwin::checkpoint_store full(on.comm(), p.folder / "full", {.keep = 1});
    std::int64_t step = 0;
    auto const timed = [&](char const* name, shmwin::checkpoint_store& store) {
        return side{name, amount, [&] {
                        change(p);
                        settle(on);
                        return on.time([&] { store.save(p.seg, {.step = ++step}); });
                    }};
    };
    on.compare(gigabytes_per_second, {timed("shmwin", incremental), timed("io_save", full)});
    p.end();
}

} // namespace

int main(int argc, char** argv) {
    return run(argc, argv, {{"io/save_incremental", {1, 2, 4}, save_incremental}});
}
