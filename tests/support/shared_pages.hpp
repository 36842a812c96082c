// SPDX-License-Identifier: MIT
// What tests below mpi/ stand on: the pages of a segment in a memfd, mapped twice at different
// addresses, with header, page runs and participants in place; ranks as threads; and children
// made by fork() that may be killed.
#pragma once

#include "shmwin/memory/directory.hpp"
#include "shmwin/memory/header.hpp"
#include "shmwin/memory/heap.hpp"
#include "shmwin/memory/page_runs.hpp"
#include "shmwin/memory/region.hpp"
#include "shmwin/sync/activity.hpp"
#include "shmwin/sync/futex.hpp"
#include "shmwin/sync/parking_lot.hpp"
#include "shmwin/sync/participants.hpp"
#include "shmwin/sync/rendezvous.hpp"
#include "shmwin/sync/wait.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <fstream>
#include <signal.h> // NOLINT(modernize-deprecated-headers): POSIX's, with kill()
#include <span>
#include <stdexcept>
#include <string>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

namespace shmwin::test {

#if defined(__SANITIZE_THREAD__)
inline constexpr bool under_tsan = true;
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
inline constexpr bool under_tsan = true;
#else
inline constexpr bool under_tsan = false;
#endif
#else
inline constexpr bool under_tsan = false;
#endif

/// ThreadSanitizer sees one process: tests of several are skipped under it.
#define SHMWIN_NEEDS_FORK()                                                                        \
    if (::shmwin::test::under_tsan) GTEST_SKIP() << "ThreadSanitizer does not follow fork()"

/// A file's pages, mapped at a multiple of the segment's alignment.
class mapped_file {
  public:
    mapped_file(int fd, std::size_t n_bytes) : n_reserved_(n_bytes + detail::segment_alignment) {
        auto* const found =
            ::mmap(nullptr, n_reserved_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (found == MAP_FAILED) throw std::runtime_error("mmap failed");
        reserved_ = static_cast<std::byte*>(found);
        auto const past = reinterpret_cast<std::uintptr_t>(reserved_) % detail::segment_alignment;
        base_ = reserved_ + (detail::segment_alignment - past);
        if (::mmap(base_, n_bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0)
            == MAP_FAILED) {
            throw std::runtime_error("mmap of the file failed");
        }
    }
    mapped_file(mapped_file const&) = delete;
    mapped_file(mapped_file&&) = delete;
    mapped_file& operator=(mapped_file const&) = delete;
    mapped_file& operator=(mapped_file&&) = delete;
    ~mapped_file() { ::munmap(reserved_, n_reserved_); }

    [[nodiscard]] std::byte* base() const noexcept { return base_; }

  private:
    std::size_t n_reserved_;
    std::byte* reserved_ = nullptr;
    std::byte* base_ = nullptr;
};

/// A memfd that ends with the object.
class memory_file {
  public:
    explicit memory_file(std::size_t n_bytes) : fd_(::memfd_create("shmwin-test", MFD_CLOEXEC)) {
        if (fd_ < 0) throw std::runtime_error("memfd_create failed");
        resize(n_bytes);
    }
    memory_file(memory_file const&) = delete;
    memory_file(memory_file&&) = delete;
    memory_file& operator=(memory_file const&) = delete;
    memory_file& operator=(memory_file&&) = delete;
    ~memory_file() { ::close(fd_); }

    void resize(std::size_t n_bytes) const {
        if (::ftruncate(fd_, static_cast<off_t>(n_bytes)) != 0) {
            throw std::runtime_error("ftruncate failed");
        }
    }
    [[nodiscard]] int fd() const noexcept { return fd_; }

  private:
    int fd_;
};

/// Which of the two mappings a handle works through.
enum class via : std::uint8_t { first, second };

/// The pages of a segment. Rank r of n is whoever asks for the handles of rank r: a thread of this
/// process, which is attached as all ranks, or a child that calls who(r).attach() first.
class shared_pages {
  public:
    explicit shared_pages(detail::layout_request const& request,
                          detail::page_source const& source = {})
        : header_(detail::plan_layout(request)),
          source_(source),
          file_(header_.total_bytes),
          first_(file_.fd(), header_.total_bytes),
          second_(file_.fd(), header_.total_bytes) {
        where().create(header_);
        runs(0).create();
        for (int rank = 0; rank < request.n_ranks; ++rank) {
            who(rank).attach();
        }
    }

