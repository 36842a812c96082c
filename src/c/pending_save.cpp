// SPDX-License-Identifier: MIT
#include "c/pending_save.hpp"

#ifdef SHMWIN_HAS_IO // else: without_io.cpp

#include "shmwin/io/checkpoint_store.hpp"

#include "c/checkpoint_told.hpp"
#include "c/filled.hpp"
#include "c/status.hpp"

using namespace shmwin::detail;

static_assert(static_cast<int>(shmwin::save_phase::writing) == SHMWIN_SAVE_WRITING
              && static_cast<int>(shmwin::save_phase::committing) == SHMWIN_SAVE_COMMITTING
              && static_cast<int>(shmwin::save_phase::done) == SHMWIN_SAVE_DONE
              && static_cast<int>(shmwin::save_phase::failed) == SHMWIN_SAVE_FAILED);

extern "C" {

int shmwin_pending_save_test(shmwin_pending_save const* pending, int* is_over) {
    return guard([&] { need(is_over, "is_over") = need(pending, "pending").is.test() ? 1 : 0; });
}

int shmwin_pending_save_wait(shmwin_pending_save* pending, shmwin_save_report** report) {
    return guard([&] {
        if (report != nullptr) *report = nullptr;
        auto done = need(pending, "pending").is.wait();
        if (report != nullptr) *report = told(std::move(done));
    });
}

int shmwin_pending_save_progress(shmwin_pending_save const* pending,
                                 shmwin_save_progress* progress) {
    return guard([&] {
        filled<shmwin_save_progress> told(progress, "progress", "SHMWIN_SAVE_PROGRESS_INIT");
        auto const now = need(pending, "pending").is.progress();
        told->phase = static_cast<int>(now.phase);
        told->n_bytes = now.n_bytes;
        told->n_bytes_done = now.n_bytes_done;
        told->seconds = now.seconds;
        told->bytes_per_second = now.bytes_per_second;
        told->seconds_left = now.seconds_left;
        told.give();
    });
}

void shmwin_pending_save_free_handle(shmwin_pending_save* pending) {
    delete pending;
}
}

#endif // SHMWIN_HAS_IO
