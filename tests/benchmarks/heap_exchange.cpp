// SPDX-License-Identifier: MIT
// Workloads in which blocks cross from rank to rank, as offsets in shared slots. Written anew from
// the descriptions of others' benchmarks, with ranks for threads; nobody ever waits, but for
// xmalloc, whose waiting does not count.
#include "heap_world.hpp"

#include <algorithm>

namespace {

using bench::context;
using bench::meter;
using bench::quick_random;
using bench::world;

std::atomic_ref<std::uint64_t> atomic(std::uint64_t& slot) {
    return std::atomic_ref(slot);
}

quick_random random_of(context const& on) {
    return quick_random(static_cast<std::uint64_t>(on.rank()) + 1);
}

// Each rank frees what the one behind it allocated: every block, all the time.
void remote_free(context const& on) {
    world all(on);
    constexpr int n_slots = 1000;
    int const n_rounds = on.quick() ? 20 : 200;
    auto const hand_over = all.seg.create_array<std::uint64_t>(
        "hand_over", shmwin::shape(std::int64_t{on.n_ranks()}, std::int64_t{n_slots}));
    auto const next = (on.rank() + 1) % on.n_ranks();
    auto const n_pairs = double{n_slots} * n_rounds * on.n_ranks();
    all.compare(n_pairs, false, [&, n_rounds](auto memory) {
        meter spent(on);
        for (int i = 0; i < n_rounds; ++i) {
            spent.count([&] {
                for (int k = 0; k < n_slots; ++k) {
                    hand_over(on.rank(), k) = all.offset_of(memory.allocate(64));
                }
            });
            all.seg.fence();
            spent.count([&] {
                for (int k = 0; k < n_slots; ++k) {
                    memory.deallocate(all.at(hand_over(next, k)));
                }
            });
            all.seg.fence();
        }
        return spent.of_all();
    });
    all.end();
}

// --- larson --------------------------------------------------------------------------------------

// P. Larson, M. Krishnan, "Memory allocation for long-running server applications", 1998: a thread
// replaces blocks of its table at random, of 8 to 1000 bytes, then ends, and another inherits the
// table. There are twice as many tables as ranks, so that one is always to be had.
class larson_tables {
  public:
    static constexpr std::uint32_t n_blocks = 5000;

    explicit larson_tables(world& all)
        : n_tables_(2 * all.on.n_ranks()),
          offsets_(all.seg.create_array<std::uint64_t>(
              "tables", shmwin::shape(n_tables_, std::int64_t{n_blocks}))),
          taken_(all.seg.create_array<std::uint64_t>("taken", shmwin::shape(n_tables_))) {}

    [[nodiscard]] std::int64_t size() const { return n_tables_; }
    [[nodiscard]] std::uint64_t* operator[](std::int64_t table) const {
        return &offsets_(table, 0);
    }
    // One that nobody works on, from `table` on.
    [[nodiscard]] std::int64_t take_from(std::int64_t table) const {
        for (;; ++table) {
            if (atomic(taken_(table % n_tables_)).exchange(1) == 0) return table % n_tables_;
        }
    }
    void leave(std::int64_t table) const { atomic(taken_(table)).store(0); }

  private:
    std::int64_t n_tables_;
    shmwin::array<std::uint64_t, 2> offsets_;
    shmwin::array<std::uint64_t, 1> taken_;
};

void larson(context const& on) {
    world all(on);
    larson_tables const tables(all);
    int const n_lives = on.quick() ? 2 : 10;
    constexpr std::uint32_t n_steps = 4 * larson_tables::n_blocks;
    auto const n_pairs = double{n_steps} * n_lives * on.n_ranks();
    all.compare(n_pairs, false, [&, n_lives](auto memory) {
        auto random = random_of(on);
        auto const fresh = [&] {
            auto* const block = memory.allocate(random.between(8, 1000));
            bench::touch_first(block);
            return all.offset_of(block);
        };
        for (std::int64_t t = on.rank(); t < tables.size(); t += on.n_ranks()) {
            std::generate_n(tables[t], tables.n_blocks, fresh);
        }
        meter spent(on);
        spent.count([&] {
            std::int64_t table = on.rank();
            for (int life = 0; life < n_lives; ++life) {
                table = tables.take_from(table + 1);
                for (std::uint32_t i = 0; i < n_steps; ++i) {
                    auto& slot = tables[table][random.below(tables.n_blocks)];
                    memory.deallocate(all.at(slot));
                    slot = fresh();
                }
                tables.leave(table);
            }
        });
        all.seg.fence();
        for (std::int64_t t = on.rank(); t < tables.size(); t += on.n_ranks()) {
            std::for_each_n(
                tables[t], tables.n_blocks, [&](auto each) { memory.deallocate(all.at(each)); });
        }
        all.seg.fence();
        return spent.of_all();
    });
    all.end();
}

// --- xmalloc -------------------------------------------------------------------------------------

// A queue of batches of blocks, from one rank to another.
struct batch_queue {
    static constexpr std::uint64_t n_batches = 64;
    static constexpr std::uint64_t batch_size = 120;

    alignas(64) std::uint64_t n_written;
    alignas(64) std::uint64_t n_read;
    alignas(64) std::uint64_t batches[n_batches][batch_size];

    template <typename Make>
    void write(meter& spent, Make const& make) {
        auto const n = n_written; // the writer's own
        spent.wait_until([&] { return n - atomic(n_read).load() < n_batches; });
        for (auto& each : batches[n % n_batches]) {
            each = make();
        }
        atomic(n_written).store(n + 1);
    }
    template <typename Use>
    void read(meter& spent, Use const& use) {
        auto const n = n_read;
        spent.wait_until([&] { return n < atomic(n_written).load(); });
        for (auto const each : batches[n % n_batches]) {
            use(each);
        }
        atomic(n_read).store(n + 1);
    }
};

// C. Lever, D. Boreham, "malloc() performance in a multithreaded Linux environment", 2000: some
// only allocate, in batches of 120 blocks of 8 to 512 bytes, the others only free. Here each even
// rank allocates for the next one.
void xmalloc(context const& on) {
    world all(on);
    int const n_batches = on.quick() ? 200 : 2000;
    auto const n_queues = on.n_ranks() / 2;
    auto const queues = all.seg.create_array<std::byte>(
        "queues", shmwin::shape(static_cast<std::int64_t>(sizeof(batch_queue)) * n_queues));
    auto& queue = reinterpret_cast<batch_queue*>(queues.data())[on.rank() / 2];
    auto const n_pairs = static_cast<double>(batch_queue::batch_size) * n_batches * n_queues;
    all.compare(n_pairs, false, [&, n_batches](auto memory) {
        auto random = random_of(on);
        auto const make = [&] {
            auto* const block = memory.allocate(random.between(8, 512));
            bench::touch_first(block);
            return all.offset_of(block);
        };
        auto const use = [&](std::uint64_t each) { memory.deallocate(all.at(each)); };
        meter spent(on);
        spent.count([&] {
            for (int n = 0; n < n_batches; ++n) {
                on.rank() % 2 == 0 ? queue.write(spent, make) : queue.read(spent, use);
            }
        });
        return spent.of_all();
    });
    all.end();
}

} // namespace

int main(int argc, char** argv) {
    return bench::run(argc,
                      argv,
                      {{"heap/remote_free", {2, 4}, remote_free},
                       {"heap/larson", {2, 4}, larson},
                       {"heap/xmalloc", {2, 4}, xmalloc}});
}
