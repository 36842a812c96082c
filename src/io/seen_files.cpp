// SPDX-License-Identifier: MIT
#include "io/seen_files.hpp"

#include <algorithm>
#include <sys/stat.h>

namespace shmwin::inline v1::detail {

seen_files::identity seen_files::identity_of(std::filesystem::path const& file) noexcept {
    struct stat about {};
    if (::stat(file.c_str(), &about) != 0) return {};
    return {static_cast<std::int64_t>(about.st_dev),
            static_cast<std::int64_t>(about.st_ino),
            about.st_size,
            about.st_mtim.tv_sec,
            about.st_mtim.tv_nsec};
}

void seen_files::note(std::filesystem::path const& file, is what) {
    auto const who = identity_of(file);
    std::scoped_lock const hold(mutex_);
    all_[file.filename()] = {who, what};
}

seen_files::is seen_files::state_of(std::filesystem::path const& file) const {
    auto const who = identity_of(file);
    std::scoped_lock const hold(mutex_);
    auto const found = all_.find(file.filename());
    bool const is_same = found != all_.end() && found->second.who == who && who != identity{};
    return is_same ? found->second.what : is::unknown;
}

void seen_files::add_to_line(std::filesystem::path const& file) {
    note(file, is::whole);
    std::scoped_lock const hold(mutex_);
    auto const name = file.filename();
    std::erase(line_, name);
    line_.push_back(name);
    constexpr std::size_t most = 1000; // .keep may be as much
    if (line_.size() > most) line_.erase(line_.begin());
}

bool seen_files::is_in_line(std::filesystem::path const& file, int n_last) const {
    std::scoped_lock const hold(mutex_);
    auto const n = std::min(line_.size(), static_cast<std::size_t>(std::max(n_last, 0)));
    return std::find(line_.end() - static_cast<std::ptrdiff_t>(n), line_.end(), file.filename())
           != line_.end();
}

} // namespace shmwin::inline v1::detail
