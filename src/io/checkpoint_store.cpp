// SPDX-License-Identifier: MIT
#include "shmwin/io/checkpoint_store.hpp"

#include "shmwin/base/error.hpp"
#include "shmwin/base/hash.hpp"
#include "shmwin/base/log.hpp"
#include "shmwin/base/text.hpp"
#include "shmwin/mpi/agreement.hpp"
#include "shmwin/mpi/error.hpp"

#include "io/fail_point.hpp"
#include "io/inventory.hpp"
#include "io/options.hpp"
#include "io/seen_files.hpp"
#include "io/store_state.hpp"

#include <algorithm>
#include <chrono>
#include <numeric>
#include <system_error>
#include <utility>

namespace shmwin::inline v1 {
namespace detail {
namespace {

std::shared_ptr<store_communicator> duplicate(MPI_Comm comm) {
    if (!mpi_is_up() || comm == MPI_COMM_NULL) {
        raise(errc::invalid_argument,
              "store cannot be opened (MPI is not running, or the communicator is null)");
    }
    auto made = std::make_shared<store_communicator>();
    check_mpi("MPI_Comm_dup", MPI_Comm_dup(comm, &made->comm));
    check_mpi("MPI_Comm_set_errhandler", MPI_Comm_set_errhandler(made->comm, MPI_ERRORS_RETURN));
    check_mpi("MPI_Comm_rank", MPI_Comm_rank(made->comm, &made->rank));
    check_mpi("MPI_Comm_size", MPI_Comm_size(made->comm, &made->size));
    join_finalize(made);
    return made;
}

void make_directory(std::filesystem::path const& directory) {
    auto failed = error_wanted();
    if (!failed) std::filesystem::create_directories(directory, failed);
    if (!failed) return;
    raise(errc::io_failure,
          text("directory cannot be made (", directory.native(), ": ", failed.message(), ")"));
}

// Texts, each ending with 0, one after the other.
std::string joined(std::vector<std::string> const& lines) {
    std::string all;
    for (auto const& each : lines) {
        all.append(each).push_back('\0');
    }
    return all;
}

std::vector<std::string> split(std::string const& all) {
    std::vector<std::string> lines;
    for (std::size_t at = 0; at < all.size(); at += lines.back().size() + 1) {
        lines.emplace_back(&all[at]);
    }
    return lines;
}

// Rank 0's lines, on all ranks.
std::vector<std::string> broadcast(store_communicator const& store,
                                   std::vector<std::string> const& lines) {
    auto all = joined(lines);
    int length = static_cast<int>(all.size());
    check_mpi("MPI_Bcast", MPI_Bcast(&length, 1, MPI_INT, 0, store.comm));
    all.resize(static_cast<std::size_t>(length));
    check_mpi("MPI_Bcast", MPI_Bcast(all.data(), length, MPI_CHAR, 0, store.comm));
    return split(all);
}

bool may_be_skipped(errc code) {
    return code == errc::damaged || code == errc::not_a_checkpoint;
}

} // namespace

std::vector<std::string> gather_lines(store_communicator const& store,
                                      std::vector<std::string> const& mine,
                                      std::size_t limit) {
    auto const n_ranks = static_cast<std::size_t>(store.size);
    auto const text = joined(
        {mine.begin(), mine.begin() + static_cast<std::ptrdiff_t>(std::min(mine.size(), limit))});
    int const length = static_cast<int>(text.size());
    std::vector<int> lengths(n_ranks);
    check_mpi("MPI_Allgather",
              MPI_Allgather(&length, 1, MPI_INT, lengths.data(), 1, MPI_INT, store.comm));
    std::vector<int> begins(n_ranks, 0);
    std::exclusive_scan(lengths.begin(), lengths.end(), begins.begin(), 0);
    std::string all(static_cast<std::size_t>(begins.back() + lengths.back()), '\0');
    check_mpi("MPI_Allgatherv",
              MPI_Allgatherv(text.data(),
                             length,
                             MPI_CHAR,
                             all.data(),
                             lengths.data(),
                             begins.data(),
                             MPI_CHAR,
                             store.comm));
    auto lines = split(all);
    if (lines.size() > limit) lines.resize(limit);
    return lines;
}

void check_ranks(store_communicator const& store, segment_core const& target, operation op) {
    target.require_open(op);
    if (target.on().n_nodes() > 1) {
        raise(errc::unsupported,
              text("checkpoint is not possible (the segment's communicator spans ",
                   target.on().n_nodes(),
                   " nodes, each with objects of its own; make node and "
                   "store from a communicator of one node)"));
    }
    int result = MPI_UNEQUAL;
    check_mpi("MPI_Comm_compare", MPI_Comm_compare(store.comm, target.on().all(), &result));
    if (result == MPI_CONGRUENT || result == MPI_IDENT || result == MPI_SIMILAR) return;
    raise(errc::invalid_argument,
          "checkpoint is not possible (store and segment were made from communicators of different "
          "ranks)");
}

range all_blocks(payload_part const& part) {
    auto const first = static_cast<std::int64_t>(part.first_block);
    auto const n = (part.n_bytes + checksum_block_bytes - 1) / checksum_block_bytes;
    return {first, first + static_cast<std::int64_t>(n)};
}

range my_blocks(store_communicator const& store, std::uint64_t n_blocks, payload_part const& part) {
    auto const mine = block_range(static_cast<std::int64_t>(n_blocks), store.size, store.rank);
    return all_blocks(part).clip(mine.first, mine.last);
}

checkpoint_file
read_structure(store_communicator const& store, std::filesystem::path const& path, bool check) {
    checkpoint_file found;
    agree_on(store.comm, "restore", [&] { found = read_checkpoint(path, check); });
    return found;
}

} // namespace detail

checkpoint_store::checkpoint_store(MPI_Comm comm,
                                   std::filesystem::path const& path,
                                   checkpoint_options const& options) {
    auto group = detail::duplicate(comm);
    auto const call =
        detail::text("checkpoint_store(\"", path.native(), "\", keep ", options.keep, ")");
    auto const same = detail::hash_with(detail::hash(path.native()), detail::hash_of(options));
    std::optional<detail::checkpoint_names> names;
    auto const failure = detail::failure_of([&] {
        detail::arm_fail_points(group->rank);
        detail::check_options(options);
        names.emplace(path);
    });
    detail::agree(group->comm, call, same, failure ? &*failure : nullptr);
    state_ = std::make_unique<state>(std::move(group), std::move(*names), options);
    detail::agree_on(state_->comm(), call, [&] {
        state_->due = detail::due_state(options, state_->group->rank);
        if (!state_->is_first()) return;
        detail::make_directory(state_->names.directory());
        detail::background_save::await_all(state_->names.lock()); // of a store that ended before
        detail::at(detail::step::lock, [&] {
            state_->lock = std::make_shared<detail::store_lock>(state_->names.lock());
        });
        detail::at(detail::step::sweep, [&] { state_->names.sweep(); });
    });
}

checkpoint_store::checkpoint_store(checkpoint_store&&) noexcept = default;
checkpoint_store& checkpoint_store::operator=(checkpoint_store&&) noexcept = default;
checkpoint_store::~checkpoint_store() = default;

std::vector<std::filesystem::path> checkpoint_store::list() const {
    detail::finish_in_flight(*state_);
    std::vector<std::string> lines;
    detail::agree_on(state_->comm(), "list", [&] {
        if (!state_->is_first()) return;
        for (auto const& each : state_->names.list()) {
            lines.push_back(each.native());
        }
    });
    lines = detail::broadcast(*state_->group, lines);
    return {lines.begin(), lines.end()};
}

std::vector<std::filesystem::path> checkpoint_store::newest_first() const {
    auto all = list();
    std::ranges::reverse(all);
    return all;
}

std::optional<checkpoint_info> checkpoint_store::latest() const {
    for (auto const& each : newest_first()) {
        try {
            auto const found = detail::read_structure(*state_->group, each, true);
            if (found.as_written) return found.info;
        } catch (error const& failed) {
            if (!detail::may_be_skipped(failed.code())) throw;
        }
    }
    return std::nullopt;
}

checkpoint_info checkpoint_store::restore(segment& seg,
                                          std::filesystem::path const& file,
                                          restore_options const& how,
                                          source_line const& where) {
    auto const begin = std::chrono::steady_clock::now();
    auto& core = *seg.core();
    detail::finish_in_flight(*state_);
    detail::check_ranks(*state_->group, core, operation::restore);
    auto const same = detail::hash_with(detail::hash(file.native()), detail::hash_of(how));
    collective_call const call{operation::restore, {}, {}, {}, same, where};
    core.meet(call, [&] {
        detail::check_options(how);
        core.raise_races(); // now: later everything is restored
    });
    auto info = detail::restore_file(*state_->group, core, file, how, state_->options);
    state_->last_uuid = info.uuid;
    state_->names.seen().add_to_line(file);
    if (state_->options.incremental) state_->previous = detail::previous_checkpoint(file);
    detail::at(detail::step::end_restore, [&] { core.meet(call, [] {}); });
    state_->due.restored(info.step, begin);
    return info;
}

std::optional<checkpoint_info> checkpoint_store::restore_latest(segment& seg,
                                                                restore_options const& how,
                                                                source_line const& where) {
    auto const all = detail::at(detail::step::list, [&] { return newest_first(); });
    std::string reasons;
    for (auto const& each : all) {
        try {
            return restore(seg, each, how, where);
        } catch (error const& failed) {
            if (!detail::may_be_skipped(failed.code())) throw;
            reasons += (reasons.empty() ? "" : "; ") + std::string(failed.what());
            if (state_->is_first()) {
                log(log_level::warning, detail::text("skipped a checkpoint: ", failed.what()));
                state_->names.seen().note(each, detail::seen_files::is::damaged);
            }
        }
    }
    if (all.empty()) return std::nullopt;
    raise(error_info{errc::damaged,
                     true,
                     0,
                     detail::text("no checkpoint is whole (",
                                  all.size(),
                                  " in ",
                                  state_->names.directory().native(),
                                  ": ",
                                  reasons,
                                  "; remove them to start afresh)")});
}

} // namespace shmwin::inline v1
