// SPDX-License-Identifier: MIT
#include "shmwin/segment/per_rank_access.hpp"

#include <map>
#include <mutex>

namespace shmwin::inline v1::detail {
namespace {

struct kept_accesses {
    std::mutex changing;
    std::map<std::uint64_t, per_rank_access> by_type;
};

kept_accesses& kept() {
    static kept_accesses all;
    return all;
}

} // namespace

void keep_access(std::uint64_t type_hash, per_rank_access const& access) {
    auto& all = kept();
    std::scoped_lock const hold(all.changing);
    all.by_type.insert_or_assign(type_hash, access);
}

std::optional<per_rank_access> access_of(std::uint64_t type_hash) {
    auto& all = kept();
    std::scoped_lock const hold(all.changing);
    auto const found = all.by_type.find(type_hash);
    if (found == all.by_type.end()) return std::nullopt;
    return found->second;
}

} // namespace shmwin::inline v1::detail
