// SPDX-License-Identifier: MIT
// What a checkpoint_store holds between its calls.
//
// Layer: io.
#pragma once

#include "shmwin/io/checkpoint_store.hpp"
#include "shmwin/mpi/finalize.hpp"

#include "io/checkpoint_file.hpp"
#include "io/due_state.hpp"
#include "io/payload.hpp"
#include "io/previous_blocks.hpp"
#include "io/save_in_flight.hpp"
#include "io/staging_area.hpp"
#include "io/store_directory.hpp"

#include <mpi.h>

#include <memory>
#include <optional>
#include <string>

namespace shmwin::inline v1 {

namespace detail {

/// A private communicator; freed at MPI_Finalize.
struct store_communicator final : finalizable {
    ~store_communicator() override = default;
    void at_exit() noexcept override {}
    void at_finalize() noexcept override {
        if (comm != MPI_COMM_NULL) MPI_Comm_free(&comm);
    }

    MPI_Comm comm = MPI_COMM_NULL;
    int rank = 0;
    int size = 1;
};

} // namespace detail

struct checkpoint_store::state {
    state(std::shared_ptr<detail::store_communicator> ranks,
          detail::checkpoint_names where,
          checkpoint_options chosen)
        : group(std::move(ranks)), names(std::move(where)), options(std::move(chosen)) {}
    state(state const&) = delete;
    state(state&&) = delete;
    state& operator=(state const&) = delete;
    state& operator=(state&&) = delete;
    // Waits for nothing: a save in flight is left to MPI_Finalize.
    ~state() {
        bool const is_over = in_flight && in_flight->pending->has_ended();
        if (is_over && in_flight->writer != nullptr) in_flight->writer->join();
    }

    std::shared_ptr<detail::store_communicator> group;
    detail::checkpoint_names names;
    checkpoint_options options;
    std::shared_ptr<detail::store_lock const> lock; ///< rank 0's
    std::string last_uuid;                          ///< of what was saved or restored last
    detail::previous_checkpoint previous; ///< what was saved or restored last, if .incremental
    std::optional<bool> can_share;        ///< rank 0's: whether files can have blocks in common
    std::vector<std::string> warned_of;   ///< per-rank containers that no file can hold
    detail::due_state due;
    detail::staging_area staging;                    ///< of asynchronous saves
    std::uint32_t n_async = 0;                       ///< asynchronous saves that began
    std::optional<detail::save_in_flight> in_flight; ///< or over, and not looked at yet

    [[nodiscard]] MPI_Comm comm() const noexcept { return group->comm; }
    [[nodiscard]] bool is_first() const noexcept { return group->rank == 0; }
};

namespace detail {

/// All, collective over `comm`. Checks that the segment's ranks are those of the store.
/// @throws runtime_failure (closed)  the segment is; `op` is what is not possible
/// @throws runtime_failure (unsupported)  they are on several nodes
/// @throws argument_error (invalid_argument)  the communicators differ
void check_ranks(store_communicator const& store, segment_core const& target, operation op);

/// All. Waits for the asynchronous save in flight, if there is one.
/// @throws peer_left  its writer died
void finish_in_flight(checkpoint_store::state& store);

/// All. The same; then throws the error that it ended with, unless the caller has got it.
void finish_in_flight_or_raise(checkpoint_store::state& store);

/// Local. Takes over what the save in flight came to, if it has ended.
void notice_end_of_save(checkpoint_store::state& store);

/// Local. All blocks of a part.
[[nodiscard]] range all_blocks(payload_part const& part);

/// Local. Those that are this rank's, when all `n_blocks` are shared out.
[[nodiscard]] range
my_blocks(store_communicator const& store, std::uint64_t n_blocks, payload_part const& part);

/// All, collective. Reads the file's structure on every rank, or raises the same error on all.
[[nodiscard]] checkpoint_file
read_structure(store_communicator const& store, std::filesystem::path const& path, bool check);

/// All, collective. Compares the checksums of all blocks. Lines for the damaged ones, on all.
[[nodiscard]] std::vector<std::string> check_payload(store_communicator const& store,
                                                     std::filesystem::path const& path,
                                                     checkpoint_file const& found);

/// All, collective. The lines of all ranks, by rank; at most `limit`.
[[nodiscard]] std::vector<std::string> gather_lines(store_communicator const& store,
                                                    std::vector<std::string> const& mine,
                                                    std::size_t limit);

/// All, collective. Restores one file. See checkpoint_store::restore.
checkpoint_info restore_file(store_communicator const& ranks,
                             segment_core& target,
                             std::filesystem::path const& path,
                             restore_options const& asked,
                             checkpoint_options const& of_store);

} // namespace detail
} // namespace shmwin::inline v1
