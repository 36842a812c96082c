// SPDX-License-Identifier: MIT
#include "io/save_file.hpp"

#include "shmwin/base/error.hpp"
#include "shmwin/base/text.hpp"

#include "io/fail_point.hpp"
#include "io/hdf5.hpp"
#include "io/retention.hpp"
#include "io/seal.hpp"
#include "io/seen_files.hpp"

#include <array>
#include <fcntl.h>
#include <span>
#include <unistd.h>
#include <utility>

namespace shmwin::inline v1::detail {
namespace {

void write_signature(file const& target, bool whole) {
    constexpr std::array<unsigned char, 8> blank{};
    target.write_at(0, std::as_bytes(std::span(whole ? hdf5_signature : blank)));
}

} // namespace

save_file::save_file(checkpoint_names names, checkpoint_info info, checkpoint_options options)
    : names_(std::move(names)),
      info_(std::move(info)),
      options_(std::move(options)),
      temporary_(names_.temporary(info_.step)) {}

save_file::~save_file() {
    if (!made_ || committed_) return;
    // By the directory that it was made in: that may have another name by now.
    if (remove_file(temporary_)) return;
    ::unlinkat(directory_.fd(), temporary_.filename().c_str(), 0);
}

void save_file::create(std::vector<stored_object> const& objects, bool incremental) {
    incremental_ = incremental;
    remove_file(temporary_); // ours: the store is locked
    at(step::space, [&] { check_space(objects, incremental); });
    directory_ = file(names_.directory(), file::mode::read);
    at(step::create, [&] {
        writer_.emplace(temporary_, info_, objects, options_.deflate);
        written_ = writer_->structure();
    });
    if (options_.deflate == 0) close_structure();
}

void save_file::close_structure() {
    writer_->close();
    written_ = writer_->structure();
    writer_.reset();
    file_ = file(temporary_, file::mode::write);
    at(step::blank, [&] { write_signature(file_, false); });
    write_chunk_table();
    auto const table = seal_table(written_);
    file_.write_at(written_.n_bytes, table);
    written_.n_bytes += table.size();
    for (auto const& each : written_.objects) {
        if (each.is_contiguous() || each.chunks.n_chunks() > 0) continue;
        raise(
            errc::io_failure,
            text("HDF5 gave no place in the file (", each.name, " in ", temporary_.native(), ")"));
    }
    look_at_unknown(names_, rules_of(options_)); // here: commit() may not use HDF5
}

void save_file::write_chunk_table() const {
    auto offset = written_.chunks_offset;
    for (auto const& each : written_.objects) {
        if (each.places == nullptr) continue;
        auto const rows = std::as_bytes(std::span(each.places->all));
        file_.write_at(offset, rows);
        offset += rows.size();
    }
}

void save_file::reserve() const {
    if (!incremental_) at(step::reserve, [&] { file_.reserve(written_.n_bytes); });
}

// Before HDF5 writes: when its last write of a file fails, version 1.10 crashes at exit.
void save_file::check_space(std::vector<stored_object> const& objects, bool incremental) {
    std::uint64_t n_of_structure = 1U << 20U;
    std::uint64_t n_bytes = 0;
    for (auto const& each : objects) {
        n_of_structure += 8192; // and its place in the seal's table
        if (!incremental || options_.deflate > 0) n_bytes += each.n_bytes;
    }
    check_disk_space(names_.directory(), n_of_structure + n_bytes);
    {
        file const trial(temporary_, file::mode::create_new); // a quota shows here
        made_ = true;
        trial.reserve(n_of_structure);
    }
    if (auto const failed = remove_file(temporary_)) {
        raise(errc::io_failure,
              text("file cannot be removed (", temporary_.native(), ": ", failed.message(), ')'));
    }
}

void save_file::commit() {
    at(step::record, [&] { write_record(); });
    if (options_.durable) at(step::sync_payload, [&] { file_.sync(); });
    at(step::sign, [&] { write_signature(file_, true); });
    if (options_.durable) at(step::sync_signature, [&] { file_.sync(); });
    auto const visible = names_.of_step(info_.step);
    at(step::rename, [&] { rename_file(temporary_, visible); });
    committed_ = true;
    if (options_.durable) at(step::sync_directory, [&] { sync_directory(names_.directory()); });
    names_.seen().add_to_line(visible);
    at(step::retain, [&] { names_.retain(rules_of(options_)); });
}

void save_file::write_record() {
    checkpoint_record const record{
        structure_checksum(temporary_, written_), written_.n_bytes, written_.n_blocks};
    file_.write_at(written_.record_offset, std::as_bytes(std::span(&record, 1)));
}

} // namespace shmwin::inline v1::detail
