// SPDX-License-Identifier: MIT
#include "io/object_reader.hpp"

#include "shmwin/base/error.hpp"
#include "shmwin/base/text.hpp"

#include "io/chunk_reader.hpp"
#include "io/datatype.hpp"
#include "io/file.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

namespace shmwin::inline v1::detail {

struct object_reader::source {
    source() = default;
    source(source const&) = delete;
    source(source&&) = delete;
    source& operator=(source const&) = delete;
    source& operator=(source&&) = delete;
    virtual ~source() = default;
    // False if these bytes are damaged so that there are none.
    virtual bool read(std::uint64_t begin, std::span<std::byte> to) = 0;
};

namespace {

constexpr std::uint64_t kept_bytes = std::uint64_t{4} << 20U;

class one_piece final : public object_reader::source {
  public:
    one_piece(std::filesystem::path const& path, std::uint64_t offset)
        : file_(path, file::mode::read), offset_(offset) {}
    bool read(std::uint64_t begin, std::span<std::byte> to) override {
        file_.read_at(offset_ + begin, to);
        return true;
    }

  private:
    file file_;
    std::uint64_t offset_;
};

class compressed final : public object_reader::source {
  public:
    compressed(std::filesystem::path const& path, std::shared_ptr<stored_chunks const> chunks)
        : file_(path, file::mode::read), chunks_(file_, std::move(chunks)) {}
    bool read(std::uint64_t begin, std::span<std::byte> to) override {
        return chunks_.read(begin, to);
    }

  private:
    file file_;
    chunk_reader chunks_;
};

h5_handle open_object(hid_t file, std::filesystem::path const& path, std::string const& name) {
    return h5_own(H5Dopen2(file, name.c_str(), H5P_DEFAULT), H5Dclose, "H5Dopen2 of " + name, path);
}

std::vector<hsize_t> chunk_of(hid_t dataset, std::size_t n_dimensions) {
    h5_handle const list(H5Dget_create_plist(dataset), H5Pclose);
    std::vector<hsize_t> chunk(n_dimensions, 1);
    if (H5Pget_layout(list.get()) == H5D_CHUNKED) {
        H5Pget_chunk(list.get(), static_cast<int>(n_dimensions), chunk.data());
    }
    return chunk;
}

// Rows at a time, by HDF5. A scalar is one row.
class in_chunks final : public object_reader::source {
  public:
    in_chunks(std::filesystem::path const& path, stored_object const& object)
        : path_(path),
          name_(object.name),
          file_(h5_open_for_reading(path)),
          dataset_(open_object(file_.get(), path, object.name)),
          space_(H5Dget_space(dataset_.get()), H5Sclose),
          type_(h5_type_of(*dtype_of_signature(object.type))) {
        for (auto const extent : dimensions_in_file(object)) {
            dimensions_.push_back(extent);
        }
        n_rows_ = dimensions_.empty() ? 1 : dimensions_.front();
        row_bytes_ = object.n_bytes / n_rows_;
        auto const unit =
            dimensions_.empty() ? hsize_t{1} : chunk_of(dataset_.get(), dimensions_.size()).front();
        rows_at_once_ = std::max(unit, kept_bytes / row_bytes_ / unit * unit);
    }

    bool read(std::uint64_t begin, std::span<std::byte> to) override {
        while (!to.empty()) {
            if (begin < first_ || begin >= first_ + rows_.size()) fetch(begin / row_bytes_);
            auto const at = static_cast<std::size_t>(begin - first_);
            auto const n = std::min(to.size(), rows_.size() - at);
            std::memcpy(to.data(), &rows_[at], n);
            to = to.subspan(n);
            begin += n;
        }
        return true;
    }

  private:
    void fetch(hsize_t row) {
        auto const first = row / rows_at_once_ * rows_at_once_;
        auto const n = std::min(rows_at_once_, n_rows_ - first);
        rows_.resize(n * row_bytes_);
        first_ = first * row_bytes_;
        h5_quiet const quiet;
        auto const memory = select(first, n);
        if (H5Dread(
                dataset_.get(), type_.get(), memory.get(), space_.get(), H5P_DEFAULT, rows_.data())
            >= 0) {
            return;
        }
        raise(errc::damaged,
              text("checkpoint is damaged (", path_.native(), ": ", name_, ", ", h5_reason(), ")"));
    }

