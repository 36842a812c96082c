// SPDX-License-Identifier: MIT
// Asynchronous saves: how long the ranks stand still (io/save_async_stall), beside a plain memcpy
// of the same bytes by the same ranks into memory of their own and beside save(); and what
// checkpoints cost a program that computes (io/loop_with_checkpoints), beside the same one without.
//
// Steady state: the staging area is there, as is the memory that memcpy writes to; nothing is being
// written when a round begins. Rows with _tmpfs have their files in /dev/shm.
#include "io_problem.hpp"

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

namespace {

using namespace bench;

std::string folder_of(context const& on, bool in_memory) {
    if (!in_memory) return on.directory();
    return "/dev/shm/shmwin-benchmark-async-" + std::to_string(::geteuid());
}

void stall(context const& on, bool in_memory) {
    problem p(on, folder_of(on, in_memory));
    auto const amount = static_cast<double>(p.n_bytes());
    shmwin::checkpoint_store store(on.comm(), p.folder / "state", {.keep = 1, .durable = false});
    auto const mine = p.mine();
    std::vector<std::byte> copy(n_arrays * mine.n_bytes, std::byte{1});
    std::int64_t step = 0;
    store.save_async(p.seg, {.step = ++step}).wait(); // makes the staging area
    on.compare(gigabytes_per_second,
               {{"shmwin",
                 amount,
                 [&] {
                     settle(on);
                     shmwin::pending_save pending;
                     auto const seconds =
                         on.time([&] { pending = store.save_async(p.seg, {.step = ++step}); });
                     pending.wait();
                     return seconds;
                 }},
                {"memcpy",
                 amount,
                 [&] {
                     settle(on);
                     return on.time([&] {
                         for (std::size_t k = 0; k < n_arrays; ++k) {
                             auto const* const from =
                                 reinterpret_cast<std::byte const*>(p.arrays.at(k).data());
                             std::memcpy(
                                 copy.data() + k * mine.n_bytes, from + mine.offset, mine.n_bytes);
                         }
                         MPI_Barrier(on.comm());
                     });
                 }},
                {"io_save", amount, [&] {
                     settle(on);
                     return on.time([&] { store.save(p.seg, {.step = ++step}); });
                 }}});
    p.end();
}

// --- a program that computes ---------------------------------------------------------------------

// Heat on all arrays; every rank its rows.
class time_steps {
  public:
    explicit time_steps(problem const& p) : p_(p) {}

    void step() {
        for (auto const& each : p_.arrays) {
            auto const u = each.view();
            for (auto const i : each.rows()) {
                double left = u(i, 0);
                for (std::int64_t j = 1; j + 1 < n_columns; ++j) {
                    auto const here = u(i, j);
                    u(i, j) = here + 0.1 * (left - 2 * here + u(i, j + 1));
                    left = here;
                }
            }
        }
        MPI_Barrier(p_.on.comm());
    }

  private:
    problem const& p_;
};

void loop(context const& on, bool in_memory) {
    problem p(on, folder_of(on, in_memory));
    shmwin::checkpoint_store store(on.comm(), p.folder / "state", {.keep = 1, .durable = false});
    time_steps compute(p);
    int const n_steps = on.quick() ? 4 : 24;
    int const every = n_steps / 2; // and the last one is waited for
    auto const run = [&](bool with_checkpoints) {
        settle(on);
        return on.time([&] {
            shmwin::pending_save pending;
            for (int step = 1; step <= n_steps; ++step) {
                compute.step();
                if (with_checkpoints && step % every == 0) {
                    pending = store.save_async(p.seg, {.step = step});
                }
            }
            pending.wait();
        });
    };
    static_cast<void>(run(true)); // makes the staging area
    unit_of_figure const steps{"step/s", 1.0, true};
    on.compare(steps,
               {{"shmwin", static_cast<double>(n_steps), [&] { return run(true); }},
                {"loop_without", static_cast<double>(n_steps), [&] { return run(false); }}});
    p.end();
}

} // namespace

int main(int argc, char** argv) {
    std::vector<int> const ranks{1, 2, 4};
    return run(argc,
               argv,
               {{"io/save_async_stall", ranks, [](auto const& on) { stall(on, false); }},
                {"io/save_async_stall_tmpfs", ranks, [](auto const& on) { stall(on, true); }},
                {"io/loop_with_checkpoints", ranks, [](auto const& on) { loop(on, false); }},
                {"io/loop_with_checkpoints_tmpfs", ranks, [](auto const& on) { loop(on, true); }}});
}
