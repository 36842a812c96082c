// SPDX-License-Identifier: MIT
#include "io/previous_blocks.hpp"

#include "shmwin/base/error.hpp"

#include "io/checkpoint_file.hpp"
#include "io/fail_point.hpp"

#include <algorithm>
#include <cerrno>
#include <linux/fs.h> // FICLONERANGE
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <system_error>
#include <utility>

namespace shmwin::inline v1::detail {
namespace {

std::optional<file_identity> identity_of(file const& which) {
    struct stat about {};
    if (::fstat(which.fd(), &about) != 0) return std::nullopt;
    return file_identity{about.st_dev,
                         about.st_ino,
                         static_cast<std::uint64_t>(about.st_size),
                         std::int64_t{about.st_mtim.tv_sec} * 1'000'000'000
                             + about.st_mtim.tv_nsec};
}

// Nothing, if it cannot be opened: then there is nothing to take.
std::optional<file_identity> identity_of(std::filesystem::path const& path) {
    try {
        return identity_of(file(path, file::mode::read));
    } catch (error const&) {
        return std::nullopt;
    }
}

bool share(file const& from,
           std::uint64_t at,
           file const& to,
           std::uint64_t to_at,
           std::uint64_t n_bytes) {
    struct file_clone_range const which{from.fd(), at, n_bytes, to_at};
    int done = -1;
    do {
        done = is_to_fail() ? -1 : ::ioctl(to.fd(), FICLONERANGE, &which);
    } while (done != 0 && errno == EINTR);
    return done == 0;
}

std::uint64_t unit_of_sharing(file const& in) {
    struct statvfs about {};
    return ::fstatvfs(in.fd(), &about) == 0 && about.f_bsize > 0 ? about.f_bsize : 4096;
}

} // namespace

// --- previous_checkpoint -------------------------------------------------------------------------

previous_checkpoint::previous_checkpoint(std::filesystem::path path)
    : path_(std::move(path)), identity_(identity_of(path_)) {}

previous_checkpoint::previous_checkpoint(std::filesystem::path path,
                                         std::vector<earlier_object> objects,
                                         std::uint64_t checksums_offset,
                                         std::uint64_t n_blocks)
    : path_(std::move(path)),
      identity_(identity_of(path_)),
      objects_(std::move(objects)),
      checksums_offset_(checksums_offset),
      n_blocks_(n_blocks) {
    std::ranges::sort(objects_, {}, &earlier_object::name);
}

bool previous_checkpoint::open() {
    if (!identity_) return false;
    try {
        file_ = file(path_, file::mode::read);
        if (identity_of(file_) != identity_) return false;
        if (checksums_offset_ == 0) read_structure();
        if (sums_.size() != n_blocks_) read_table();
        return true;
    } catch (error const&) { // then all is written: that the file of before is bad harms nothing
        file_ = {};
        identity_.reset();
        return false;
    }
}

void previous_checkpoint::read_structure() {
    auto found = read_checkpoint(path_, true);
    checksums_offset_ = found.checksums_offset;
    n_blocks_ = found.n_blocks;
    sums_ = std::move(found.checksums);
    for (auto const& each : found.objects) { // in the order of their names
        objects_.push_back({each.name, each.n_bytes, each.file_offset, each.first_block});
    }
}

void previous_checkpoint::read_table() {
    std::vector<checksum> all(n_blocks_);
    file_.read_at(checksums_offset_, std::as_writable_bytes(std::span(all)));
    sums_ = std::move(all);
}

bool previous_checkpoint::can_share_with(std::filesystem::path const& trial) const {
    bool can = false;
    std::error_code ignored;
    std::filesystem::remove(trial, ignored);
    try {
        file const made(trial, file::mode::create_new);
        can = share(file_, 0, made, 0, unit_of_sharing(file_));
        std::filesystem::remove(trial, ignored);
    } catch (error const&) { // whoever writes will tell
    }
    return can;
}

earlier_object const* previous_checkpoint::find(std::string_view name) const {
    auto const at = std::ranges::lower_bound(
        objects_, name, {}, [](auto const& each) { return std::string_view(each.name); });
    return at != objects_.end() && at->name == name ? &*at : nullptr;
}

// --- previous_blocks -----------------------------------------------------------------------------

previous_blocks::previous_blocks(previous_checkpoint const& from, file const& target)
    : from_(from), target_(target), unit_(unit_of_sharing(target)) {}

earlier_object const* previous_blocks::earlier(payload_part const& part) {
    if (part_ == &part) return earlier_;
    finish();
    part_ = &part;
    earlier_ = from_.find(part.name);
    if (earlier_ == nullptr) return nullptr;
    bool const aligned = earlier_->file_offset > 0 && earlier_->file_offset % unit_ == 0
                         && part.file_offset > 0 && part.file_offset % unit_ == 0
                         && part.n_bytes >= unit_;
    if (!aligned) earlier_ = nullptr;
    return earlier_;
}

// Whatever type or shape it was of then: what the checksums say equal are the same bytes.
bool previous_blocks::take(block const& each, checksum const& sum) {
    auto const* const was = earlier(each.part);
    if (!works_ || was == nullptr || each.begin + each.n_bytes > was->n_bytes) return false;
    bool const was_whole =
        each.n_bytes == checksum_block_bytes || each.begin + each.n_bytes == was->n_bytes;
    if (!was_whole || from_.sum(was->first_block + each.index) != sum) return false;
    if (each.begin != end_) {
        finish();
        begin_ = each.begin;
    }
    end_ = each.begin + each.n_bytes;
    return true;
}

void previous_blocks::finish() {
    auto const whole = (end_ - begin_) / unit_ * unit_; // the end of an object may be no whole one
    auto const begin = std::exchange(begin_, 0);
    auto const end = std::exchange(end_, 0);
    if (begin == end) return;
    works_ = works_ && (whole == 0 || at(step::share, [&] {
                            return share(from_.source(),
                                         earlier_->file_offset + begin,
                                         target_,
                                         part_->file_offset + begin,
                                         whole);
                        }));
    auto const taken = works_ ? whole : 0;
    n_bytes_taken_ += taken;
    write(begin + taken, end);
}

void previous_blocks::write(std::uint64_t begin, std::uint64_t end) const {
    std::vector<std::byte> buffer(std::min<std::uint64_t>(end - begin, checksum_block_bytes));
    while (begin < end) {
        auto const bytes = std::span(buffer).first(std::min(buffer.size(), end - begin));
        part_->memory.gather(begin, bytes);
        target_.write_at(part_->file_offset + begin, bytes);
        begin += bytes.size();
    }
}

} // namespace shmwin::inline v1::detail