    // Selects rows in the file; returns the shape that they have in memory.
    h5_handle select(hsize_t first, hsize_t n) {
        if (dimensions_.empty()) return {H5Screate(H5S_SCALAR), H5Sclose};
        std::vector<hsize_t> start(dimensions_.size(), 0);
        auto count = dimensions_;
        start.front() = first;
        count.front() = n;
        H5Sselect_hyperslab(
            space_.get(), H5S_SELECT_SET, start.data(), nullptr, count.data(), nullptr);
        return {H5Screate_simple(static_cast<int>(count.size()), count.data(), nullptr), H5Sclose};
    }

    std::filesystem::path path_;
    std::string name_;
    h5_handle file_;
    h5_handle dataset_;
    h5_handle space_;
    h5_handle type_;
    std::vector<hsize_t> dimensions_;
    hsize_t n_rows_ = 1;
    hsize_t rows_at_once_ = 1;
    std::uint64_t row_bytes_ = 0;
    std::vector<std::byte> rows_; // that were read last
    std::uint64_t first_ = 0;     // their first byte
};

class nothing final : public object_reader::source {
  public:
    bool read(std::uint64_t /*begin*/, std::span<std::byte> /*to*/) override { return true; }
};

std::string chunks_text(hid_t dataset) {
    h5_handle const space(H5Dget_space(dataset), H5Sclose);
    auto const n = static_cast<std::size_t>(std::max(0, H5Sget_simple_extent_ndims(space.get())));
    auto const chunk = chunk_of(dataset, n);
    std::vector<std::int64_t> const extents(chunk.begin(), chunk.end());
    return "chunks of " + shape_text(extents);
}

std::string filter_text(hid_t list, unsigned index) {
    unsigned flags = 0;
    std::array<unsigned, 8> values{};
    std::size_t n_values = values.size();
    std::array<char, 64> name{};
    unsigned config = 0;
    auto const id = H5Pget_filter2(
        list, index, &flags, &n_values, values.data(), name.size(), name.data(), &config);
    if (id == H5Z_FILTER_DEFLATE) return text("deflate ", values.front());
    return name.front() != '\0' ? name.data() : text("filter ", id);
}

object_storage storage_of_dataset(hid_t dataset) {
    h5_handle const list(H5Dget_create_plist(dataset), H5Pclose);
    object_storage found;
    auto const layout = H5Pget_layout(list.get());
    found.layout = layout == H5D_CHUNKED   ? chunks_text(dataset)
                   : layout == H5D_COMPACT ? "compact"
                                           : "contiguous";
    for (int i = 0; i < H5Pget_nfilters(list.get()); ++i) {
        found.filters.push_back(filter_text(list.get(), static_cast<unsigned>(i)));
    }
    found.n_bytes = H5Dget_storage_size(dataset);
    return found;
}

} // namespace

std::vector<std::uint64_t> dimensions_in_file(stored_object const& object) {
    std::vector<std::uint64_t> all(object.shape.begin(), object.shape.end());
    if (object.order == memory_order_kind::left) std::ranges::reverse(all);
    return all;
}

object_reader::object_reader(std::filesystem::path const& path, stored_object const& object) {
    if (object.n_bytes == 0) {
        source_ = std::make_unique<nothing>();
    } else if (object.is_contiguous()) {
        source_ = std::make_unique<one_piece>(path, object.file_offset);
    } else if (object.places != nullptr) {
        source_ = std::make_unique<compressed>(path, object.places);
    } else {
        h5_quiet const quiet;
        source_ = std::make_unique<in_chunks>(path, object);
    }
}

object_reader::~object_reader() = default;

bool object_reader::read(std::uint64_t begin, std::span<std::byte> to) {
    return source_->read(begin, to);
}

std::vector<object_storage> storage_of(std::filesystem::path const& path,
                                       std::span<stored_object const> objects) {
    h5_quiet const quiet;
    auto const opened = h5_open_for_reading(path);
    std::vector<object_storage> all;
    all.reserve(objects.size());
    for (auto const& each : objects) {
        all.push_back(storage_of_dataset(open_object(opened.get(), path, each.name).get()));
    }
    return all;
}

} // namespace shmwin::inline v1::detail
