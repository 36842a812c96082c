// SPDX-License-Identifier: MIT
#include "io/background_save.hpp"

#include "shmwin/base/error.hpp"
#include "shmwin/base/log.hpp"
#include "shmwin/base/quiet_errors.hpp"
#include "shmwin/base/text.hpp"
#include "shmwin/mpi/agreement.hpp"

#include "io/fail_point.hpp"

#include <algorithm>
#include <csignal>
#include <pthread.h>
#include <system_error>
#include <utility>

namespace shmwin::inline v1::detail {
namespace {

// How much is written between two looks at how far it is.
constexpr std::int64_t blocks_at_once = 64;

// Those of this process that may still run: a store may end before its save does, and another one
// of the same path must not take its file for a dead job's.
struct running {
    std::mutex mutex;
    std::vector<std::weak_ptr<background_save>> all;
};

running& the_running() {
    static auto* const made = new running; // NOLINT(*-owning-memory,*-non-const-global-*): at exit
    return *made;
}

// Signals are for the threads of the host: none is handled in this one.
class signals_blocked {
  public:
    signals_blocked() noexcept {
        sigset_t all;
        ::sigfillset(&all);
        ::pthread_sigmask(SIG_SETMASK, &all, &before_);
    }
    signals_blocked(signals_blocked const&) = delete;
    signals_blocked(signals_blocked&&) = delete;
    signals_blocked& operator=(signals_blocked const&) = delete;
    signals_blocked& operator=(signals_blocked&&) = delete;
    ~signals_blocked() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

