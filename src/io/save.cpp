// SPDX-License-Identifier: MIT
// How a checkpoint is written: structure by HDF5 on one rank, signature blanked; payload by all
// ranks; then checksum, fsync, signature, fsync, rename, fsync of the directory. A file that is
// not whole cannot be opened by any HDF5 reader.
#include "shmwin/base/error.hpp"
#include "shmwin/base/hash.hpp"
#include "shmwin/base/log.hpp"
#include "shmwin/base/text.hpp"
#include "shmwin/mpi/agreement.hpp"
#include "shmwin/mpi/error.hpp"

#include "io/checkpoint_file.hpp"
#include "io/file.hpp"
#include "io/inventory.hpp"
#include "io/payload.hpp"
#include "io/store_state.hpp"

#include <algorithm>
#include <bit>
#include <chrono>
#include <iomanip>
#include <sstream>
#include <sys/random.h>
#include <system_error>

namespace shmwin::inline v1 {
namespace detail {
namespace {

using std::chrono::steady_clock;

std::string make_uuid() {
    std::array<std::uint64_t, 2> words{};
    if (::getrandom(words.data(), sizeof words, 0) != sizeof words) {
        raise(errc::system_failure, "getrandom failed (no uuid for the checkpoint)");
    }
    std::ostringstream out;
    out << std::hex << std::setfill('0') << std::setw(16) << words[0] << std::setw(16) << words[1];
    return out.str();
}

std::int64_t now_ns() {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
}

// An object and its place in the file. Sent between ranks as bytes.
struct planned_part {
    directory_place object{};
    std::uint64_t n_bytes = 0;
    std::uint64_t file_offset = 0;
    std::uint64_t first_block = 0;
};

// What rank 0 found out and all ranks need for the payload.
struct write_plan {
    std::vector<planned_part> parts;
    std::uint64_t checksums_offset = 0;
    std::uint64_t n_blocks = 0;
};

template <typename T>
void broadcast(MPI_Comm comm, T& value) {
    check_mpi("MPI_Bcast", MPI_Bcast(&value, sizeof value, MPI_BYTE, 0, comm));
}

void broadcast(MPI_Comm comm, write_plan& plan) {
    std::uint64_t n_parts = plan.parts.size();
    broadcast(comm, n_parts);
    broadcast(comm, plan.checksums_offset);
    broadcast(comm, plan.n_blocks);
    plan.parts.resize(n_parts);
    // In units of a part: the count of bytes may not fit an int.
    MPI_Datatype part = MPI_DATATYPE_NULL;
    check_mpi("MPI_Type_contiguous", MPI_Type_contiguous(sizeof(planned_part), MPI_BYTE, &part));
    check_mpi("MPI_Type_commit", MPI_Type_commit(&part));
    check_mpi("MPI_Bcast", MPI_Bcast(plan.parts.data(), static_cast<int>(n_parts), part, 0, comm));
    MPI_Type_free(&part);
}

void write_signature(file const& target, bool whole) {
    constexpr std::array<unsigned char, 8> blank{};
    target.write_at(0, std::as_bytes(std::span(whole ? hdf5_signature : blank)));
}

// One save. Rank 0 holds the file open and decides; removes it if it does not become whole.
class saver {
  public:
    saver(store_communicator const& ranks,
          checkpoint_names const& names,
          segment_core& source,
          checkpoint_info info,
          checkpoint_options const& options)
        : ranks_(ranks),
          names_(names),
          source_(source),
          info_(std::move(info)),
          options_(options),
          temporary_(names.temporary(info_.step)) {}
    saver(saver const&) = delete;
    saver(saver&&) = delete;
    saver& operator=(saver const&) = delete;
    saver& operator=(saver&&) = delete;
    ~saver() {
        std::error_code ignored;
        if (made_ && !committed_) std::filesystem::remove(temporary_, ignored);
    }

    save_report run() {
        on_first([&] { prepare(); });
        broadcast(ranks_.comm, plan_);
        agree_on(ranks_.comm, "save", [&] {
            if (ranks_.rank != 0) all_ = take_inventory(source_);
            write_payload(temporary_, my_parts(), plan_.checksums_offset);
        });
        on_first([&] { commit(); });
        return report();
    }

  private:
    // Rank 0 does it; all learn how it went.
    void on_first(function_ref<void()> step) const {
        agree_on(ranks_.comm, "save", [&] {
            if (ranks_.rank == 0) step();
        });
    }

    void prepare() {
        all_ = take_inventory(source_);
        std::error_code ignored;
        std::filesystem::remove(temporary_, ignored); // ours: the store is locked
        check_space();
        create_checkpoint(temporary_, info_, all_.objects);
        written_ = read_checkpoint(temporary_, false);
        file_ = file(temporary_, file::mode::write);
        write_signature(file_, false);
        file_.reserve(written_.n_bytes);
        make_plan();
    }

    // Before HDF5 writes: when its last write of a file fails, version 1.10 crashes at exit.
    void check_space() {
        std::uint64_t n_of_structure = 1U << 20U;
        std::uint64_t n_bytes = 0;
        for (auto const& each : all_.objects) {
            n_of_structure += 8192;
            n_bytes += each.n_bytes;
        }
        check_disk_space(names_.directory(), n_of_structure + n_bytes);
        {
            file const trial(temporary_, file::mode::create_new); // a quota shows here
            made_ = true;
            trial.reserve(n_of_structure);
        }
        std::filesystem::remove(temporary_);
    }

