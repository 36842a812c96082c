// SPDX-License-Identifier: MIT
// Fail points: places in a save and a restore where a test lets something go wrong. Without
// SHMWIN_FAIL_POINTS, the CMake option of the test builds, nothing of them is compiled. With it:
//
//     SHMWIN_FAIL_POINT=before_rename=kill                 every rank that comes there
//     SHMWIN_FAIL_POINT=after_block@2#3=eio                rank 2, the third time
//     SHMWIN_FAIL_POINT=before_sign=delay:50,after_sign@0=kill
//
// in words NAME[@RANK][#OCCURRENCE]=ACTION, separated by commas. NAME is before_ or after_ a step
// of the list below. Actions, which never throw by themselves:
//
//     kill      SIGKILL to this process
//     delay:MS  sleeps
//     eio, enospc, fsync, short
//               the next call of this thread to the file system fails with EIO, with ENOSPC; its
//               next fsync fails with EIO; its next read or write moves half of the bytes. What
//               then happens is what happens when the kernel says so.
//
// A store reads the variable when it is opened, and counts from there.
//
// Layer: io.
#pragma once

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <system_error>
#include <type_traits>
#include <vector>

namespace shmwin::inline v1::detail {

enum class step : std::uint8_t {
    // opening a store
    lock,
    sweep,
    // a save
    prepare,
    space,
    create,
    close,
    blank,
    reserve,
    plan,
    payload,
    block,
    checksums,
    commit,
    record,
    sync_payload,
    sign,
    sync_signature,
    rename,
    sync_directory,
    retain,
    end_save,
    // a save_async, beside those: payload and commit are its thread's
    staging,
    stage,
    stage_block,
    start_thread,
    end_thread,
    // a save with .deflate, beside those
    compress,
    place_chunk,
    // a save with .incremental, beside those
    open_previous,
    try_share,
    share,
    // a restore
    list,
    structure,
    fit,
    objects,
    read_payload,
    read_block,
    end_restore,
    n_steps,
};

enum class moment : std::uint8_t { before, after };

enum class system_call : std::uint8_t { any, sync };

#ifdef SHMWIN_FAIL_POINTS

/// Local. Takes what the environment says, for this process as `rank`; counts anew.
/// @throws argument_error (invalid_argument)
void arm_fail_points(int rank);

/// Every NAME.
[[nodiscard]] std::vector<std::string> fail_point_names();

/// Local. Those that this process has come to since it was armed, in the order of all.
[[nodiscard]] std::vector<std::string> passed_fail_points();

/// Local. The first thread that comes there does this, once: in tests that must change the world in
/// the middle of a step. It must not throw.
void do_at_fail_point(step where, moment when, std::function<void()> what);

void fail_point(step where, moment when) noexcept;

/// True, with errno set, if the call that follows is to fail instead.
[[nodiscard]] bool is_to_fail(system_call which = system_call::any) noexcept;

/// The same, but leaves it to a later call.
[[nodiscard]] bool is_about_to_fail() noexcept;

/// How many of the bytes the call that follows is to move.
[[nodiscard]] std::size_t as_short_as_wanted(std::size_t n_bytes) noexcept;

#else

inline void arm_fail_points(int /*rank*/) noexcept {}
[[nodiscard]] inline std::vector<std::string> fail_point_names() {
    return {};
}
[[nodiscard]] inline std::vector<std::string> passed_fail_points() {
    return {};
}
inline void do_at_fail_point(step /*where*/, moment /*when*/, std::function<void()> /*what*/) {}
inline void fail_point(step /*where*/, moment /*when*/) noexcept {}
[[nodiscard]] constexpr bool is_to_fail(system_call /*which*/ = system_call::any) noexcept {
    return false;
}
[[nodiscard]] constexpr bool is_about_to_fail() noexcept {
    return false;
}
[[nodiscard]] constexpr std::size_t as_short_as_wanted(std::size_t n_bytes) noexcept {
    return n_bytes;
}

#endif

/// What a call of std::filesystem that follows is to fail with; success: it is to be made.
[[nodiscard]] inline std::error_code error_wanted() noexcept {
    return is_to_fail() ? std::error_code(errno, std::generic_category()) : std::error_code();
}

/// Local. Does a step, between its two fail points.
template <typename Step>
std::invoke_result_t<Step&> at(step where, Step&& doing) {
    fail_point(where, moment::before);
    if constexpr (std::is_void_v<std::invoke_result_t<Step&>>) {
        doing();
        fail_point(where, moment::after);
    } else {
        auto made = doing();
        fail_point(where, moment::after);
        return made;
    }
}

} // namespace shmwin::inline v1::detail
