// SPDX-License-Identifier: MIT
// Two stress tests of others, as workloads: written anew from their descriptions, with ranks for
// threads. Blocks cross from rank to rank through shared slots; nobody ever waits.
#include "heap_world.hpp"

#include <cstring>

namespace {

using bench::context;
using bench::meter;
using bench::quick_random;
using bench::world;
using namespace shmwin::literals;

std::atomic_ref<std::uint64_t> atomic(std::uint64_t& slot) {
    return std::atomic_ref(slot);
}

// --- mstress -------------------------------------------------------------------------------------

// D. Leijen's stress test of mimalloc: some blocks are kept to the end, some freed at random, some
// swapped with a table that all share. Each begins with a cookie, which is looked at when the block
// is freed; the rest is not written, for memory is not what is measured.
template <typename Memory>
class stressed {
  public:
    stressed(world const& all, Memory memory, shmwin::array<std::uint64_t, 1> shared)
        : all_(all),
          memory_(memory),
          shared_(std::move(shared)),
          random_(static_cast<std::uint64_t>(all.on.rank()) + 1) {}

    // One allocation.
    void step() {
        if (random_.chance(25)) {
            kept_.push_back(make(8 * random_.between(1, 1280)));
        } else {
            auto const n_bytes = 8 * random_.between(1, 128);
            loose_.push_back(make(random_.chance(1) ? 100 * n_bytes : n_bytes));
        }
        if (random_.chance(66) && !loose_.empty()) free(std::exchange(any(), 0));
        if (random_.chance(25) && !loose_.empty()) {
            auto& mine = any();
            auto const slot = random_.below(static_cast<std::uint32_t>(shared_.extent(0)));
            mine = atomic(shared_(slot)).exchange(mine);
        }
    }
    void free_all() {
        for (auto const* const some : {&kept_, &loose_}) {
            for (auto const each : *some) {
                free(each);
            }
        }
        kept_.clear();
        loose_.clear();
    }
    void free(std::uint64_t offset) const {
        if (offset == 0) return;
        auto* const words = static_cast<std::uint64_t*>(all_.at(offset));
        if (*words != (offset ^ cookie)) {
            std::fprintf(stderr, "the block at %#lx is not what it was\n", offset);
            std::abort();
        }
        memory_.deallocate(words);
    }

  private:
    static constexpr std::uint64_t cookie = 0x5ca1'ab1e'0ddb'a115U;

    [[nodiscard]] std::uint64_t make(std::size_t n_bytes) const {
        auto* const block = memory_.allocate(n_bytes);
        auto const offset = all_.offset_of(block);
        *static_cast<std::uint64_t*>(block) = offset ^ cookie;
        return offset;
    }
    [[nodiscard]] std::uint64_t& any() {
        return loose_[random_.below(static_cast<std::uint32_t>(loose_.size()))];
    }

    world const& all_;
    Memory memory_;
    shmwin::array<std::uint64_t, 1> shared_;
    quick_random random_;
    std::vector<std::uint64_t> kept_;
    std::vector<std::uint64_t> loose_; // 0: freed
};

void mstress(context const& on) {
    world all(on, {.ours = 512_MiB, .boosts = 384_MiB});
    int const n_steps = on.quick() ? 2'000 : 20'000;
    constexpr int n_shared = 1000;
    auto const shared =
        all.seg.create_array<std::uint64_t>("shared", shmwin::shape(std::int64_t{n_shared}));
    auto const n_pairs = static_cast<double>(n_steps) * on.n_ranks();
    all.compare(n_pairs, false, [&, n_steps](auto memory) {
        stressed work(all, memory, shared);
        meter spent(on);
        spent.count([&] {
            for (int i = 0; i < n_steps; ++i) {
                work.step();
            }
            work.free_all();
        });
        all.seg.fence();
        for (int i = on.rank(); i < n_shared; i += on.n_ranks()) {
            work.free(std::exchange(shared(i), 0));
        }
        all.seg.fence();
        return spent.of_all();
    });
    all.end();
}

// --- rptest --------------------------------------------------------------------------------------

// Blocks on their way from one rank to the next.
struct batch {
    static constexpr std::uint32_t n_blocks = 100;
    alignas(64) std::uint64_t is_full;
    std::uint64_t offsets[n_blocks];
};

// M. Jansson's benchmark of rpmalloc: a table of 1000 blocks of 8 to 16,000 bytes, small ones more
// often; each loop replaces 100 of them, and every other loop allocates 100 for another to free.
template <typename Memory>
class crossing {
  public:
    crossing(world const& all, Memory memory, batch& out, batch& in)
        : all_(all),
          memory_(memory),
          out_(out),
          in_(in),
          random_(static_cast<std::uint64_t>(all.on.rank()) + 1),
          blocks_(1000) {
        for (auto& each : blocks_) {
            each = make();
        }
    }

