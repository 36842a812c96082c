// SPDX-License-Identifier: MIT
// Stores that fault, and the address at which they do.
#pragma once

#include <csetjmp>
#include <csignal>

namespace shmwin::test {

// NOLINTBEGIN(cppcoreguidelines-avoid-non-const-global-variables): a handler reaches nothing else
inline sigjmp_buf before_fault;
inline void* volatile fault_address = nullptr;
// NOLINTEND(cppcoreguidelines-avoid-non-const-global-variables)

extern "C" inline void note_fault(int /*signal*/, siginfo_t* info, void* /*context*/) {
    fault_address = info->si_addr;
    siglongjmp(before_fault, 1); // NOLINT(cert-err52-cpp): the store cannot be gone on with
}

/// Stores to `where`. The address of the fault, or nullptr if there was none.
template <typename T>
[[nodiscard]] void* fault_of_store(T* where, T value) {
    struct sigaction action {};
    struct sigaction before {};
    action.sa_sigaction = &note_fault;
    action.sa_flags = SA_SIGINFO;
    sigaction(SIGSEGV, &action, &before);
    fault_address = nullptr;
    // NOLINTNEXTLINE(cert-err52-cpp): no object's lifetime begins between here and the store
    if (sigsetjmp(before_fault, 1) == 0) *static_cast<T volatile*>(where) = value;
    sigaction(SIGSEGV, &before, nullptr);
    return fault_address;
}

} // namespace shmwin::test