    void make_plan() {
        plan_.checksums_offset = written_.checksums_offset;
        plan_.n_blocks = written_.n_blocks;
        for (std::size_t i = 0; i < written_.objects.size(); ++i) {
            auto const& each = written_.objects[i];
            if (!each.is_contiguous()) {
                raise(errc::io_failure,
                      text("HDF5 gave no place in the file (",
                           each.name,
                           " in ",
                           temporary_.native(),
                           ")"));
            }
            plan_.parts.push_back(
                {all_.memory[i].place, each.n_bytes, each.file_offset, each.first_block});
        }
    }

    // What rank 0 planned, as it is in this process's memory. Names come in one order on all ranks.
    std::vector<payload_part> my_parts() {
        std::vector<payload_part> parts;
        std::size_t at = 0;
        for (auto const& each : plan_.parts) {
            while (at < all_.memory.size() && all_.memory[at].place != each.object) {
                ++at;
            }
            if (at == all_.memory.size()) {
                raise(errc::not_found,
                      text("object is gone (one that rank 0 began to save, of ",
                           each.n_bytes,
                           " bytes, was destroyed meanwhile)"));
            }
            check_size(all_.objects[at], each.n_bytes);
            auto& found = all_.memory[at++]; // per-rank containers have two at one place
            payload_part part{std::move(found.bytes),
                              each.n_bytes,
                              each.file_offset,
                              each.first_block,
                              {},
                              found.holder};
            part.mine = found.shared       ? my_blocks(ranks_, plan_.n_blocks, part)
                        : ranks_.rank == 0 ? all_blocks(part)
                                           : range{};
            parts.push_back(std::move(part));
        }
        return parts;
    }

    static void check_size(stored_object const& here, std::uint64_t n_bytes) {
        if (here.n_bytes == n_bytes) return;
        raise(errc::busy,
              text("object is being changed (\"",
                   here.object_name(),
                   "\" had ",
                   n_bytes,
                   " bytes when rank 0 began to save, and has ",
                   here.n_bytes,
                   " now)"));
    }

    void commit() {
        checkpoint_record const record{
            structure_checksum(temporary_, written_), written_.n_bytes, written_.n_blocks};
        file_.write_at(written_.record_offset, std::as_bytes(std::span(&record, 1)));
        if (options_.durable) file_.sync();
        write_signature(file_, true);
        if (options_.durable) file_.sync();
        auto const target = names_.of_step(info_.step);
        std::error_code failed;
        std::filesystem::rename(temporary_, target, failed);
        if (failed) {
            raise(errc::io_failure,
                  text("rename failed (",
                       temporary_.native(),
                       " to ",
                       target.native(),
                       ": ",
                       failed.message(),
                       ")"));
        }
        committed_ = true;
        if (options_.durable) sync_directory(names_.directory());
        names_.retain(options_.keep, target);
    }

    save_report report() {
        save_report made;
        made.file = names_.of_step(info_.step);
        for (auto const& each : plan_.parts) {
            made.n_bytes += each.n_bytes;
        }
        for (auto const& each : all_.objects) {
            if (!each.is_offsets()) made.saved.emplace_back(each.object_name());
        }
        std::ranges::sort(made.saved);
        made.left_out = std::move(all_.left_out);
        made.seconds = std::chrono::duration<double>(steady_clock::now() - begin_).count();
        return made;
    }

    store_communicator const& ranks_;
    checkpoint_names const& names_;
    segment_core& source_;
    checkpoint_info info_;
    checkpoint_options const& options_;
    std::filesystem::path temporary_;
    inventory all_;
    checkpoint_file written_;
    write_plan plan_;
    file file_;
    bool made_ = false;
    bool committed_ = false;
    steady_clock::time_point begin_ = steady_clock::now();
};

// Once for each: that a restart lacks them should not be found out by restarting.
void warn_of_left_out(segment_core const& source, std::vector<std::string>& warned_of) {
    for (auto const& each : source.names().list()) {
        auto const name = each.record.name_text();
        bool const warned = std::ranges::find(warned_of, name) != warned_of.end();
        bool const is_queue = each.record.kind == object_kind::queue;
        bool const holds_more = is_queue || each.record.kind == object_kind::per_rank;
        if (!holds_more || each.record.has_dtype || warned) continue;
        warned_of.emplace_back(name);
        log(log_level::warning,
            text("checkpoint leaves a ",
                 is_queue ? "queue" : "per-rank container",
                 " out (\"",
                 name,
                 "\" holds ",
                 source.type_text(each.record),
                 "; SHMWIN_DESCRIBE its elements)"));
    }
}

} // namespace
} // namespace detail

save_report
checkpoint_store::save(segment& seg, checkpoint_label const& label, source_line const& where) {
    auto& core = *seg.core();
    detail::check_ranks(*state_->group, core, operation::save);
    auto const same = detail::hash_with(static_cast<std::uint64_t>(label.step),
                                        std::bit_cast<std::uint64_t>(label.time));
    collective_call const call{operation::save, {}, {}, {}, same, where};
    core.meet(call, [&] {
        if (label.step < 0) {
            raise(errc::invalid_argument, detail::text("step is negative (", label.step, ")"));
        }
        core.raise_races(); // now: later there is a checkpoint, and an error would deny it
    });
    checkpoint_info info;
    info.step = label.step;
    info.time = label.time;
    info.n_ranks = state_->group->size;
    info.parent_uuid = state_->last_uuid;
    if (state_->is_first()) {
        info.uuid = detail::make_uuid();
        info.created_ns = detail::now_ns();
    }
    auto report = detail::saver(*state_->group, state_->names, core, info, state_->options).run();
    if (state_->is_first()) {
        state_->last_uuid = info.uuid;
        detail::warn_of_left_out(core, state_->warned_of);
    }
    core.meet(call, [] {});
    return report;
}

} // namespace shmwin::inline v1
