// SPDX-License-Identifier: MIT
// How a checkpoint is checked without a segment.
#include "shmwin/base/error.hpp"
#include "shmwin/base/hash.hpp"
#include "shmwin/base/text.hpp"
#include "shmwin/mpi/agreement.hpp"

#include "io/checkpoint_file.hpp"
#include "io/datatype.hpp"
#include "io/payload.hpp"
#include "io/store_state.hpp"

#include <algorithm>

namespace shmwin::inline v1 {
namespace detail {
namespace {

std::vector<payload_part> parts_in_file(store_communicator const& store,
                                        checkpoint_file const& found) {
    std::vector<payload_part> parts;
    parts.reserve(found.objects.size());
    for (auto const& each : found.objects) {
        payload_part part{{}, each.n_bytes, each.file_offset, each.first_block};
        part.chunks = each.places;
        part.mine = my_blocks(store, found.n_blocks, part);
        parts.push_back(std::move(part));
    }
    return parts;
}

// Reads an object that is stored in chunks, some rows at a time, and compares its blocks.
class chunked_reader {
  public:
    chunked_reader(hid_t file, std::filesystem::path const& path, stored_object const& object)
        : path_(path),
          object_(object),
          dataset_(h5_own(H5Dopen2(file, object.name.c_str(), H5P_DEFAULT),
                          H5Dclose,
                          "H5Dopen2 of " + object.name,
                          path)),
          space_(H5Dget_space(dataset_.get()), H5Sclose),
          type_(h5_type_of(*dtype_of_signature(object.type))),
          dimensions_(object.shape.begin(), object.shape.end()) {
        if (object.order == memory_order_kind::left) std::ranges::reverse(dimensions_);
    }

    std::vector<std::string> compare(std::span<checksum const> expected) {
        auto const n_rows = dimensions_.front();
        auto const row_bytes = object_.n_bytes / n_rows;
        auto const rows_at_once = std::max<hsize_t>(1, (std::uint64_t{4} << 20U) / row_bytes);
        std::vector<std::byte> buffer;
        for (hsize_t row = 0; row < n_rows; row += rows_at_once) {
            auto const n = std::min(rows_at_once, n_rows - row);
            buffer.resize(n * row_bytes);
            read_rows(row, n, buffer);
            add(buffer, expected);
        }
        if (in_block_ > 0) end_block(expected);
        return std::move(lines_);
    }

  private:
    void read_rows(hsize_t first, hsize_t n, std::vector<std::byte>& buffer) {
        std::vector<hsize_t> start(dimensions_.size(), 0);
        auto count = dimensions_;
        start.front() = first;
        count.front() = n;
        H5Sselect_hyperslab(
            space_.get(), H5S_SELECT_SET, start.data(), nullptr, count.data(), nullptr);
        h5_handle const memory(
            H5Screate_simple(static_cast<int>(count.size()), count.data(), nullptr), H5Sclose);
        if (H5Dread(
                dataset_.get(), type_.get(), memory.get(), space_.get(), H5P_DEFAULT, buffer.data())
            >= 0) {
            return;
        }
        raise(errc::damaged,
              text("checkpoint is damaged (",
                   path_.native(),
                   ": ",
                   object_.name,
                   ", ",
                   h5_reason(),
                   ")"));
    }

    void add(std::span<std::byte const> bytes, std::span<checksum const> expected) {
        while (!bytes.empty()) {
            auto const n = std::min(bytes.size(), checksum_block_bytes - in_block_);
            sum_.add(bytes.first(n));
            in_block_ += n;
            bytes = bytes.subspan(n);
            if (in_block_ == checksum_block_bytes) end_block(expected);
        }
    }

    void end_block(std::span<checksum const> expected) {
        if (sum_.value() != expected[object_.first_block + block_]) {
            lines_.push_back(text(object_.name, ", block ", block_));
        }
        sum_.restart();
        in_block_ = 0;
        ++block_;
    }

    std::filesystem::path const& path_;
    stored_object const& object_;
    h5_handle dataset_;
    h5_handle space_;
    h5_handle type_;
    std::vector<hsize_t> dimensions_;
    running_checksum sum_;
    std::size_t in_block_ = 0;
    std::uint64_t block_ = 0;
    std::vector<std::string> lines_;
};

std::vector<std::string> check_chunked(std::filesystem::path const& path,
                                       checkpoint_file const& found) {
    std::vector<std::string> lines;
    h5_quiet const quiet;
    auto const opened = h5_open_for_reading(path);
    for (auto const& each : found.objects) {
        if (each.n_bytes == 0) continue;
        if (each.shape.empty()) {
            // A scalar can only be contiguous or compact.
            std::vector<std::byte> value(each.n_bytes);
            h5_handle const dataset(H5Dopen2(opened.get(), each.name.c_str(), H5P_DEFAULT),
                                    H5Dclose);
            auto const type = h5_type_of(*dtype_of_signature(each.type));
            bool const read =
                H5Dread(dataset.get(), type.get(), H5S_ALL, H5S_ALL, H5P_DEFAULT, value.data())
                >= 0;
            if (!read || checksum_of(value) != found.checksums[each.first_block]) {
                lines.push_back(each.name + ", block 0");
            }
            continue;
        }
        auto more = chunked_reader(opened.get(), path, each).compare(found.checksums);
        lines.insert(lines.end(), more.begin(), more.end());
    }
    return lines;
}

} // namespace

std::vector<std::string> check_payload(store_communicator const& store,
                                       std::filesystem::path const& path,
                                       checkpoint_file const& found) {
    std::vector<std::string> mine;
    bool const direct = std::ranges::all_of(found.objects, &stored_object::needs_no_hdf5);
    agree_on(store.comm, "verify", [&] {
        if (direct) {
            auto const damage = read_payload(path, parts_in_file(store, found), found.checksums);
            mine = describe_damage(damage, found.objects);
        } else if (store.rank == 0) {
            mine = check_chunked(path, found);
        }
    });
    return gather_lines(store, mine, 100);
}

} // namespace detail

verify_report checkpoint_store::verify(std::filesystem::path const& file) const {
    detail::finish_in_flight(*state_); // it may replace that file
    verify_report report;
    detail::agree(state_->comm(),
                  detail::text("verify(\"", file.native(), "\")"),
                  detail::hash(file.native()),
                  nullptr);
    try {
        auto const found = detail::read_structure(*state_->group, file, true);
        report.n_bytes = found.payload_bytes();
        report.problems = detail::check_payload(*state_->group, file, found);
        report.result = !report.problems.empty() ? verdict::damaged
                        : found.as_written       ? verdict::intact
                                                 : verdict::repacked;
    } catch (error const& failed) {
        if (failed.code() != errc::damaged) throw;
        report.problems.emplace_back(failed.what());
    }
    return report;
}

} // namespace shmwin::inline v1
