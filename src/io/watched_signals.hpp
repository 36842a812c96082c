// SPDX-License-Identifier: MIT
// watched_signals: which signals came, without being killed by them. The handler counts, then
// calls the one of before it, with the arguments that it expects; SIG_DFL and SIG_IGN are not
// called: to live on is the purpose. Several may watch the same signal. When the last one ends, the
// handler of before comes back; if somebody else has put another one in front of ours meanwhile,
// ours stays where it is, for that one may call it.
//
// Layer: io. No MPI, no HDF5.
#pragma once

#include <cstdint>
#include <vector>

namespace shmwin::inline v1::detail {

/// Process-local. Of one thread at a time; the signals may come at any.
class watched_signals {
  public:
    watched_signals() = default;
    /// Installs the handlers. SA_RESTART, on the alternate stack if there is one.
    /// @throws runtime_failure (system_failure)  a signal that the system keeps for itself
    explicit watched_signals(std::vector<int> const& signals);
    watched_signals(watched_signals&& other) noexcept;
    watched_signals& operator=(watched_signals&& other) noexcept;
    watched_signals(watched_signals const&) = delete;
    watched_signals& operator=(watched_signals const&) = delete;
    ~watched_signals();

    /// Those that came since the last call, or since they are watched: bit (number - 1) of each.
    [[nodiscard]] std::uint64_t take() noexcept;

  private:
    struct watch {
        int signal;
        std::uint32_t n_seen;
    };
    std::vector<watch> all_;
    std::uint32_t n_seen_ = 0; ///< of all signals
};

} // namespace shmwin::inline v1::detail