    [[nodiscard]] detail::region where(via which = via::first) const noexcept {
        return {which == via::first ? first_.base() : second_.base(), source_};
    }
    [[nodiscard]] participants who(int rank, via which = via::first) const noexcept {
        return {where(which).as<participant_slot>(detail::section_id::participants), rank};
    }
    [[nodiscard]] detail::page_runs runs(int rank, via which = via::first) const noexcept {
        return {where(which), who(rank, which), policy()};
    }
    [[nodiscard]] heap memory(int rank, via which = via::first) const noexcept {
        return {where(which), who(rank, which), policy()};
    }
    [[nodiscard]] detail::directory names(int rank, via which = via::first) const noexcept {
        return {memory(rank, which), who(rank, which), policy()};
    }
    [[nodiscard]] detail::parking_lot lot(via which = via::first) const noexcept {
        return detail::parking_lot(
            where(which).as<detail::parking_line>(detail::section_id::parking_lot));
    }
    [[nodiscard]] detail::activity
    log(int rank, via which = via::first, detail::wait_watcher* watcher = nullptr) const noexcept {
        return {
            where(which).as<detail::activity_slot>(detail::section_id::activity), rank, watcher};
    }
    [[nodiscard]] detail::rendezvous meeting(int rank,
                                             wait_policy const& how = wait_policy::for_ranks(64),
                                             via which = via::first,
                                             detail::call_sites* sites = nullptr) const noexcept {
        auto const here = where(which);
        return {meeting_state(which),
                here.as<detail::meeting_slot>(detail::section_id::meeting_slots),
                who(rank, which),
                lot(which),
                how,
                sites,
                log(rank, which)};
    }
    [[nodiscard]] detail::rendezvous_state& meeting_state(via which = via::first) const noexcept {
        return *where(which).as<detail::rendezvous_state>(detail::section_id::rendezvous).data();
    }
    [[nodiscard]] detail::directory_state& names_state() const noexcept {
        return *where().as<detail::directory_state>(detail::section_id::directory).data();
    }
    [[nodiscard]] detail::run_control& control() const noexcept {
        return *where().as<detail::run_control>(detail::section_id::run_control).data();
    }
    [[nodiscard]] std::size_t n_bytes() const noexcept { return header_.total_bytes; }
    [[nodiscard]] memory_file const& file() const noexcept { return file_; }

    /// Few looks before sleeping: tests have more ranks than cores.
    [[nodiscard]] static wait_policy policy() noexcept {
        wait_policy how;
        how.spin = 20;
        how.yield = 20;
        return how;
    }

  private:
    detail::segment_header header_;
    detail::page_source source_;
    memory_file file_;
    mapped_file first_;
    mapped_file second_;
};

/// An object of the segment's kind (all bytes 0 at first) in pages that children share.
template <typename T>
class shared_object {
  public:
    shared_object() : file_(n_bytes), pages_(file_.fd(), n_bytes) {}
    [[nodiscard]] T& operator*() const noexcept { return *reinterpret_cast<T*>(pages_.base()); }
    [[nodiscard]] T* operator->() const noexcept { return &**this; }

  private:
    static constexpr std::size_t n_bytes = (sizeof(T) + 4095) / 4096 * 4096;
    memory_file file_;
    mapped_file pages_;
};

/// Calls body(rank) in n threads and waits for them.
template <typename Body>
void as_threads(int n, Body const& body) {
    std::vector<std::thread> threads;
    threads.reserve(static_cast<std::size_t>(n));
    for (int rank = 0; rank < n; ++rank) {
        threads.emplace_back([&body, rank] { body(rank); });
    }
    for (auto& each : threads) {
        each.join();
    }
}

/// A process that runs `body` and ends with status 0 if it returned true. Ended with the object.
class child {
  public:
    template <typename Body>
    explicit child(Body const& body) : pid_(flush_and_fork()) {
        if (pid_ < 0) throw std::runtime_error("fork failed");
        if (pid_ != 0) return;
        ::alarm(100); // never outlives a test that hangs
        int status = 2;
        try {
            status = body() ? 0 : 1;
        } catch (std::exception const& failed) {
            static_cast<void>(std::fprintf(stderr, "child: %s\n", failed.what()));
        }
        ::_exit(status);
    }
    child(child const&) = delete;
    child(child&& other) noexcept : pid_(std::exchange(other.pid_, 0)) {}
    child& operator=(child const&) = delete;
    child& operator=(child&&) = delete;
    ~child() {
        if (pid_ <= 0) return;
        kill();
        static_cast<void>(wait());
    }

