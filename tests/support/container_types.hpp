// SPDX-License-Identifier: MIT
// Elements for tests of containers. Included before all else: what it silences stands in
// libstdc++'s lines, and is silenced only in those that come after it.
#pragma once

// As container.hpp says of strings. And of what allocators give, optimising g++ 12 fears that it is
// null: an offset_ptr may be.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#pragma GCC diagnostic ignored "-Wnull-dereference"
#endif

#include "shmwin/base/type_id.hpp"
#include "shmwin/memory/allocator.hpp"
#include "shmwin/memory/container.hpp"

#include <string_view>
#include <utility>

namespace app {

struct particle {
    double x;
    int owner;
};

// Takes the allocator of what it stands in, as containers do. Nobody named it.
struct team {
    using allocator_type = shmwin::allocator<>;

    team(std::string_view called, allocator_type const& from) : name(called, from), members(from) {}
    team(team&& other) noexcept = default;
    team(team&& other, allocator_type const& from)
        : name(std::move(other.name), from), members(std::move(other.members), from) {}
    team(team const&) = delete;
    team& operator=(team const&) = delete;
    team& operator=(team&&) = delete;
    ~team() = default;

    shmwin::string name;
    shmwin::vector<int> members;
};

} // namespace app
SHMWIN_NAME(app::particle, "app.particle/1");
