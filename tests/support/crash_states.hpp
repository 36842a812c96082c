// SPDX-License-Identifier: MIT
// Every state of a segment in which a process could have died: a child is stepped through a call,
// instruction by instruction, and each time a byte of the segment has changed, the segment is
// copied to another one in which that child is dead.
#pragma once

#include "support/shared_pages.hpp"

#include <cstring>
#include <sys/ptrace.h>

namespace shmwin::test {

/// A segment and its copies. Rank 1 is the one that dies; rank 0 finds what it left.
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

    /// Calls check(image, i) for the i-th state that `body`, in a child as rank 1, goes through;
    /// the last one is that after it. False if a process must not be stepped here.
    template <typename Body, typename Check>
    [[nodiscard]] bool each(Body const& body, Check const& check) {
        child const stepped([&] {
            pages_.who(1).attach();
            if (::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) return false;
            ::raise(SIGSTOP);
            body();
            ::raise(SIGSTOP);
            return true;
        });
        int status = 0;
        ::waitpid(stepped.pid(), &status, 0);
        if (!WIFSTOPPED(status)) return false;
        std::size_t n_states = 0;
        do {
            if (std::memcmp(before_.data(), pages_.where().base(), n_bytes_) != 0
                || n_states == 0) {
                take_image();
                check(image_, n_states++);
            }
            if (::ptrace(PTRACE_SINGLESTEP, stepped.pid(), nullptr, nullptr) != 0) return false;
            ::waitpid(stepped.pid(), &status, 0);
        } while (WIFSTOPPED(status) && WSTOPSIG(status) == SIGTRAP);
        return true; // it stopped itself again
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
