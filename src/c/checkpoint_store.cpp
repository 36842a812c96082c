// SPDX-License-Identifier: MIT
#include "shmwin/io/checkpoint_store.hpp"

#include "shmwin/c/checkpoint.h"

#ifdef SHMWIN_HAS_IO // else: without_io.cpp

#include "c/checkpoint_options.hpp"
#include "c/checkpoint_told.hpp"
#include "c/filled.hpp"
#include "c/handles.hpp"
#include "c/pending_save.hpp"

#include <filesystem>
#include <memory>
#include <utility>

// NOLINTNEXTLINE(readability-identifier-naming): the name of the C interface
struct shmwin_checkpoint_store {
    shmwin::checkpoint_store is;
};

using namespace shmwin::detail;

namespace {

shmwin::checkpoint_store& need_store(shmwin_checkpoint_store* store) {
    return need(store, "store").is;
}

std::filesystem::path need_path(char const* file, char const* what) {
    return need_text(file, what);
}

// Where something is told, if it is asked for.
template <typename Told, typename Known>
void tell(Told** out, Known&& known) {
    if (out != nullptr) *out = told(std::forward<Known>(known));
}

template <typename Told, typename F>
int tell_if_asked(Told** out, F const& ask) {
    return guard([&] {
        if (out != nullptr) *out = nullptr;
        tell(out, ask());
    });
}

template <typename Told, typename F>
int tell_always(Told** out, char const* what, F const& ask) {
    return guard([&] {
        need(out, what) = nullptr;
        tell(out, ask());
    });
}

// What may be none: NULL.
template <typename F>
int tell_found(shmwin_checkpoint_info** info, F const& ask) {
    return guard([&] {
        need(info, "info") = nullptr;
        if (auto found = ask()) tell(info, *std::move(found));
    });
}

// The numbers of C++'s enumeration are those of the header of C.
static_assert(static_cast<int>(shmwin::due_kind::no) == SHMWIN_DUE_NO
              && static_cast<int>(shmwin::due_kind::steps) == SHMWIN_DUE_STEPS
              && static_cast<int>(shmwin::due_kind::time) == SHMWIN_DUE_TIME
              && static_cast<int>(shmwin::due_kind::overhead) == SHMWIN_DUE_OVERHEAD
              && static_cast<int>(shmwin::due_kind::failure_interval) == SHMWIN_DUE_FAILURE_INTERVAL
              && static_cast<int>(shmwin::due_kind::wall_clock) == SHMWIN_DUE_WALL_CLOCK
              && static_cast<int>(shmwin::due_kind::signal) == SHMWIN_DUE_SIGNAL);

} // namespace

extern "C" {

int shmwin_checkpoint_store_open(MPI_Comm comm,
                                 char const* path,
                                 shmwin_checkpoint_options const* options,
                                 shmwin_checkpoint_store** store) {
    return guard([&] {
        need(store, "store") = nullptr;
        shmwin::checkpoint_store opened(comm, need_path(path, "path"), asked_of(options));
        *store =
            std::make_unique<shmwin_checkpoint_store>(shmwin_checkpoint_store{std::move(opened)})
                .release();
    });
}

int shmwin_checkpoint_store_open_f(int fortran_comm,
                                   char const* path,
                                   shmwin_checkpoint_options const* options,
                                   shmwin_checkpoint_store** store) {
    return shmwin_checkpoint_store_open(MPI_Comm_f2c(fortran_comm), path, options, store);
}

void shmwin_checkpoint_store_close(shmwin_checkpoint_store* store) {
    delete store;
}

int shmwin_checkpoint_store_save(shmwin_checkpoint_store* store,
                                 shmwin_segment* segment,
                                 shmwin_checkpoint_label const* label,
                                 shmwin_save_report** report) {
    return tell_if_asked(report, [&] {
        return need_store(store).save(whole_of(segment), asked_of(label), call_line());
    });
}

int shmwin_checkpoint_store_save_async(shmwin_checkpoint_store* store,
                                       shmwin_segment* segment,
                                       shmwin_checkpoint_label const* label,
                                       shmwin_pending_save** pending) {
    return guard([&] {
        if (pending != nullptr) *pending = nullptr;
        auto made = std::make_unique<shmwin_pending_save>();
        made->is = need_store(store).save_async(whole_of(segment), asked_of(label), call_line());
        if (pending != nullptr) *pending = made.release();
    });
}

int shmwin_checkpoint_store_restore_latest(shmwin_checkpoint_store* store,
                                           shmwin_segment* segment,
                                           shmwin_restore_options const* options,
                                           shmwin_checkpoint_info** info) {
    return tell_found(info, [&] {
        return need_store(store).restore_latest(whole_of(segment), asked_of(options), call_line());
    });
}

int shmwin_checkpoint_store_restore(shmwin_checkpoint_store* store,
                                    shmwin_segment* segment,
                                    char const* file,
                                    shmwin_restore_options const* options,
                                    shmwin_checkpoint_info** info) {
    return tell_if_asked(info, [&] {
        return need_store(store).restore(
            whole_of(segment), need_path(file, "file"), asked_of(options), call_line());
    });
}

int shmwin_checkpoint_store_due(shmwin_checkpoint_store* store, int64_t step, shmwin_due* due) {
    return guard([&] {
        filled<shmwin_due> told(due, "due", "SHMWIN_DUE_INIT");
        auto const why = need_store(store).due(step, call_line());
        told->kind = static_cast<int>(why.kind());
        told->stop = why.stop() ? 1 : 0;
        told->signal = why.signal();
        told.give();
    });
}

int shmwin_due_text(shmwin_due const* due, char** text) {
    return guard([&] {
        need(text, "text") = nullptr;
        auto const& given = need(due, "due");
        if (given.kind < SHMWIN_DUE_NO || given.kind > SHMWIN_DUE_SIGNAL) {
            shmwin::raise(shmwin::errc::invalid_argument,
                          "reason is none of enum shmwin_due_kind (" + std::to_string(given.kind)
                              + ")");
        }
        shmwin::due_reason const why(static_cast<shmwin::due_kind>(given.kind), given.signal);
        *text = new_text(why.text());
    });
}

int shmwin_checkpoint_store_latest(shmwin_checkpoint_store* store, shmwin_checkpoint_info** info) {
    return tell_found(info, [&] { return need_store(store).latest(); });
}

int shmwin_checkpoint_store_list(shmwin_checkpoint_store* store, shmwin_file_list** list) {
    return tell_always(list, "list", [&] { return need_store(store).list(); });
}

int shmwin_checkpoint_store_verify(shmwin_checkpoint_store* store,
                                   char const* file,
                                   shmwin_verify_report** report) {
    return tell_always(
        report, "report", [&] { return need_store(store).verify(need_path(file, "file")); });
}

int shmwin_checkpoint_store_pin(shmwin_checkpoint_store* store, char const* file) {
    return guard([&] { need_store(store).pin(need_path(file, "file")); });
}

int shmwin_checkpoint_store_unpin(shmwin_checkpoint_store* store, char const* file) {
    return guard([&] { need_store(store).unpin(need_path(file, "file")); });
}

int shmwin_checkpoint_store_pinned(shmwin_checkpoint_store* store, shmwin_file_list** list) {
    return tell_always(list, "list", [&] { return need_store(store).pinned(); });
}

int shmwin_checkpoint_store_discard_after(shmwin_checkpoint_store* store,
                                          int64_t step,
                                          shmwin_file_list** removed) {
    return tell_if_asked(removed, [&] { return need_store(store).discard_after(step); });
}
}

#endif // SHMWIN_HAS_IO
