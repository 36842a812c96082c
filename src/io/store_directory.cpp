// SPDX-License-Identifier: MIT
#include "io/store_directory.hpp"

#include "shmwin/base/error.hpp"
#include "shmwin/base/log.hpp"
#include "shmwin/base/text.hpp"
#include "shmwin/mpi/agreement.hpp"

#include "io/fail_point.hpp"
#include "io/file.hpp"
#include "io/retention.hpp"
#include "io/seen_files.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <fcntl.h>
#include <optional>
#include <string_view>
#include <sys/file.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace shmwin::inline v1::detail {
namespace {

constexpr std::string_view extension = ".h5";
constexpr std::string_view temporary_extension = ".h5.tmp";
constexpr std::string_view pin_extension = ".pin";

// The number between "stem-" and the ending; nothing if the name is another.
std::optional<std::int64_t>
number_of(std::string_view name, std::string_view begin, std::string_view ending) {
    if (name.size() <= begin.size() + ending.size() || !name.starts_with(begin)
        || !name.ends_with(ending)) {
        return std::nullopt;
    }
    auto const digits = name.substr(begin.size(), name.size() - begin.size() - ending.size());
    std::int64_t number = 0;
    auto const* const end = digits.data() + digits.size();
    auto const [rest, failed] = std::from_chars(digits.data(), end, number);
    // A sign is no digit: "a--000000000000.h5" is of the stem "a-".
    if (failed != std::errc{} || rest != end || digits.front() == '-') return std::nullopt;
    return number;
}

std::string numbered(std::string_view begin, std::int64_t step, std::string_view ending) {
    std::array<char, 24> digits{};
    auto const n =
        std::snprintf(digits.data(), digits.size(), "%012lld", static_cast<long long>(step));
    return std::string(begin).append(digits.data(), static_cast<std::size_t>(n)).append(ending);
}

} // namespace

checkpoint_names::checkpoint_names(std::filesystem::path const& path)
    : directory_(path.parent_path().empty() ? "." : path.parent_path()),
      stem_(path.filename().native()),
      seen_(std::make_shared<seen_files>()) {
    if (stem_.empty() || stem_ == "." || stem_ == ".." || stem_.front() == '.') {
        raise(errc::invalid_argument,
              text("path of a store has no stem (\"",
                   path.native(),
                   "\"; \"run/state\" means files run/state-000000000000.h5)"));
    }
}

std::filesystem::path checkpoint_names::of_step(std::int64_t step) const {
    return directory_ / numbered(stem_ + '-', step, extension);
}

std::filesystem::path checkpoint_names::temporary(std::int64_t step) const {
    return directory_ / numbered('.' + stem_ + '-', step, temporary_extension);
}

std::filesystem::path checkpoint_names::lock() const {
    return directory_ / ('.' + stem_ + ".lock");
}

std::vector<std::filesystem::path> checkpoint_names::list() const {
    std::vector<std::pair<std::int64_t, std::filesystem::path>> found;
    auto failed = error_wanted();
    using entries = std::filesystem::directory_iterator;
    for (auto each = failed ? entries() : entries(directory_, failed); !failed && each != entries();
         each.increment(failed)) {
        auto const number = number_of(each->path().filename().native(), stem_ + '-', extension);
        if (number) found.emplace_back(*number, each->path());
    }
    if (failed) {
        raise(errc::io_failure,
              text("directory cannot be read (", directory_.native(), ": ", failed.message(), ")"));
    }
    std::ranges::sort(found);
    std::vector<std::filesystem::path> paths;
    paths.reserve(found.size());
    for (auto& each : found) {
        paths.push_back(std::move(each.second));
    }
    return paths;
}

std::optional<std::filesystem::path>
checkpoint_names::own(std::filesystem::path const& file) const {
    auto const here = directory_ / file.filename();
    std::error_code failed;
    bool const is_same = std::filesystem::equivalent(file, here, failed);
    if (failed || !is_same || step_of(here) < 0) return std::nullopt;
    return here;
}

