// SPDX-License-Identifier: MIT
// Names of a segment and of its groups.
#include "shmwin/c/segment.h"
#include "shmwin/segment/object_info.hpp"

#include "c/dtype.hpp"
#include "c/handles.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace {

// The enumerators of C are the same numbers.
template <typename Enumeration>
constexpr bool is_same(int in_c, Enumeration in_cpp) {
    return in_c == static_cast<int>(in_cpp);
}
static_assert(is_same(SHMWIN_OBJECT_ARRAY, shmwin::object_kind::array));
static_assert(is_same(SHMWIN_OBJECT_LEVELS, shmwin::object_kind::levels));
static_assert(is_same(SHMWIN_OBJECT_VALUE, shmwin::object_kind::value));
static_assert(is_same(SHMWIN_OBJECT_OBJECT, shmwin::object_kind::object));
static_assert(is_same(SHMWIN_OBJECT_PER_RANK, shmwin::object_kind::per_rank));
static_assert(is_same(SHMWIN_OBJECT_SYNC, shmwin::object_kind::sync));
static_assert(is_same(SHMWIN_OBJECT_SYNCHRONIZED, shmwin::object_kind::synchronized));
static_assert(is_same(SHMWIN_OBJECT_QUEUE, shmwin::object_kind::queue));
static_assert(is_same(SHMWIN_ORDER_NONE, shmwin::memory_order_kind::none));
static_assert(is_same(SHMWIN_ORDER_C, shmwin::memory_order_kind::right));
static_assert(is_same(SHMWIN_ORDER_FORTRAN, shmwin::memory_order_kind::left));
static_assert(is_same(SHMWIN_ORDER_STRIDED, shmwin::memory_order_kind::strided));

// What C sees of an object, and what that points to. Does not move.
struct kept_info {
    shmwin_object_info seen{}; // first: it is known to the caller by its address
    shmwin::object_info whole;

    explicit kept_info(shmwin::object_info&& found) : whole(std::move(found)) {
        if (whole.where == ":0") whole.where.clear(); // nobody told
        seen = {sizeof seen,
                whole.name.c_str(),
                static_cast<int>(whole.kind),
                static_cast<int>(whole.order),
                whole.type.c_str(),
                whole.element ? shmwin::detail::handle_of(*whole.element) : nullptr,
                whole.shape.data(),
                whole.shape.size(),
                whole.n_bytes,
                whole.offset,
                whole.where.c_str(),
                whole.created_ns,
                whole.creator,
                whole.saved ? 1 : 0,
                whole.foreign ? 1 : 0};
    }
    kept_info(kept_info const&) = delete;
    kept_info(kept_info&&) = delete;
    kept_info& operator=(kept_info const&) = delete;
    kept_info& operator=(kept_info&&) = delete;
    ~kept_info() = default;
};

} // namespace

// NOLINTNEXTLINE(readability-identifier-naming): the name of the C interface
struct shmwin_object_list {
    std::vector<std::unique_ptr<kept_info>> all;
};

using namespace shmwin::detail;

extern "C" {

int shmwin_segment_group(shmwin_segment const* segment, char const* name, shmwin_segment** group) {
    return guard([&] {
        need(group, "group") = nullptr;
        auto names = names_of(segment).group(need_text(name, "name"));
        *group = new shmwin_segment{segment->whole, std::move(names)};
    });
}

char const* shmwin_segment_prefix(shmwin_segment const* segment) {
    return segment == nullptr ? "" : segment->names.prefix().c_str();
}

int shmwin_segment_contains(shmwin_segment const* segment, char const* name, int* is_there) {
    return guard([&] {
        need(is_there, "is_there") = names_of(segment).contains(need_text(name, "name")) ? 1 : 0;
    });
}

int shmwin_segment_info(shmwin_segment const* segment,
                        char const* name,
                        shmwin_object_info** info) {
    return guard([&] {
        need(info, "info") = nullptr;
        auto found = names_of(segment).info(need_text(name, "name"));
        if (!found) {
            shmwin::raise(shmwin::errc::not_found,
                          std::string("no such object (\"") + name
                              + "\"; shmwin_segment_list() names all)");
        }
        *info = &(new kept_info(std::move(*found)))->seen;
    });
}

void shmwin_object_info_free(shmwin_object_info* info) {
    static_assert(offsetof(kept_info, seen) == 0);
    delete reinterpret_cast<kept_info*>(info);
}

int shmwin_segment_list(shmwin_segment const* segment, shmwin_object_list** list) {
    return guard([&] {
        need(list, "list") = nullptr;
        auto made = std::make_unique<shmwin_object_list>();
        for (auto& each : names_of(segment).list()) {
            made->all.push_back(std::make_unique<kept_info>(std::move(each)));
        }
        *list = made.release();
    });
}

size_t shmwin_object_list_size(shmwin_object_list const* list) {
    return list == nullptr ? 0 : list->all.size();
}

shmwin_object_info const* shmwin_object_list_at(shmwin_object_list const* list, size_t index) {
    return index < shmwin_object_list_size(list) ? &list->all[index]->seen : nullptr;
}

void shmwin_object_list_free(shmwin_object_list* list) {
    delete list;
}

int shmwin_segment_destroy(shmwin_segment* segment, char const* name) {
    return guard([&] { names_of(segment).destroy_any(need_text(name, "name"), call_line()); });
}

int shmwin_segment_who_holds(shmwin_segment const* segment,
                             char const* name,
                             int* rank,
                             uint32_t* thread) {
    return guard([&] {
        auto const holder = names_of(segment).who_holds(need_text(name, "name"));
        need(rank, "rank") = holder ? holder->rank : -1;
        if (thread != nullptr) *thread = holder ? holder->thread : 0;
    });
}
}
