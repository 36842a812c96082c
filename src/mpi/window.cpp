// SPDX-License-Identifier: MIT
#include "shmwin/mpi/window.hpp"

#include "shmwin/base/error.hpp"
#include "shmwin/base/hash.hpp"
#include "shmwin/base/log.hpp"
#include "shmwin/base/text.hpp"
#include "shmwin/memory/header.hpp"
#include "shmwin/mpi/agreement.hpp"
#include "shmwin/mpi/error.hpp"

#include "memory/populate.hpp"
#include "mpi/mapping.hpp"
#include "mpi/node_state.hpp"
#include "mpi/space.hpp"
#include "mpi/window_backing.hpp"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <optional>
#include <sys/mman.h>

namespace shmwin::inline v1 {

using namespace detail;

// The memory stays while anyone holds the state; the MPI window until free() or MPI_Finalize.
struct window::state final : finalizable {
    state(std::string backing_file_system, std::size_t reserve)
        : meter(std::move(backing_file_system), reserve) {}
    ~state() override = default;
    void at_finalize() noexcept override { rma.free(); }
    void at_exit() noexcept override {}

    backing_kind backing = backing_kind::mpi_window;
    char const* full = "memory";
    char const* knob = "";
    space_meter meter;
    rma_window rma;
    std::shared_ptr<mapping> pages;
    std::size_t n_bytes = 0;
};

namespace {

// What rank 0 found out, for all.
struct choice {
    backing_kind backing;
    errc failed;
    char text[512]; // NOLINT(*-avoid-c-arrays): sent as bytes
};

// More than any machine has, and far from overflow.
constexpr std::size_t most_bytes = std::size_t{1} << 62U;

std::size_t sum_or_max(std::size_t one, std::size_t other) {
    std::size_t sum = 0;
    return __builtin_add_overflow(one, other, &sum) ? SIZE_MAX : sum;
}

// Open MPI wants 5 % more than it takes.
std::size_t needed_for_window(std::size_t n_bytes, std::size_t reserve) {
    return sum_or_max(n_bytes + n_bytes / 20, reserve);
}

// What is wrong with a request on this rank alone: all must hear of it before rank 0 decides.
void check_request(std::size_t n_bytes, int n_ranks) {
    if (n_bytes == 0) raise(errc::invalid_argument, "window cannot be made (of 0 bytes)");
    static_cast<void>(reserve_for(n_ranks)); // reads the environment
}

void refuse(choice& made, std::size_t needed, space const& found, char const* knob) {
    made.failed = errc::no_space;
    auto const why = text("segment does not fit (",
                          bytes_text(needed),
                          " required, reserve included; ",
                          bytes_text(found.available),
                          " available in ",
                          found.where,
                          "; ",
                          knob,
                          ")");
    why.copy(made.text, sizeof made.text - 1);
}

choice choose(std::size_t n_bytes, backing_kind asked, int n_ranks) {
    choice made{asked == backing_kind::memfd ? asked : backing_kind::mpi_window, errc::ok, {}};
    auto const reserve = reserve_for(n_ranks);
    auto const memory = memory_space();
    if (made.backing == backing_kind::mpi_window) {
        // One rank's memory is never a file.
        auto const found = n_ranks == 1 ? memory : file_space(backing_directory());
        auto const needed = needed_for_window(n_bytes, reserve);
        if (found.available >= needed) return made;
        if (asked == backing_kind::mpi_window || n_ranks == 1) {
            refuse(made,
                   needed,
                   found,
                   "lower .capacity or SHMWIN_CAPACITY, set .backing = memfd or "
                   "SHMWIN_BACKING=memfd, enlarge /dev/shm, or point "
                   "OMPI_MCA_osc_sm_backing_directory to a larger tmpfs");
            return made;
        }
        made.backing = backing_kind::memfd;
    }
    auto const needed = sum_or_max(n_bytes, reserve);
    if (memory.available < needed) {
        refuse(made, needed, memory, "lower .capacity or SHMWIN_CAPACITY");
    }
    return made;
}

// Rank 0's look at the system decides for all.
choice agree_on_backing(node_state const& on, std::size_t n_bytes, backing_kind asked) {
    choice made{};
    if (on.rank == 0) made = choose(n_bytes, asked, on.size);
    check_mpi("MPI_Bcast", MPI_Bcast(&made, sizeof made, MPI_BYTE, 0, on.local));
    if (made.failed != errc::ok) raise(error_info{made.failed, true, 0, made.text});
    return made;
}

// Fresh shared memory is zero, and empty of pages; nobody promises it.
void clear(std::span<std::byte> bytes) {
    if (::madvise(bytes.data(), bytes.size(), MADV_REMOVE) == 0) return;
    log(log_level::warning, "shared memory cannot be cleared by MADV_REMOVE: writing zeros to all");
    if (populate_pages(bytes.data(), bytes.size()) != 0) {
        raise(errc::no_space, text("memory is full (", bytes_text(bytes.size()), " needed)"));
    }
    std::memset(bytes.data(), 0, bytes.size());
}

// All ranks see one memory, and it is zero behind the token.
void shake_hands(node_state const& on, std::span<std::byte> bytes) {
    std::uint64_t token = on.rank == 0 ? random_number() : 0;
    auto& first = *reinterpret_cast<std::uint64_t*>(bytes.data());
    agree_on(on.local, "segment", [&] {
        if (on.rank != 0) return;
        clear(bytes);
        if (populate_pages(bytes.data(), page_bytes) != 0) {
            raise(errc::no_space, "memory is full (the segment's first page cannot be had)");
        }
        std::atomic_ref(first).store(token);
    });
    check_mpi("MPI_Bcast", MPI_Bcast(&token, 1, MPI_UINT64_T, 0, on.local));
    agree_on(on.local, "segment", [&] {
        bool const zero = std::all_of(bytes.begin() + 8,
                                      bytes.begin() + page_bytes,
                                      [](std::byte each) { return each == std::byte{0}; });
        if (std::atomic_ref(first).load() == token && zero) return;
        raise(errc::not_shared,
              text("ranks of one host do not share memory (rank ",
                   on.rank,
                   " of the node sees other bytes than rank 0; start them in one container)"));
    });
    // All have looked. Nobody may use the bytes before the token is gone.
    if (on.rank == 0) std::atomic_ref(first).store(0);
    agree(on.local, "segment", 0, nullptr);
}

} // namespace

char const* name(backing_kind backing) noexcept {
    switch (backing) {
    case backing_kind::automatic:
        return "automatic";
    case backing_kind::mpi_window:
        return "mpi_window";
    case backing_kind::memfd:
        return "memfd";
    }
    return "unknown";
}

window::window(node const& on, std::size_t n_bytes, window_options const& options) {
    auto const& where = on.state();
    auto const rounded = (std::min(n_bytes, most_bytes) + page_bytes - 1) / page_bytes * page_bytes;
    auto const failure = failure_of([&] { check_request(n_bytes, where.size); });
    auto const arguments =
        hash_with(hash_with(1, n_bytes), static_cast<std::uint64_t>(options.backing));
    agree(where.local,
          text("segment(", bytes_text(n_bytes), ", ", name(options.backing), ')'),
          arguments,
          failure ? &*failure : nullptr);
    auto const chosen = agree_on_backing(where, rounded, options.backing);
    bool const in_file_system = chosen.backing == backing_kind::mpi_window && where.size > 1;
    state_ = std::make_shared<state>(in_file_system ? backing_directory() : std::string(),
                                     reserve_for(where.size));
    state_->backing = chosen.backing;
    state_->n_bytes = n_bytes;
    if (in_file_system) {
        state_->full = "the file system of shared memory (/dev/shm)";
        state_->knob = "free space there, set .backing = memfd, or enlarge it";
        probe_sharing(where.local, backing_directory());
    }
    try {
        state_->pages = chosen.backing == backing_kind::memfd
                            ? map_memfd(where.local, rounded)
                            : map_mpi_window(where.local, rounded, state_->rma);
        if (where.rank != 0 && !options.in_all_core_dumps) state_->pages->omit_from_dumps();
        shake_hands(where, state_->pages->bytes());
    } catch (error const& failed) {
        if (failed.agreed()) state_->rma.free(); // all ranks are here
        throw;
    }
    join_finalize(state_);
}

window::window(window&&) noexcept = default;
window& window::operator=(window&& other) noexcept {
    std::swap(state_, other.state_);
    return *this;
}
// Without an MPI window nothing is left for MPI_Finalize to do: the memory goes with its holders.
window::~window() {
    if (state_ && state_->backing == backing_kind::memfd) leave_finalize(state_.get());
}

std::span<std::byte> window::bytes() const noexcept {
    return state_->pages->bytes().first(state_->n_bytes);
}

backing_kind window::backing() const noexcept {
    return state_->backing;
}

MPI_Win window::rma() const noexcept {
    return state_->rma.win;
}

MPI_Aint window::rma_offset() const noexcept {
    return state_->rma.offset;
}

std::shared_ptr<void const> window::keep_alive() const noexcept {
    return state_;
}

page_source window::source() const noexcept {
    return {&space_meter::room, &state_->meter, state_->full, state_->knob};
}

void window::free() {
    if (!mpi_is_up()) return;
    leave_finalize(state_.get());
    state_->rma.free();
}

} // namespace shmwin::inline v1
