// SPDX-License-Identifier: MIT
#include "sync/process_stat.hpp"

#include <array>
#include <charconv>
#include <fcntl.h>
#include <string_view>
#include <unistd.h>

namespace shmwin::inline v1::detail {
namespace {

// "/proc/4242/stat"
std::array<char, 32> stat_path(std::int32_t pid) noexcept {
    constexpr std::string_view before = "/proc/";
    constexpr std::string_view behind = "/stat";
    std::array<char, 32> path{};
    before.copy(path.data(), before.size());
    auto* const end =
        std::to_chars(path.data() + before.size(), path.data() + path.size(), pid).ptr;
    behind.copy(end, behind.size()); // a number has at most 11 characters
    return path;
}

std::size_t read_small_file(char const* path, std::array<char, 2048>& into) noexcept {
    int const fd = ::open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return 0;
    auto const n = ::read(fd, into.data(), into.size());
    ::close(fd);
    return n > 0 ? static_cast<std::size_t>(n) : 0;
}

} // namespace

// Fields 3 (state) and 22 (start time); field 2, the name, may hold blanks and parentheses.
std::optional<process_stat> read_stat(std::int32_t pid) noexcept {
    std::array<char, 2048> buffer; // NOLINT(*-member-init): as much as is read
    std::string_view rest(buffer.data(), read_small_file(stat_path(pid).data(), buffer));
    auto const name_end = rest.rfind(')');
    if (name_end == std::string_view::npos || name_end + 2 >= rest.size()) return std::nullopt;
    rest.remove_prefix(name_end + 2);
    process_stat stat{rest[0], 0};
    for (int field = 3; field < 22; ++field) {
        auto const blank = rest.find(' ');
        if (blank == std::string_view::npos) return std::nullopt;
        rest.remove_prefix(blank + 1);
    }
    std::from_chars(rest.data(), rest.data() + rest.size(), stat.start_time);
    return stat;
}

} // namespace shmwin::inline v1::detail
