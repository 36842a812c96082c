// SPDX-License-Identifier: MIT
#include "shmwin/sync/process.hpp"

#include "sync/process_stat.hpp"

#include <cerrno>
#include <csignal>
#include <dirent.h>
#include <string>
#include <sys/stat.h>
#include <unistd.h>

namespace shmwin::inline v1 {
namespace {

std::string proc_path(std::int32_t pid, char const* file) {
    return "/proc/" + std::to_string(pid) + '/' + file;
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
    auto const stat = detail::read_stat(pid);
    return {pid, stat ? stat->start_time : 0, pid_namespace_of_this_process()};
}

liveness liveness_of(process_identity const& process) {
    if (process.pid == ::getpid()) return liveness::alive;
    if (process.pid_namespace != pid_namespace_of_this_process()) return liveness::unknown;
    if (::kill(process.pid, 0) != 0 && errno == ESRCH) return liveness::dead;
    auto const stat = detail::read_stat(process.pid);
    if (!stat)
        return ::kill(process.pid, 0) != 0 && errno == ESRCH ? liveness::dead : liveness::unknown;
    if (stat->start_time != process.start_time) return liveness::dead;
    bool const ended = stat->state == 'Z' || stat->state == 'X';
    return ended && !has_more_than_one_thread(process.pid) ? liveness::dead : liveness::alive;
}

bool is_thread_gone(process_identity const& process, std::uint32_t thread) {
    if (thread == 0 || process.pid_namespace != pid_namespace_of_this_process()) return false;
    auto const id = static_cast<std::int32_t>(thread);
    if (::kill(id, 0) != 0 && errno == ESRCH) return true;
    auto const stat = detail::read_stat(id);
    return stat && (stat->state == 'Z' || stat->state == 'X');
}

} // namespace shmwin::inline v1
