// SPDX-License-Identifier: MIT
#include "mpi/space.hpp"

#include "shmwin/base/environment.hpp"
#include "shmwin/base/literals.hpp"

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <limits>
#include <optional>
#include <sstream>
#include <sys/statvfs.h>
#include <unistd.h>

namespace shmwin::inline v1::detail {
namespace {

using namespace literals;

constexpr auto unknown = std::numeric_limits<std::size_t>::max();

std::optional<std::size_t> read_number(std::string const& path) {
    std::ifstream in(path);
    std::size_t number = 0;
    if (in >> number) return number;
    return std::nullopt; // no such file, or "max"
}

// /proc/meminfo: "MemAvailable:   12345 kB"
std::size_t machine_memory() {
    std::ifstream in("/proc/meminfo");
    std::string key;
    std::size_t kib = 0;
    std::string unit;
    while (in >> key >> kib) {
        std::getline(in, unit);
        if (key == "MemAvailable:") return kib * 1_KiB;
    }
    return unknown;
}

// What a limit leaves. Memory that the kernel can take back at once counts as free.
std::size_t
left(std::optional<std::size_t> limit, std::optional<std::size_t> used, std::size_t reclaimable) {
    if (!limit || !used) return unknown;
    auto const really_used = *used - std::min(*used, reclaimable);
    return *limit - std::min(*limit, really_used);
}

std::size_t value_of(std::string const& path, std::string const& wanted) {
    std::ifstream in(path);
    std::string key;
    std::size_t number = 0;
    while (in >> key >> number) {
        if (key == wanted) return number;
    }
    return 0;
}

// Version 2: the process's group and all above it; version 1: the process's group.
std::size_t cgroup_memory() {
    std::ifstream in("/proc/self/cgroup");
    std::size_t least = unknown;
    for (std::string line; std::getline(in, line);) {
        auto const first = line.find(':');
        auto const second = line.find(':', first + 1);
        if (first == std::string::npos || second == std::string::npos) continue;
        auto const controllers = line.substr(first + 1, second - first - 1);
        auto group = line.substr(second + 1);
        if (controllers.empty()) {
            for (;;) {
                auto const folder = "/sys/fs/cgroup" + group + '/';
                least = std::min(least,
                                 left(read_number(folder + "memory.max"),
                                      read_number(folder + "memory.current"),
                                      value_of(folder + "memory.stat", "inactive_file")));
                auto const slash = group.rfind('/');
                if (slash == std::string::npos || group.size() <= 1) break;
                group.resize(slash);
            }
        } else if (controllers.find("memory") != std::string::npos) {
            auto const folder = "/sys/fs/cgroup/memory" + group + '/';
            least = std::min(least,
                             left(read_number(folder + "memory.limit_in_bytes"),
                                  read_number(folder + "memory.usage_in_bytes"),
                                  value_of(folder + "memory.stat", "inactive_file")));
        }
    }
    return least;
}

} // namespace

std::string backing_directory() {
    if (auto const chosen = environment("OMPI_MCA_osc_sm_backing_directory")) return *chosen;
    return "/dev/shm";
}

space memory_space() {
    auto const machine = machine_memory();
    auto const group = cgroup_memory();
    if (group < machine) return {group, "memory cgroup"};
    return {machine, "memory"};
}

space file_space(std::string const& directory) {
    auto const memory = memory_space();
    struct statvfs about {};
    if (::statvfs(directory.c_str(), &about) != 0) return {0, directory + " (not there)"};
    auto const free = static_cast<std::size_t>(about.f_bavail) * about.f_frsize;
    return free < memory.available ? space{free, directory} : memory;
}

std::size_t reserve_for(int n_ranks) {
    if (auto const chosen = environment_bytes("SHMWIN_RESERVE")) return *chosen;
    return std::max(16_MiB, static_cast<std::size_t>(n_ranks) * 8_MiB);
}

std::size_t space_meter::ask() const {
    auto const found = directory_.empty() ? memory_space() : file_space(directory_);
    if (found.available == unknown) return unknown;
    return found.available - std::min(found.available, reserve_);
}

std::size_t space_meter::room(void* meter, std::size_t wanted) {
    auto& self = *static_cast<space_meter*>(meter);
    auto credit = self.credit_.load(std::memory_order_relaxed);
    while (credit >= wanted) {
        if (self.credit_.compare_exchange_weak(credit, credit - wanted)) return credit;
    }
    auto const found = self.ask();
    if (found == unknown || found < wanted) return found;
    self.credit_.store(std::min(found - wanted, 1_MiB), std::memory_order_relaxed);
    return found;
}

} // namespace shmwin::inline v1::detail
