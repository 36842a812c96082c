// SPDX-License-Identifier: MIT
#include "shmwin/base/error.hpp"

#include "shmwin/base/quiet_errors.hpp"

#include <atomic>
#include <utility>

namespace shmwin::inline v1 {
namespace {

// NOLINTNEXTLINE(cppcoreguidelines-avoid-non-const-global-variables): one handler a process
constinit std::atomic<error_handler> current_handler{nullptr};
// NOLINTNEXTLINE(cppcoreguidelines-avoid-non-const-global-variables): a state of the thread
constinit thread_local bool is_quiet = false;

} // namespace

// The destructors stand here so that the type information has one home: exceptions that cross
// the library's border are then caught by their type.
error::~error() = default;
argument_error::~argument_error() = default;
out_of_range::~out_of_range() = default;
out_of_memory::~out_of_memory() = default;
runtime_failure::~runtime_failure() = default;
peer_left::~peer_left() = default;
barrier_broken::~barrier_broken() = default;
owner_died::~owner_died() = default;

argument_error::argument_error(error_info info)
    : std::invalid_argument(info.text), error(std::move(info)) {}
out_of_range::out_of_range(error_info info)
    : std::out_of_range(info.text), error(std::move(info)) {}
out_of_memory::out_of_memory(error_info info) : error(std::move(info)) {}
runtime_failure::runtime_failure(error_info info)
    : std::runtime_error(info.text), error(std::move(info)) {}

detail::quiet_errors::quiet_errors() noexcept : before_(std::exchange(is_quiet, true)) {}
detail::quiet_errors::~quiet_errors() {
    is_quiet = before_;
}

error_handler set_error_handler(error_handler handler) noexcept {
    return current_handler.exchange(handler);
}

void raise(error_info info) {
    auto* const handler = is_quiet ? nullptr : current_handler.load();
    if (handler != nullptr) handler(info);
    switch (info.code) {
    case errc::invalid_argument:
    case errc::not_found:
    case errc::already_exists:
    case errc::type_mismatch:
    case errc::shape_mismatch:
    case errc::bad_pointer:
        throw argument_error(std::move(info));
    case errc::out_of_range:
        throw out_of_range(std::move(info));
    case errc::out_of_memory:
    case errc::no_space:
        throw out_of_memory(std::move(info));
    case errc::peer_left:
        throw peer_left(std::move(info));
    case errc::barrier_broken:
        throw barrier_broken(std::move(info));
    case errc::owner_died:
        throw owner_died(std::move(info));
    case errc::ok:
    case errc::not_shared:
    case errc::disagreement:
    case errc::not_recoverable:
    case errc::timed_out:
    case errc::closed:
    case errc::corrupted:
    case errc::layout_mismatch:
    case errc::mpi_failure:
    case errc::system_failure:
    case errc::io_failure:
    case errc::not_a_checkpoint:
    case errc::damaged:
    case errc::busy:
    case errc::unsupported:
    case errc::would_deadlock:
    case errc::data_race:
        break;
    }
    throw runtime_failure(std::move(info));
}

void raise(errc code, std::string text) {
    raise(error_info{code, false, -1, std::move(text)});
}

// NOLINTNEXTLINE(readability-function-size): a table
char const* name(errc code) noexcept {
    switch (code) {
    case errc::ok:
        return "ok";
    case errc::invalid_argument:
        return "invalid_argument";
    case errc::not_found:
        return "not_found";
    case errc::already_exists:
        return "already_exists";
    case errc::type_mismatch:
        return "type_mismatch";
    case errc::shape_mismatch:
        return "shape_mismatch";
    case errc::out_of_memory:
        return "out_of_memory";
    case errc::no_space:
        return "no_space";
    case errc::not_shared:
        return "not_shared";
    case errc::disagreement:
        return "disagreement";
    case errc::peer_left:
        return "peer_left";
    case errc::owner_died:
        return "owner_died";
    case errc::not_recoverable:
        return "not_recoverable";
    case errc::timed_out:
        return "timed_out";
    case errc::closed:
        return "closed";
    case errc::corrupted:
        return "corrupted";
    case errc::bad_pointer:
        return "bad_pointer";
    case errc::layout_mismatch:
        return "layout_mismatch";
    case errc::mpi_failure:
        return "mpi_failure";
    case errc::system_failure:
        return "system_failure";
    case errc::io_failure:
        return "io_failure";
    case errc::not_a_checkpoint:
        return "not_a_checkpoint";
    case errc::damaged:
        return "damaged";
    case errc::busy:
        return "busy";
    case errc::unsupported:
        return "unsupported";
    case errc::out_of_range:
        return "out_of_range";
    case errc::barrier_broken:
        return "barrier_broken";
    case errc::would_deadlock:
        return "would_deadlock";
    case errc::data_race:
        return "data_race";
    }
    return "unknown";
}

} // namespace shmwin::inline v1
