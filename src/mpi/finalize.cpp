// SPDX-License-Identifier: MIT
#include "shmwin/mpi/finalize.hpp"

#include "shmwin/mpi/error.hpp"
#include "shmwin/sync/fork_count.hpp"

#include <mpi.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <mutex>
#include <utility>
#include <vector>

namespace shmwin::inline v1::detail {
namespace {

// The one piece of process-wide state: MPI_Finalize and exit are process-wide too. Never
// destroyed, so that it can be used from exit handlers and destructors of statics.
struct registry {
    std::mutex mutex;
    std::vector<std::shared_ptr<finalizable>> open;
    std::atomic<bool> hooked{false};
    maker_process made_by; ///< set when it is hooked
};

registry& the_registry() {
    static auto* const made = new registry; // NOLINT(*-owning-memory,*-non-const-global-*): above
    return *made;
}

// What is open here was opened by the rank, and is the rank's to end.
bool in_forked_child() {
    return the_registry().hooked && the_registry().made_by.is_forked_child();
}

std::vector<std::shared_ptr<finalizable>> take_all() {
    if (in_forked_child()) return {};
    std::scoped_lock const hold(the_registry().mutex);
    return std::exchange(the_registry().open, {});
}

int on_finalize(MPI_Comm /*self*/, int keyval, void* /*value*/, void* /*extra*/) {
    auto const all = take_all();
    for (auto const& each : all) {
        each->at_exit(); // first: whoever waits for this rank elsewhere must come here too
    }
    for (auto const& each : all) {
        each->at_finalize();
    }
    MPI_Comm_free_keyval(&keyval);
    return MPI_SUCCESS;
}

void on_exit() {
    for (auto const& each : take_all()) {
        each->at_exit();
    }
}

void hook_into_mpi() {
    int keyval = MPI_KEYVAL_INVALID;
    check_mpi("MPI_Comm_create_keyval",
              MPI_Comm_create_keyval(MPI_COMM_NULL_COPY_FN, on_finalize, &keyval, nullptr));
    check_mpi("MPI_Comm_set_attr", MPI_Comm_set_attr(MPI_COMM_SELF, keyval, nullptr));
    static_cast<void>(std::atexit(on_exit));
}

} // namespace

void join_finalize(std::shared_ptr<finalizable> what) {
    std::scoped_lock const hold(the_registry().mutex);
    if (!the_registry().hooked) {
        hook_into_mpi();
        the_registry().made_by = {};
        the_registry().hooked = true;
    }
    the_registry().open.push_back(std::move(what));
}

void leave_finalize(finalizable const* what) noexcept {
    std::shared_ptr<finalizable> last; // its destructor runs after the lock is given back
    std::scoped_lock const hold(the_registry().mutex);
    auto& open = the_registry().open;
    auto const found = std::ranges::find(open, what, [](auto const& each) { return each.get(); });
    if (found == open.end()) return;
    last = std::move(*found);
    open.erase(found);
}

bool mpi_is_up() noexcept {
    int begun = 0;
    int ended = 0;
    MPI_Initialized(&begun);
    MPI_Finalized(&ended);
    return begun != 0 && ended == 0 && !in_forked_child();
}

} // namespace shmwin::inline v1::detail
