// SPDX-License-Identifier: MIT
// What shmwin throws. Every exception derives from `error` and from the standard class that its
// kind of failure has, so both `catch (shmwin::error const&)` and `catch (std::bad_alloc const&)`
// work. Texts have the form "what (why, with values; the knob that helps)".
//
// Nothing in the headers throws by itself: all goes through raise(), so they compile with
// -fno-exceptions.
#pragma once

#include "shmwin/base/errc.hpp"
#include "shmwin/base/export.hpp"

#include <new>
#include <stdexcept>
#include <string>

namespace shmwin::inline v1 {

/// One failure, as it is reported on every rank that it concerns.
struct error_info {
    errc code = errc::ok;
    bool agreed = false; ///< all ranks of the call got the same error
    int rank = -1;       ///< the rank on which it happened; -1 if it is this one
    std::string text;
};

/// What all exceptions of shmwin have in common.
class SHMWIN_API error {
  public:
    explicit error(error_info info) : info_(std::move(info)) {}
    error(error const&) = default;
    error(error&&) = default;
    error& operator=(error const&) = default;
    error& operator=(error&&) = default;
    virtual ~error();

    [[nodiscard]] errc code() const noexcept { return info_.code; }
    /// True if every rank of the collective call threw this same error.
    [[nodiscard]] bool agreed() const noexcept { return info_.agreed; }
    /// The rank where it happened, in the communicator of the call; -1 if it is this rank.
    [[nodiscard]] int rank() const noexcept { return info_.rank; }
    [[nodiscard]] error_info const& info() const noexcept { return info_; }
    [[nodiscard]] virtual char const* what() const noexcept = 0;

  private:
    error_info info_;
};

// NOLINTBEGIN(cppcoreguidelines-special-member-functions): the destructors are declared only to
// give the type information one home (error.cpp); exceptions are copied as their members are.

/// The caller asked for something that cannot be: also a std::invalid_argument.
class SHMWIN_API argument_error : public std::invalid_argument, public error {
  public:
    explicit argument_error(error_info info);
    ~argument_error() override;
    [[nodiscard]] char const* what() const noexcept override { return info().text.c_str(); }
};

/// An index beyond its extent, or a value that a type cannot hold: also a std::out_of_range.
class SHMWIN_API out_of_range : public std::out_of_range, public error {
  public:
    explicit out_of_range(error_info info);
    ~out_of_range() override;
    [[nodiscard]] char const* what() const noexcept override { return info().text.c_str(); }
};

/// The segment or the system has no room: also a std::bad_alloc.
class SHMWIN_API out_of_memory : public std::bad_alloc, public error {
  public:
    explicit out_of_memory(error_info info);
    ~out_of_memory() override;
    [[nodiscard]] char const* what() const noexcept override { return info().text.c_str(); }
};

/// Anything that happens to a correct program at run time: also a std::runtime_error.
class SHMWIN_API runtime_failure : public std::runtime_error, public error {
  public:
    explicit runtime_failure(error_info info);
    ~runtime_failure() override;
    [[nodiscard]] char const* what() const noexcept override { return info().text.c_str(); }
};

/// Another rank threw, returned, exited or died; collective calls can no longer be met.
class SHMWIN_API peer_left : public runtime_failure {
  public:
    using runtime_failure::runtime_failure;
    ~peer_left() override;
};

/// A barrier, latch or condition can no longer be met; the text names the missing ranks.
class SHMWIN_API barrier_broken : public peer_left {
  public:
    using peer_left::peer_left;
    ~barrier_broken() override;
};

/// The holder of a lock died inside; what the lock guards may be half changed. The lock is not
/// held by whoever gets this.
class SHMWIN_API owner_died : public runtime_failure {
  public:
    using runtime_failure::runtime_failure;
    ~owner_died() override;
};
// NOLINTEND(cppcoreguidelines-special-member-functions)

/// Called with every error before it is thrown. If it returns, the error is thrown.
using error_handler = void (*)(error_info const&);

/// Local. Sets the handler, e.g. one that calls MPI_Abort in a host that has no exceptions;
/// nullptr for none. Returns the one before. Safe from any thread.
SHMWIN_API error_handler set_error_handler(error_handler handler) noexcept;

/// Local. Calls the error handler, then throws the class that belongs to `info.code`.
[[noreturn]] SHMWIN_API void raise(error_info info);

/// Local. raise() for an error of this rank alone.
[[noreturn]] SHMWIN_API void raise(errc code, std::string text);

} // namespace shmwin::inline v1