    [[nodiscard]] pid_t pid() const noexcept { return pid_; }

    /// Somebody else has waited for it.
    void forget() noexcept { pid_ = 0; }

    /// SIGKILL; what is left is a zombie until wait().
    void kill() const noexcept { ::kill(pid_, SIGKILL); }

    /// SIGSTOP; returns when it stands still.
    void stop() const noexcept {
        ::kill(pid_, SIGSTOP);
        siginfo_t about{};
        while (::waitid(P_PID, static_cast<id_t>(pid_), &about, WSTOPPED | WNOWAIT) != 0) {
        }
    }

    /// Returns when the process has ended, which it then is as a zombie.
    void wait_for_zombie() const noexcept {
        siginfo_t about{};
        while (::waitid(P_PID, static_cast<id_t>(pid_), &about, WEXITED | WNOWAIT) != 0) {
        }
    }

    /// Its exit status, or the negative signal that ended it.
    int wait() noexcept {
        int status = 0;
        while (::waitpid(pid_, &status, 0) < 0) {
        }
        pid_ = 0;
        return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
    }

  private:
    static pid_t flush_and_fork() {
        std::fflush(nullptr);
        return ::fork();
    }

    pid_t pid_ = 0;
};

/// Calls body(rank) in n children, attached as ranks 0 to n - 1, and waits. True if all
/// returned true.
template <typename Body>
[[nodiscard]] bool as_processes(shared_pages const& pages, int n, Body const& body) {
    std::vector<child> children;
    children.reserve(static_cast<std::size_t>(n));
    // A rank that starts early must not take one that is not forked yet for what it was before:
    // all are this process until they attach, so they are alive.
    for (int rank = 0; rank < n; ++rank) {
        children.emplace_back([&, rank] {
            pages.who(rank).attach();
            return body(rank);
        });
    }
    bool all = true;
    for (auto& each : children) {
        all = each.wait() == 0 && all;
    }
    return all;
}

/// Sleeps until `condition()` holds. False after a minute: then the test has failed.
template <typename Condition>
[[nodiscard]] bool eventually(Condition const& condition) {
    auto const end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (!condition()) {
        if (std::chrono::steady_clock::now() > end) return false;
        std::this_thread::sleep_for(std::chrono::microseconds(200));
    }
    return true;
}

/// A thread that sleeps on a word and never looks by itself: only a wake-up ends its sleep.
class sleeper {
  public:
    explicit sleeper(detail::waitable& on)
        : on_(on), thread_([this] {
              auto const seen = on_.word.load();
              ++on_.n_sleepers;
              tid_ = static_cast<pid_t>(::syscall(SYS_gettid));
              detail::futex_wait(on_.word, seen, std::chrono::hours(1));
              --on_.n_sleepers;
              awake_ = true;
          }) {
        if (!eventually([&] { return tid_ != 0 && (awake_ || is_asleep()); })) {
            throw std::runtime_error("the thread does not fall asleep");
        }
    }
    sleeper(sleeper const&) = delete;
    sleeper(sleeper&&) = delete;
    sleeper& operator=(sleeper const&) = delete;
    sleeper& operator=(sleeper&&) = delete;
    ~sleeper() {
        while (!awake_) {
            detail::futex_wake_all(on_.word);
            std::this_thread::yield();
        }
        thread_.join();
    }

    [[nodiscard]] bool is_awake() const noexcept { return awake_; }
    [[nodiscard]] bool wakes_up() const {
        return eventually([&] { return awake_.load(); });
    }

  private:
    // State S in /proc/self/task/TID/stat.
    [[nodiscard]] bool is_asleep() const {
        std::ifstream file("/proc/self/task/" + std::to_string(tid_) + "/stat");
        std::string line;
        std::getline(file, line);
        auto const end = line.rfind(')');
        return end != std::string::npos && line.compare(end, 3, ") S") == 0;
    }

    detail::waitable& on_;
    std::atomic<pid_t> tid_{0};
    std::atomic<bool> awake_{false};
    std::thread thread_;
};

} // namespace shmwin::test
