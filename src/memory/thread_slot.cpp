// SPDX-License-Identifier: MIT
#include "memory/thread_slot.hpp"

#include <cerrno>
#include <pthread.h>
#include <signal.h> // NOLINT(modernize-deprecated-headers): POSIX's, with kill()
#include <sys/syscall.h>
#include <unistd.h>

namespace shmwin::inline v1::detail {

// NOLINTNEXTLINE(*-avoid-non-const-global-variables): see the header
constinit thread_local thread_slot_cache my_slot;

namespace {

constexpr std::uint32_t calls_without_a_look = 1024;

// The child of a fork is another process: it must not go on with its parent's slot.
void forget_after_fork() noexcept {
    my_slot = {};
}

std::uint64_t this_user() noexcept {
    static int const registered = ::pthread_atfork(nullptr, nullptr, forget_after_fork);
    static_cast<void>(registered);
    auto const process = static_cast<std::uint64_t>(::getpid());
    return process << 32U | static_cast<std::uint64_t>(::syscall(SYS_gettid));
}

enum class ended : std::uint8_t { no, thread, process };

ended has_ended(std::uint64_t user) noexcept {
    auto const process = static_cast<pid_t>(user >> 32U);
    auto const thread = static_cast<pid_t>(user & 0xffff'ffffU);
    if (process == ::getpid()) {
        bool const gone = ::syscall(SYS_tgkill, process, thread, 0) != 0 && errno == ESRCH;
        return gone ? ended::thread : ended::no;
    }
    return ::kill(process, 0) != 0 && errno == ESRCH ? ended::process : ended::no;
}

bool take(heap_slot& slot, std::uint64_t me, bool& taken_over) noexcept {
    auto user = slot.user.load(std::memory_order_acquire);
    if (user == me) return true;
    auto const how = user == 0 ? ended::thread : has_ended(user);
    if (how == ended::no || !slot.user.compare_exchange_strong(user, me)) return false;
#if defined(__SANITIZE_THREAD__)
    __tsan_acquire(&slot);
#endif
    taken_over = how == ended::process;
    return true;
}

} // namespace

bool borrow_slot(heap_slot& slot, bool& taken_over) noexcept {
    auto const me = this_user();
    auto const user = slot.user.load();
    return user != me && take(slot, me, taken_over);
}

namespace {

// A slot that is the thread's already, or any that it can take; null if there is none.
heap_slot* look_for_slot(region const& where,
                         rank_slots const& slots,
                         std::uint64_t me,
                         bool mine_only,
                         bool& taken_over) {
    for (std::uint32_t k = 0; k < slots.n_own; ++k) {
        auto& each = slots[k];
        auto const offset = where.offset_of(&each);
        if (mine_only && !where.has_metadata(offset))
            return nullptr; // nor were those behind it used
        where.ensure_metadata(offset, heap_slot_bytes);
        if (mine_only && each.user.load(std::memory_order_relaxed) != me) continue;
        if (!take(each, me, taken_over)) continue;
        my_slot = {slots.heap, &each, me, slots.first_number + k, 0, 0};
        return &each;
    }
    return nullptr;
}

} // namespace

heap_slot* find_thread_slot(region const& where, rank_slots const& slots, bool& taken_over) {
    auto const me = my_slot.user != 0 ? my_slot.user : this_user();
    bool const known = my_slot.none_of == slots.heap;
    if (known && --my_slot.patience > 0) return nullptr;
    if (auto* const mine = look_for_slot(where, slots, me, true, taken_over)) return mine;
    if (auto* const mine = look_for_slot(where, slots, me, false, taken_over)) return mine;
    my_slot = {0, nullptr, me, 0, calls_without_a_look, slots.heap};
    return nullptr;
}

} // namespace shmwin::inline v1::detail
