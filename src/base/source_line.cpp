// SPDX-License-Identifier: MIT
#include "shmwin/base/source_line.hpp"

#include <exception>
#include <mutex>
#include <string>
#include <unordered_set>

namespace shmwin::inline v1 {

// Not destroyed with the statics: lines are read until the process ends.
source_line source_line::kept(std::string_view file, unsigned line) noexcept {
    try {
        // NOLINTNEXTLINE(*-owning-memory, *-avoid-non-const-global-variables): never destroyed
        static auto& names = *new std::unordered_set<std::string>;
        static std::mutex changing;
        std::lock_guard const lock(changing);
        return {names.emplace(file).first->c_str(), line};
    } catch (std::exception const&) {
        return {};
    }
}

} // namespace shmwin::inline v1