std::int64_t checkpoint_names::step_of(std::filesystem::path const& file) const {
    return number_of(file.filename().native(), stem_ + '-', extension).value_or(-1);
}

std::filesystem::path checkpoint_names::pin_of(std::int64_t step) const {
    return directory_ / numbered('.' + stem_ + '-', step, pin_extension);
}

bool checkpoint_names::is_pinned(std::filesystem::path const& file) const {
    std::error_code failed; // then it is not to be seen, and stays to be on the safe side
    auto const found = std::filesystem::status(pin_of(step_of(file)), failed);
    return found.type() != std::filesystem::file_type::not_found;
}

void checkpoint_names::set_pinned(std::filesystem::path const& file, bool pinned) const {
    if (is_pinned(file) == pinned) return;
    auto const pin = pin_of(step_of(file));
    if (pinned) {
        detail::file const made(pin, file::mode::create_new);
    } else {
        std::error_code failed;
        std::filesystem::remove(pin, failed);
        if (failed) {
            raise(errc::io_failure,
                  text("pin cannot be removed (", pin.native(), ": ", failed.message(), ")"));
        }
    }
    sync_directory(directory_);
}

void checkpoint_names::sweep() const {
    std::error_code failed;
    std::vector<std::filesystem::path> dead;
    for (std::filesystem::directory_iterator each(directory_, failed), end; !failed && each != end;
         each.increment(failed)) {
        auto const name = each->path().filename().native();
        auto const pinned = number_of(name, '.' + stem_ + '-', pin_extension);
        std::error_code ignored;
        bool const is_left =
            pinned ? !std::filesystem::exists(of_step(*pinned), ignored)
                   : number_of(name, '.' + stem_ + '-', temporary_extension).has_value();
        if (is_left) dead.push_back(each->path());
    }
    for (auto const& each : dead) {
        if (remove_file(each)) continue; // the next sweep
        log(log_level::info, text("removed what a dead job left (", each.native(), ")"));
    }
}

// The new one is there: whatever happens to the old ones, the save has succeeded.
void checkpoint_names::retain(retention_rules const& rules) const {
    std::vector<std::filesystem::path> gone;
    auto const failure = failure_of([&] { gone = removable(*this, rules); });
    if (failure) log(log_level::warning, text("old checkpoints stay (", failure->text, ")"));
    for (auto const& each : gone) {
        if (auto const failed = remove_file(each)) {
            log(log_level::warning,
                text("old checkpoint cannot be removed (",
                     each.native(),
                     ": ",
                     failed.message(),
                     ")"));
        }
    }
}

store_lock::store_lock(std::filesystem::path path) : path_(std::move(path)) {
    for (;;) {
        fd_ = is_to_fail() ? -1 : ::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
        if (fd_ < 0) {
            raise(errc::io_failure,
                  text("directory cannot be written (",
                       path_.parent_path().native(),
                       ": ",
                       errno_text(errno),
                       ")"));
        }
        if (::flock(fd_, LOCK_EX | LOCK_NB) != 0) {
            auto const why = errno;
            ::close(std::exchange(fd_, -1));
            if (why != EWOULDBLOCK) return; // a file system without locks: nothing to hold
            raise(errc::busy,
                  text("store is in use (another job holds ",
                       path_.native(),
                       "; end it, or choose another path)"));
        }
        // The one before may have removed the file between our open and our lock.
        struct stat ours {};
        struct stat there {};
        if (::fstat(fd_, &ours) == 0 && ::stat(path_.c_str(), &there) == 0
            && ours.st_ino == there.st_ino) {
            return;
        }
        ::close(std::exchange(fd_, -1));
    }
}

store_lock::store_lock(store_lock&& other) noexcept
    : path_(std::move(other.path_)), fd_(std::exchange(other.fd_, -1)) {}

store_lock& store_lock::operator=(store_lock&& other) noexcept {
    std::swap(path_, other.path_);
    std::swap(fd_, other.fd_);
    return *this;
}

store_lock::~store_lock() {
    if (fd_ < 0) return;
    ::unlink(path_.c_str());
    ::close(fd_);
}

} // namespace shmwin::inline v1::detail
