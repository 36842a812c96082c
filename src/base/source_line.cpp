// SPDX-License-Identifier: MIT
#include "shmwin/base/source_line.hpp"

#include <exception>
#include <mutex>
#include <string>
#include <unordered_set>

namespace shmwin::inline v1 {

// The set is never destroyed: lines are read until the process ends.
source_line source_line::kept(std::string_view file, unsigned line) noexcept {
    try {
        static auto& names = *new std::unordered_set<std::string>; // NOLINT(*-owning-memory)
        static std::mutex changing;
        std::lock_guard const lock(changing);
        return {names.emplace(file).first->c_str(), line};
    } catch (std::exception const&) {
        return {};
    }
}

} // namespace shmwin::inline v1
