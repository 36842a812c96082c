// SPDX-License-Identifier: MIT
// What others give ranks of one node to lock, meet and wait with: POSIX, Boost.Interprocess and
// MPI itself, all in a shared window of MPI, as users without this library have it.
#pragma once

#include "harness.hpp"

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <memory>
#include <new>
#include <pthread.h>
#include <stdexcept>
#include <string>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>
#include <vector>

#ifdef SHMWIN_HAS_BOOST_INTERPROCESS
#include <boost/interprocess/sync/interprocess_condition.hpp>
#include <boost/interprocess/sync/interprocess_mutex.hpp>
#include <boost/interprocess/sync/scoped_lock.hpp>
#endif

namespace bench {

/// A shared window of MPI in which each rank has a part, at the beginning of a cache line.
class shared_parts {
  public:
    /// Collective.
    explicit shared_parts(context const& on) {
        MPI_Win_allocate_shared(static_cast<MPI_Aint>(n_bytes),
                                1,
                                MPI_INFO_NULL,
                                on.comm(),
                                static_cast<void*>(&mine_),
                                &window_);
        // Open MPI's begin anywhere; pages are the same for all ranks, so rank 0 may say.
        pad_ = -reinterpret_cast<std::uintptr_t>(of(0)) % line;
        MPI_Bcast(&pad_, 1, MPI_UINT64_T, 0, on.comm());
    }
    shared_parts(shared_parts const&) = delete;
    shared_parts(shared_parts&&) = delete;
    shared_parts& operator=(shared_parts const&) = delete;
    shared_parts& operator=(shared_parts&&) = delete;
    /// Collective.
    ~shared_parts() { MPI_Win_free(&window_); }

    [[nodiscard]] MPI_Win window() const noexcept { return window_; }

    /// Local. The part of a rank, as it is mapped here.
    [[nodiscard]] std::byte* of(int rank) const {
        MPI_Aint size = 0;
        int unit = 0;
        std::byte* base = nullptr;
        MPI_Win_shared_query(window_, rank, &size, &unit, static_cast<void*>(&base));
        return base + pad_;
    }

    /// Collective. A T in the part of each rank, made by that rank; nobody destroys it. Each call
    /// takes the next bytes of the parts.
    template <typename T, typename... Args>
    T* place(context const& on, Args&&... args) {
        auto const at = used_;
        used_ += (sizeof(T) + line - 1) / line * line;
        if (used_ + line > n_bytes) throw std::runtime_error("the parts are too small");
        new (of(on.rank()) + at) T(std::forward<Args>(args)...);
        MPI_Barrier(on.comm());
        return reinterpret_cast<T*>(of(on.rank()) + at);
    }
    /// Local. Another rank's, or this one's.
    template <typename T>
    [[nodiscard]] T* same(context const& on, T* mine, int rank) const {
        return reinterpret_cast<T*>(of(rank)
                                    + (reinterpret_cast<std::byte*>(mine) - of(on.rank())));
    }

  private:
    static constexpr std::size_t line = 64;
    static constexpr std::size_t n_bytes = 4096;
    void* mine_ = nullptr;
    MPI_Win window_ = MPI_WIN_NULL;
    std::uint64_t pad_ = 0;
    std::size_t used_ = 0;
};

// --- locks ---------------------------------------------------------------------------------------

/// POSIX's own answer to holders that die: a robust mutex between processes.
class pthread_robust {
  public:
    pthread_robust() {
        pthread_mutexattr_t how{};
        pthread_mutexattr_init(&how);
        pthread_mutexattr_setpshared(&how, PTHREAD_PROCESS_SHARED);
        pthread_mutexattr_setrobust(&how, PTHREAD_MUTEX_ROBUST);
        pthread_mutex_init(&mutex_, &how);
        pthread_mutexattr_destroy(&how);
    }
    void lock() {
        if (auto const status = pthread_mutex_lock(&mutex_); status != 0) trouble(status);
    }
    void unlock() { pthread_mutex_unlock(&mutex_); }

