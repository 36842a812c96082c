// SPDX-License-Identifier: MIT
#include "c/status.hpp"

#include "shmwin/base/errc.hpp"

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <new>
#include <string>

namespace shmwin::inline v1::detail {
namespace {

// The compiler names the code that is missing here: no default.
constexpr int status_of(errc code) noexcept { // NOLINT(readability-function-size): a table
    switch (code) {
    case errc::ok:
        return SHMWIN_SUCCESS;
    case errc::invalid_argument:
        return SHMWIN_ERR_INVALID_ARGUMENT;
    case errc::not_found:
        return SHMWIN_ERR_NOT_FOUND;
    case errc::already_exists:
        return SHMWIN_ERR_ALREADY_EXISTS;
    case errc::type_mismatch:
        return SHMWIN_ERR_TYPE_MISMATCH;
    case errc::shape_mismatch:
        return SHMWIN_ERR_SHAPE_MISMATCH;
    case errc::out_of_memory:
        return SHMWIN_ERR_OUT_OF_MEMORY;
    case errc::no_space:
        return SHMWIN_ERR_NO_SPACE;
    case errc::not_shared:
        return SHMWIN_ERR_NOT_SHARED;
    case errc::disagreement:
        return SHMWIN_ERR_DISAGREEMENT;
    case errc::peer_left:
        return SHMWIN_ERR_PEER_LEFT;
    case errc::owner_died:
        return SHMWIN_ERR_OWNER_DIED;
    case errc::not_recoverable:
        return SHMWIN_ERR_NOT_RECOVERABLE;
    case errc::timed_out:
        return SHMWIN_ERR_TIMED_OUT;
    case errc::closed:
        return SHMWIN_ERR_CLOSED;
    case errc::corrupted:
        return SHMWIN_ERR_CORRUPTED;
    case errc::bad_pointer:
        return SHMWIN_ERR_BAD_POINTER;
    case errc::layout_mismatch:
        return SHMWIN_ERR_LAYOUT_MISMATCH;
    case errc::mpi_failure:
        return SHMWIN_ERR_MPI_FAILURE;
    case errc::system_failure:
        return SHMWIN_ERR_SYSTEM_FAILURE;
    case errc::io_failure:
        return SHMWIN_ERR_IO_FAILURE;
    case errc::not_a_checkpoint:
        return SHMWIN_ERR_NOT_A_CHECKPOINT;
    case errc::damaged:
        return SHMWIN_ERR_DAMAGED;
    case errc::busy:
        return SHMWIN_ERR_BUSY;
    case errc::unsupported:
        return SHMWIN_ERR_UNSUPPORTED;
    case errc::out_of_range:
        return SHMWIN_ERR_OUT_OF_RANGE;
    case errc::barrier_broken:
        return SHMWIN_ERR_BARRIER_BROKEN;
    case errc::would_deadlock:
        return SHMWIN_ERR_WOULD_DEADLOCK;
    case errc::data_race:
        return SHMWIN_ERR_DATA_RACE;
    }
    return -1;
}

// The codes are the same numbers.
constexpr bool are_equal() noexcept {
    for (int i = 0; i <= SHMWIN_ERR_DATA_RACE; ++i) {
        if (status_of(static_cast<errc>(i)) != i) return false;
    }
    return status_of(static_cast<errc>(SHMWIN_ERR_DATA_RACE + 1)) == -1;
}
static_assert(are_equal(), "the status codes of C are those of errc");

struct last_error {
    int status = SHMWIN_SUCCESS;
    int rank = -1;
    bool agreed = false;
    char const* short_text = ""; ///< if there was no memory for a copy
    std::string text;
};

// NOLINTBEGIN(cppcoreguidelines-avoid-non-const-global-variables): states of a thread, a process
thread_local last_error last;
constinit thread_local source_line line_of_calls{};
constinit std::atomic<shmwin_error_handler> handler_in_c{nullptr};
// NOLINTEND(cppcoreguidelines-avoid-non-const-global-variables)

int note(errc code, int rank, bool agreed, std::string_view text, char const* short_text) noexcept {
    last.status = status_of(code);
    last.rank = rank;
    last.agreed = agreed;
    last.short_text = short_text;
    try {
        last.text = text;
    } catch (std::bad_alloc const&) {
        last.text.clear();
    }
    return last.status;
}

void call_handler(error_info const& info) {
    auto* const handler = handler_in_c.load();
    if (handler == nullptr) return;
    shmwin_error_info const told{
        sizeof told, status_of(info.code), info.agreed ? 1 : 0, info.rank, info.text.c_str()};
    handler(&told);
}

} // namespace

int note_failure() noexcept {
    try {
        throw;
    } catch (error const& thrown) {
        auto const& info = thrown.info();
        return note(info.code, info.rank, info.agreed, info.text, name(info.code));
    } catch (std::bad_alloc const&) {
        return note(errc::no_space, -1, false, {}, "this process has no memory (std::bad_alloc)");
    } catch (std::exception const& thrown) {
        return note(errc::system_failure, -1, false, thrown.what(), "an exception of C++");
    } catch (...) {
        return note(errc::system_failure, -1, false, {}, "an exception of unknown type");
    }
}

int note_timed_out(std::string_view call) noexcept {
    try {
        return note(errc::timed_out,
                    -1,
                    false,
                    std::string(call) + " has timed out (its deadline passed)",
                    "timed out");
    } catch (std::bad_alloc const&) {
        return note(errc::timed_out, -1, false, {}, "timed out");
    }
}

int note_status(error_info const& info) noexcept {
    return note(info.code, info.rank, info.agreed, info.text, name(info.code));
}

source_line call_line() noexcept {
    return line_of_calls;
}

call_scope::~call_scope() {
    line_of_calls = {};
}

char* new_text(std::string_view text) {
    auto* const made = static_cast<char*>(std::malloc(text.size() + 1));
    if (made == nullptr) throw std::bad_alloc();
    std::memcpy(made, text.data(), text.size());
    made[text.size()] = '\0';
    return made;
}

} // namespace shmwin::inline v1::detail

using namespace shmwin::detail;

extern "C" {

int shmwin_abi_version() {
    return SHMWIN_ABI_VERSION;
}

char const* shmwin_version() {
    return SHMWIN_VERSION;
}

char const* shmwin_status_name(int status) {
    return shmwin::name(static_cast<shmwin::errc>(status));
}

char const* shmwin_last_error() {
    return last.text.empty() ? last.short_text : last.text.c_str();
}

int shmwin_last_error_status() {
    return last.status;
}

int shmwin_last_error_rank() {
    return last.rank;
}

int shmwin_last_error_is_agreed() {
    return last.agreed ? 1 : 0;
}

shmwin_error_handler shmwin_set_error_handler(shmwin_error_handler handler) {
    auto* const before = handler_in_c.exchange(handler);
    // A handler of C++ stays until one of C comes, and goes with it.
    if (handler != nullptr) {
        shmwin::set_error_handler(&call_handler);
    } else if (before != nullptr) {
        shmwin::set_error_handler(nullptr);
    }
    return before;
}

void shmwin_set_call_line(char const* file, unsigned line) {
    line_of_calls = file == nullptr ? shmwin::source_line{} : shmwin::source_line{file, line};
}

void shmwin_text_free(char* text) {
    std::free(text);
}
}
