// SPDX-License-Identifier: MIT
// The functions of files in a library that was built without HDF5: programs link, and are
// told.
#ifndef SHMWIN_HAS_IO

#include "shmwin/base/error.hpp"
#include "shmwin/c/checkpoint.h"
#include "shmwin/c/dataset.h"

#include "c/status.hpp"

#include <cstdint>
#include <string>

using namespace shmwin::detail;

namespace {

// Results are null, as of every function that fails.
template <typename... Results>
int unsupported(char const* call, Results**... results) {
    return guard([&] {
        ((results == nullptr ? void() : void(*results = nullptr)), ...);
        shmwin::raise(shmwin::errc::unsupported,
                      std::string(call)
                          + " is not in this library (it was built without component io; "
                            "configure it with -DSHMWIN_IO=ON, which says what is missing)");
    });
}

} // namespace

extern "C" {

int shmwin_checkpoint_store_open(MPI_Comm /*comm*/,
                                 char const* /*path*/,
                                 shmwin_checkpoint_options const* /*options*/,
                                 shmwin_checkpoint_store** store) {
    return unsupported("shmwin_checkpoint_store_open", store);
}

int shmwin_checkpoint_store_open_f(int /*fortran_comm*/,
                                   char const* /*path*/,
                                   shmwin_checkpoint_options const* /*options*/,
                                   shmwin_checkpoint_store** store) {
    return unsupported("shmwin_checkpoint_store_open_f", store);
}

void shmwin_checkpoint_store_close(shmwin_checkpoint_store* /*store*/) {}

int shmwin_checkpoint_store_save(shmwin_checkpoint_store* /*store*/,
                                 shmwin_segment* /*segment*/,
                                 shmwin_checkpoint_label const* /*label*/,
                                 shmwin_save_report** report) {
    return unsupported("shmwin_checkpoint_store_save", report);
}

int shmwin_checkpoint_store_save_async(shmwin_checkpoint_store* /*store*/,
                                       shmwin_segment* /*segment*/,
                                       shmwin_checkpoint_label const* /*label*/,
                                       shmwin_pending_save** pending) {
    return unsupported("shmwin_checkpoint_store_save_async", pending);
}

int shmwin_pending_save_test(shmwin_pending_save const* /*pending*/, int* /*is_over*/) {
    return unsupported("shmwin_pending_save_test");
}

int shmwin_pending_save_wait(shmwin_pending_save* /*pending*/, shmwin_save_report** report) {
    return unsupported("shmwin_pending_save_wait", report);
}

int shmwin_pending_save_progress(shmwin_pending_save const* /*pending*/,
                                 shmwin_save_progress* /*progress*/) {
    return unsupported("shmwin_pending_save_progress");
}

void shmwin_pending_save_free_handle(shmwin_pending_save* /*pending*/) {}

int shmwin_checkpoint_store_restore_latest(shmwin_checkpoint_store* /*store*/,
                                           shmwin_segment* /*segment*/,
                                           shmwin_restore_options const* /*options*/,
                                           shmwin_checkpoint_info** info) {
    return unsupported("shmwin_checkpoint_store_restore_latest", info);
}

int shmwin_checkpoint_store_restore(shmwin_checkpoint_store* /*store*/,
                                    shmwin_segment* /*segment*/,
                                    char const* /*file*/,
                                    shmwin_restore_options const* /*options*/,
                                    shmwin_checkpoint_info** info) {
    return unsupported("shmwin_checkpoint_store_restore", info);
}

int shmwin_checkpoint_store_due(shmwin_checkpoint_store* /*store*/,
                                int64_t /*step*/,
                                shmwin_due* /*due*/) {
    return unsupported("shmwin_checkpoint_store_due");
}

int shmwin_due_text(shmwin_due const* /*due*/, char** text) {
    return unsupported("shmwin_due_text", text);
}

int shmwin_checkpoint_store_latest(shmwin_checkpoint_store* /*store*/,
                                   shmwin_checkpoint_info** info) {
    return unsupported("shmwin_checkpoint_store_latest", info);
}

int shmwin_checkpoint_store_list(shmwin_checkpoint_store* /*store*/, shmwin_file_list** list) {
    return unsupported("shmwin_checkpoint_store_list", list);
}

int shmwin_checkpoint_store_verify(shmwin_checkpoint_store* /*store*/,
                                   char const* /*file*/,
                                   shmwin_verify_report** report) {
    return unsupported("shmwin_checkpoint_store_verify", report);
}

int shmwin_checkpoint_store_pin(shmwin_checkpoint_store* /*store*/, char const* /*file*/) {
    return unsupported("shmwin_checkpoint_store_pin");
}

int shmwin_checkpoint_store_unpin(shmwin_checkpoint_store* /*store*/, char const* /*file*/) {
    return unsupported("shmwin_checkpoint_store_unpin");
}

int shmwin_checkpoint_store_pinned(shmwin_checkpoint_store* /*store*/, shmwin_file_list** list) {
    return unsupported("shmwin_checkpoint_store_pinned", list);
}

int shmwin_checkpoint_store_discard_after(shmwin_checkpoint_store* /*store*/,
                                          int64_t /*step*/,
                                          shmwin_file_list** removed) {
    return unsupported("shmwin_checkpoint_store_discard_after", removed);
}

int shmwin_read_dataset(shmwin_segment* /*segment*/,
                        char const* /*name*/,
                        char const* /*file*/,
                        char const* /*path*/,
                        shmwin_array_options const* /*options*/,
                        shmwin_array** array) {
    return unsupported("shmwin_read_dataset", array);
}
}

#endif // SHMWIN_HAS_IO