  private:
    sigset_t before_{};
};

std::uint64_t n_bytes_in(payload_part const& part) {
    auto const end_of = [&](std::int64_t block) {
        auto const n = static_cast<std::uint64_t>(block) - part.first_block;
        return std::min<std::uint64_t>(n * checksum_block_bytes, part.n_bytes);
    };
    return end_of(part.mine.last) - end_of(part.mine.first);
}

} // namespace

std::shared_ptr<background_save> background_save::start(std::filesystem::path store,
                                                        background_job job) {
    std::shared_ptr<background_save> made(new background_save(std::move(store), std::move(job)));
    {
        std::scoped_lock const hold(the_running().mutex);
        std::erase_if(the_running().all, [](auto const& each) { return each.expired(); });
        the_running().all.push_back(made);
    }
    join_finalize(made);
    signals_blocked const for_the_thread;
    try {
        made->thread_ = std::thread([self = made.get()] { self->run(); });
    } catch (std::system_error const& failed) {
        leave_finalize(made.get());
        raise(errc::system_failure, text("no thread to save by (", failed.what(), ")"));
    }
    return made;
}

background_save::background_save(std::filesystem::path store, background_job job)
    : store_(std::move(store)), job_(std::move(job)) {}

// Never with a thread that runs: the list of MPI_Finalize holds it until join().
background_save::~background_save() = default;

void background_save::await_all(std::filesystem::path const& store) {
    std::vector<std::shared_ptr<background_save>> all;
    {
        std::scoped_lock const hold(the_running().mutex);
        for (auto const& each : the_running().all) {
            if (auto found = each.lock()) all.push_back(std::move(found));
        }
    }
    for (auto const& each : all) {
        if (each->store_ == store) each->join();
    }
}

// --- orders --------------------------------------------------------------------------------------

void background_save::decide(order what) noexcept {
    std::scoped_lock const hold(mutex_);
    if (order_ != order::none) return;
    order_ = what;
    ordered_.notify_all();
}

bool background_save::await_order() {
    std::unique_lock hold(mutex_);
    ordered_.wait(hold, [this] { return order_ != order::none; });
    return order_ == order::go;
}

void background_save::give_up() noexcept {
    decide(order::give_up);
    std::scoped_lock const hold(mutex_);
    if (job_.ring) job_.ring->abandon();
}

// NOLINTNEXTLINE(bugprone-exception-escape): a mutex and a thread that are in order throw nothing
void background_save::join() noexcept {
    auto const self = shared_from_this(); // the list's may be the last
    {
        std::scoped_lock const one(joining_);
        if (thread_.joinable()) thread_.join();
    }
    leave_finalize(this);
}

// NOLINTNEXTLINE(bugprone-exception-escape): as join()
void background_save::at_exit() noexcept {
    give_up();
    join();
}

// --- the thread ----------------------------------------------------------------------------------

void background_save::run() noexcept {
    ::pthread_setname_np(::pthread_self(), "shmwin-save");
    quiet_errors const here; // wait() tells them
    auto const failure = failure_of([this] {
        at(step::payload, [this] { write(); });
        job_.status->enter(save_phase::committing);
        at(step::commit, [this] { job_.file->commit(); });
    });
    drain();
    if (failure && failure->code != errc::peer_left) {
        log(log_level::warning, text("asynchronous save failed: ", failure->text));
    }
    at(step::end_thread, [this] {
        job_.file.reset(); // and what is not whole is gone
        job_.lock.reset();
        if (job_.previous) job_.previous->close();
    });
    job_.status->end(failure ? &*failure : nullptr); // now other ranks go on
    {
        std::scoped_lock const hold(mutex_);
        job_.ring.reset(); // its memory may go now
    }
    job_.keep.clear();
}

void background_save::write() {
    if (!job_.ring && !await_order()) {
        raise(errc::peer_left, "save was given up (a rank left or died)");
    }
    job_.file->reserve();
    write_parts();
    if (job_.ring) write_ring();
}

void background_save::write(std::span<payload_part const> some, std::uint64_t n_bytes) {
    auto const* const previous = job_.previous ? &*job_.previous : nullptr;
    auto const n_reused =
        write_payload(job_.file->temporary(), some, job_.checksums_offset, previous);
    job_.status->written(n_bytes, n_reused);
}

// Some blocks at a time, of one part or of several.
void background_save::write_parts() {
    auto& parts = job_.parts;
    std::size_t first = 0;
    std::int64_t n_blocks = 0;
    std::uint64_t n_bytes = 0;
    for (std::size_t i = 0; i < parts.size(); ++i) {
        auto left = parts[i].mine;
        while (!left.empty()) {
            auto const n = std::min(left.size(), blocks_at_once - n_blocks);
            parts[i].mine = {left.first, left.first + n};
            left.first += n;
            n_blocks += n;
            n_bytes += n_bytes_in(parts[i]);
            if (n_blocks < blocks_at_once) continue;
            write(std::span(parts).subspan(first, i + 1 - first), std::exchange(n_bytes, 0));
            parts[i].mine = {};
            first = left.empty() ? i + 1 : i;
            n_blocks = 0;
        }
    }
    write(std::span(parts).subspan(first), n_bytes);
}

void background_save::write_ring() {
    while (auto const slot = job_.ring->next()) {
        std::uint64_t n_bytes = 0;
        std::vector<payload_part> some;
        for (auto const& each : slot->pieces) {
            auto part = job_.parts.at(each.object);
            part.memory =
                payload_source(std::span(slot->bytes + each.place, each.n_bytes), each.begin);
            auto const first = part.first_block + each.begin / checksum_block_bytes;
            auto const n = (each.n_bytes + checksum_block_bytes - 1) / checksum_block_bytes;
            part.mine = {static_cast<std::int64_t>(first), static_cast<std::int64_t>(first + n)};
            n_bytes += each.n_bytes;
            some.push_back(std::move(part));
        }
        write(some, n_bytes);
        job_.ring->release(*slot);
    }
}

// After a failure: those who still fill the ring must not wait for it.
void background_save::drain() noexcept {
    if (!job_.ring) return;
    static_cast<void>(failure_of([this] {
        while (auto const slot = job_.ring->next()) {
            job_.ring->release(*slot);
        }
    }));
}

} // namespace shmwin::inline v1::detail