    void loop(int n) {
        for (std::uint32_t k = 0; k < batch::n_blocks; ++k) {
            auto& each = blocks_[random_.below(static_cast<std::uint32_t>(blocks_.size()))];
            memory_.deallocate(each);
            each = make();
        }
        free_what_came();
        if (n % 2 == 0) send();
    }
    void free_all() {
        for (auto* const each : blocks_) {
            memory_.deallocate(each);
        }
    }
    void free_what_came() {
        if (atomic(in_.is_full).load(std::memory_order_acquire) == 0) return;
        free_batch(in_);
    }

  private:
    // The chance of a size falls linearly to 0 at the largest.
    [[nodiscard]] void* make() {
        constexpr std::uint32_t least = 8;
        constexpr std::uint32_t most = 16'000;
        auto const n = std::min(random_.between(least, most), random_.between(least, most));
        auto* const block = memory_.allocate(n);
        bench::touch_first(block);
        return block;
    }
    // If the last batch is still on its way, this one is freed here: nobody waits.
    void send() {
        bool const stays = atomic(out_.is_full).load(std::memory_order_acquire) != 0;
        auto& to = stays ? own_ : out_;
        for (auto& each : to.offsets) {
            each = all_.offset_of(make());
        }
        stays ? free_batch(own_) : atomic(out_.is_full).store(1, std::memory_order_release);
    }
    void free_batch(batch& full) {
        for (auto const each : full.offsets) {
            memory_.deallocate(all_.at(each));
        }
        atomic(full.is_full).store(0, std::memory_order_release);
    }

    world const& all_;
    Memory memory_;
    batch& out_;
    batch& in_;
    batch own_{};
    quick_random random_;
    std::vector<void*> blocks_;
};

void rptest(context const& on) {
    world all(on);
    int const n_loops = on.quick() ? 50 : 1000;
    auto const n_ranks = on.n_ranks();
    auto const bytes = all.seg.create_array<std::byte>(
        "batches", shmwin::shape(static_cast<std::int64_t>(sizeof(batch)) * n_ranks));
    auto* const batches = reinterpret_cast<batch*>(bytes.data());
    auto& out = batches[on.rank()];
    auto& in = batches[(on.rank() + 1) % n_ranks];
    auto const n_pairs = 1.5 * batch::n_blocks * n_loops * n_ranks;
    all.compare(n_pairs, false, [&, n_loops](auto memory) {
        crossing work(all, memory, out, in);
        meter spent(on);
        spent.count([&] {
            for (int n = 0; n < n_loops; ++n) {
                work.loop(n);
            }
        });
        all.seg.fence();
        work.free_what_came();
        work.free_all();
        all.seg.fence();
        return spent.of_all();
    });
    all.end();
}

} // namespace

int main(int argc, char** argv) {
    return bench::run(
        argc, argv, {{"heap/mstress", {2, 4}, mstress}, {"heap/rptest", {2, 4}, rptest}});
}