  private:
    [[noreturn]] static void trouble(int status) {
        throw std::runtime_error("pthread_mutex_lock: error " + std::to_string(status));
    }
    pthread_mutex_t mutex_{};
};

/// The only lock that MPI has: exclusive access to a rank's part of a window.
struct mpi_win_lock {
    MPI_Win window;
    int target;
    void lock() const { MPI_Win_lock(MPI_LOCK_EXCLUSIVE, target, 0, window); }
    void unlock() const { MPI_Win_unlock(target, window); }
};

#ifdef SHMWIN_HAS_BOOST_INTERPROCESS
// --- Boost's mutex and condition -----------------------------------------------------------------

/// Boost has no barrier between processes any more: this one counts under its mutex and sleeps on
/// its condition, as its users must.
class boost_barrier {
  public:
    explicit boost_barrier(int n_ranks) : n_ranks_(n_ranks) {}
    void arrive_and_wait() {
        boost::interprocess::scoped_lock hold(mutex_);
        auto const mine = round_;
        if (++n_here_ == n_ranks_) {
            n_here_ = 0;
            ++round_;
            changed_.notify_all();
            return;
        }
        while (round_ == mine) {
            changed_.wait(hold);
        }
    }

  private:
    boost::interprocess::interprocess_mutex mutex_;
    boost::interprocess::interprocess_condition changed_;
    int n_ranks_;
    int n_here_ = 0;
    std::uint32_t round_ = 0;
};

/// Whose turn it is of two.
class boost_turn {
  public:
    /// Waits for the turn of `me`, and gives it to the other one.
    void take_and_pass(int me) {
        {
            boost::interprocess::scoped_lock hold(mutex_);
            while (turn_ != me) {
                changed_[index(me)].wait(hold);
            }
            turn_ = 1 - me;
        }
        changed_[index(1 - me)].notify_one();
    }

  private:
    [[nodiscard]] static std::size_t index(int who) { return static_cast<std::size_t>(who); }
    boost::interprocess::interprocess_mutex mutex_;
    std::array<boost::interprocess::interprocess_condition, 2> changed_;
    int turn_ = 0;
};
#endif

// --- pipes ---------------------------------------------------------------------------------------

/// A pipe to each rank, open in all: they have names while they are opened.
class pipes {
  public:
    /// Collective.
    explicit pipes(context const& on) : fds_(static_cast<std::size_t>(on.n_ranks()), -1) {
        auto const folder = shared_folder(on);
        auto const name = [&](int rank) { return folder + '/' + std::to_string(rank); };
        if (::mkfifo(name(on.rank()).c_str(), 0600) != 0) throw std::runtime_error("mkfifo failed");
        MPI_Barrier(on.comm());
        for (int rank = 0; rank < on.n_ranks(); ++rank) {
            auto& fd = fds_[static_cast<std::size_t>(rank)];
            fd = ::open(name(rank).c_str(), O_RDWR | O_CLOEXEC); // both: does not wait for others
            if (fd < 0) throw std::runtime_error("a pipe cannot be opened");
        }
        MPI_Barrier(on.comm());
        if (on.rank() == 0) std::filesystem::remove_all(folder);
    }
    pipes(pipes const&) = delete;
    pipes(pipes&&) = delete;
    pipes& operator=(pipes const&) = delete;
    pipes& operator=(pipes&&) = delete;
    ~pipes() {
        for (int const fd : fds_) {
            ::close(fd);
        }
    }

    void send(int rank) const {
        char const byte = 0;
        if (::write(fds_[static_cast<std::size_t>(rank)], &byte, 1) != 1) trouble();
    }
    void receive(int self) const {
        char byte = 0;
        if (::read(fds_[static_cast<std::size_t>(self)], &byte, 1) != 1) trouble();
    }

  private:
    [[noreturn]] static void trouble() { throw std::runtime_error("a pipe failed"); }

    // A new folder that rank 0 makes.
    [[nodiscard]] static std::string shared_folder(context const& on) {
        std::array<char, 64> path{"/tmp/shmwin-pipes.XXXXXX"};
        if (on.rank() == 0 && ::mkdtemp(path.data()) == nullptr) {
            throw std::runtime_error("mkdtemp failed");
        }
        MPI_Bcast(path.data(), static_cast<int>(path.size()), MPI_CHAR, 0, on.comm());
        return path.data();
    }

    std::vector<int> fds_;
};

} // namespace bench
