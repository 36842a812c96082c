// SPDX-License-Identifier: MIT
// quiet_errors: errors of a thread that works behind the caller's back. Its errors reach the host
// later, where it waits; a handler that calls MPI_Abort must not be run in that thread.
//
// Layer: base.
#pragma once

#include "shmwin/base/export.hpp"

namespace shmwin::inline v1::detail {

/// While one lives, raise() does not call the error handler in this thread.
class SHMWIN_API quiet_errors {
  public:
    quiet_errors() noexcept;
    quiet_errors(quiet_errors const&) = delete;
    quiet_errors(quiet_errors&&) = delete;
    quiet_errors& operator=(quiet_errors const&) = delete;
    quiet_errors& operator=(quiet_errors&&) = delete;
    ~quiet_errors();

  private:
    bool before_;
};

} // namespace shmwin::inline v1::detail
