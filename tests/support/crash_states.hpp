// SPDX-License-Identifier: MIT
// Every moment of a call in another process: a child is stepped through it, instruction by
// instruction. So it can be stopped anywhere, and every state of the segment in which it could
// have died can be looked at.
//
// A death is looked at once for each store, not once for each instruction: what a killed process
// leaves behind is the segment's bytes alone (its registers, its stack and its mappings end with
// it; it holds no lock of the kernel's; pages that it made present hold the same zeros as holes).
// So all deaths between two changes of those bytes are the same death. Bytes are compared after
// every single instruction, so none of the changes is missed.
#pragma once

#include "support/shared_pages.hpp"

#include <cerrno>
#include <cstring>
#include <sched.h>
#include <sys/ptrace.h>

namespace shmwin::test {

/// While it lives, this thread and the children it makes stay on the core they are on: a step is
/// two switches between processes, several times as fast there as from core to core.
class stay_on_core {
  public:
    stay_on_core() noexcept : known_(::sched_getaffinity(0, sizeof before_, &before_) == 0) {
        cpu_set_t here;
        CPU_ZERO(&here);
        CPU_SET(static_cast<std::size_t>(::sched_getcpu()), &here);
        if (known_) ::sched_setaffinity(0, sizeof here, &here);
    }
    stay_on_core(stay_on_core const&) = delete;
    stay_on_core(stay_on_core&&) = delete;
    stay_on_core& operator=(stay_on_core const&) = delete;
    stay_on_core& operator=(stay_on_core&&) = delete;
    ~stay_on_core() {
        if (known_) ::sched_setaffinity(0, sizeof before_, &before_);
    }

  private:
    cpu_set_t before_{};
    bool known_;
};

/// A child that stops before `body`, and after it.
class stepped_child {
  public:
    template <typename Body>
    explicit stepped_child(Body const& body)
        : child_([&] {
              if (::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) return false;
              ::raise(SIGSTOP);
              bool const good = body();
              ::raise(SIGSTOP);
              return good;
          }) {
        wait();
    }

    /// False if a process must not be stepped here.
    [[nodiscard]] bool can_step() const noexcept { return WIFSTOPPED(status_); }

    /// One instruction on. False if that was the last one of `body`.
    bool step() noexcept {
        if (::ptrace(PTRACE_SINGLESTEP, child_.pid(), nullptr, nullptr) != 0) return false;
        wait();
        return WIFSTOPPED(status_) && WSTOPSIG(status_) == SIGTRAP;
    }

    /// Lets it run to where `body` raises SIGSTOP. False if it ends before.
    bool go_on() noexcept {
        if (::ptrace(PTRACE_CONT, child_.pid(), nullptr, nullptr) != 0) return false;
        wait();
        return WIFSTOPPED(status_);
    }

    /// Lets it run to its end. True if `body` returned true.
    [[nodiscard]] bool finish() noexcept {
        while (WIFSTOPPED(status_)) {
            if (::ptrace(PTRACE_CONT, child_.pid(), nullptr, nullptr) != 0) return false;
            wait();
        }
        return WIFEXITED(status_) && WEXITSTATUS(status_) == 0;
    }

  private:
    void wait() noexcept {
        while (::waitpid(child_.pid(), &status_, 0) < 0 && errno == EINTR) {
        }
        if (!WIFSTOPPED(status_)) child_.forget();
    }

    stay_on_core while_stepping_; // before the child, which inherits it
    child child_;
    int status_ = 0;
};

/// A segment, and copies of it in which rank 1 has died; rank 0 finds what it left.
class crash_states {
  public:
    /// @param n_bytes  how much of the segment is watched and copied, from its start
    crash_states(shared_pages const& pages,
                 detail::layout_request const& request,
                 std::size_t n_bytes)
        : pages_(pages), image_(request), n_bytes_(n_bytes), before_(n_bytes) {
        child gone([&] {
            image_.who(1).attach();
            return true;
        });
        static_cast<void>(gone.wait());
        auto const& slot = slots()[1];
        dead_ = {slot.pid, slot.start_time, slot.pid_namespace};
    }

    /// Calls check(image, i) for the i-th state that `body`, in a child as rank 1, goes through:
    /// whenever a byte has changed. False if a process must not be stepped here.
    template <typename Body, typename Check>
    [[nodiscard]] bool each(Body const& body, Check const& check) {
        stepped_child stepped([&] {
            pages_.who(1).attach();
            body();
            return true;
        });
        if (!stepped.can_step()) return false;
        std::size_t n_states = 0;
        do {
            bool const changed = std::memcmp(before_.data(), pages_.where().base(), n_bytes_) != 0;
            if (!changed && n_states != 0) continue;
            take_image();
            check(image_, n_states++);
        } while (stepped.step());
        return true;
    }

  private:
    [[nodiscard]] std::span<participant_slot> slots() const {
        return image_.where().as<participant_slot>(detail::section_id::participants);
    }
    void take_image() {
        std::memcpy(before_.data(), pages_.where().base(), n_bytes_);
        std::memcpy(image_.where().base(), before_.data(), n_bytes_);
        auto& slot = slots()[1];
        slot.pid = dead_.pid;
        slot.start_time = dead_.start_time;
    }

    shared_pages const& pages_;
    shared_pages image_;
    std::size_t n_bytes_;
    std::vector<std::byte> before_;
    process_identity dead_;
};

} // namespace shmwin::test
