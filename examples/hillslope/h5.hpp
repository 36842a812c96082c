// SPDX-License-Identifier: MIT
// An HDF5 identifier that is closed at the end of its scope.
#pragma once

#include "shmwin/base/error.hpp"

#include <hdf5.h>

#include <string>

namespace hillslope {

class h5 {
  public:
    using closer = herr_t (*)(hid_t);

    /// @param id    what an HDF5 call returned
    /// @param what  becomes the error's text if that call failed
    h5(hid_t id, closer close, std::string const& what) : id_(id), close_(close) {
        if (id < 0) shmwin::raise(shmwin::errc::io_failure, what);
    }
    h5(h5 const&) = delete;
    h5& operator=(h5 const&) = delete;
    ~h5() { close_(id_); }

    // NOLINTNEXTLINE(google-explicit-constructor): it is used as the identifier
    operator hid_t() const noexcept { return id_; }

  private:
    hid_t id_;
    closer close_;
};

/// Raises if an HDF5 call failed.
inline void h5_check(herr_t status, std::string const& what) {
    if (status < 0) shmwin::raise(shmwin::errc::io_failure, what);
}

} // namespace hillslope
