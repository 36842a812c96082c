// SPDX-License-Identifier: MIT
#include "shmwin/sync/process.hpp"

#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <dirent.h>
#include <fcntl.h>
#include <optional>
#include <string>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>

namespace shmwin::inline v1 {
namespace {

struct proc_stat {
    char state;
    std::uint64_t start_time;
};

std::string proc_path(std::int32_t pid, char const* file) {
    return "/proc/" + std::to_string(pid) + '/' + file;
}

std::string read_small_file(std::string const& path) {
    std::array<char, 2048> buffer{};
    int const fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return {};
    auto const n = ::read(fd, buffer.data(), buffer.size());
    ::close(fd);
    return n > 0 ? std::string(buffer.data(), static_cast<std::size_t>(n)) : std::string();
}

// Fields 3 (state) and 22 (start time); field 2, the name, may hold blanks and parentheses.
std::optional<proc_stat> read_stat(std::int32_t pid) {
    auto const whole = read_small_file(proc_path(pid, "stat"));
    auto const name_end = whole.rfind(')');
    if (name_end == std::string::npos || name_end + 2 >= whole.size()) return std::nullopt;
    std::string_view rest = std::string_view(whole).substr(name_end + 2);
    proc_stat stat{rest[0], 0};
    for (int field = 3; field < 22; ++field) {
        auto const blank = rest.find(' ');
        if (blank == std::string_view::npos) return std::nullopt;
        rest.remove_prefix(blank + 1);
    }
    std::from_chars(rest.data(), rest.data() + rest.size(), stat.start_time);
    return stat;
}

std::uint64_t pid_namespace_of_this_process() {
    struct stat about {};
    return ::stat("/proc/self/ns/pid", &about) == 0 ? about.st_ino : 0;
}

// A process whose first thread has ended is shown as a zombie while its other threads live on.
bool has_more_than_one_thread(std::int32_t pid) {
    DIR* const tasks = ::opendir(proc_path(pid, "task").c_str());
    if (tasks == nullptr) return errno != ENOENT; // no room to look: it may live
    int n_tasks = 0;
    while (auto const* entry = ::readdir(tasks)) { // NOLINT(concurrency-mt-unsafe): own stream
        if (entry->d_name[0] != '.') ++n_tasks;
    }
    ::closedir(tasks);
    return n_tasks > 1;
}

} // namespace

process_identity this_process() {
    auto const pid = static_cast<std::int32_t>(::getpid());
    auto const stat = read_stat(pid);
    return {pid, stat ? stat->start_time : 0, pid_namespace_of_this_process()};
}

liveness liveness_of(process_identity const& process) {
    if (process.pid == ::getpid()) return liveness::alive;
    if (process.pid_namespace != pid_namespace_of_this_process()) return liveness::unknown;
    if (::kill(process.pid, 0) != 0 && errno == ESRCH) return liveness::dead;
    auto const stat = read_stat(process.pid);
    if (!stat)
        return ::kill(process.pid, 0) != 0 && errno == ESRCH ? liveness::dead : liveness::unknown;
    if (stat->start_time != process.start_time) return liveness::dead;
    bool const ended = stat->state == 'Z' || stat->state == 'X';
    return ended && !has_more_than_one_thread(process.pid) ? liveness::dead : liveness::alive;
}

} // namespace shmwin::inline v1
