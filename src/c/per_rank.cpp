// SPDX-License-Identifier: MIT
#include "shmwin/c/per_rank.h"

#include "shmwin/segment/any_per_rank.hpp"

#include "c/containers.hpp"
#include "c/dtype.hpp"
#include "c/named.hpp"

#include <cstddef>
#include <string>

// NOLINTNEXTLINE(readability-identifier-naming): the name of the C interface
struct shmwin_per_rank {
    shmwin::any_per_rank is;
};

using namespace shmwin::detail;

namespace {

// What a view shows, as an address and a count.
template <typename Bytes>
void give(Bytes first, shmwin::any_view const& all, Bytes* elements, size_t* n) {
    need(elements, "elements") = nullptr;
    need(n, "n") = static_cast<std::size_t>(all.size());
    *elements = first;
}

} // namespace

extern "C" {

int shmwin_per_rank_create(shmwin_segment* segment,
                           char const* name,
                           shmwin_dtype const* type,
                           shmwin_container_options const* options,
                           shmwin_per_rank** vectors) {
    return make_handle(segment, name, vectors, [&](auto const& names, auto const& given) {
        return names.create_per_rank(
            given, need_dtype(type), container_options(options), call_line());
    });
}

int shmwin_per_rank_find(shmwin_segment const* segment,
                         char const* name,
                         shmwin_per_rank** vectors) {
    return make_handle(segment, name, vectors, [](auto const& names, auto const& given) {
        return names.find_any_per_rank(given);
    });
}

int shmwin_per_rank_destroy(shmwin_segment* segment, shmwin_per_rank const* vectors) {
    return guard([&] { names_of(segment).destroy(need(vectors, "vectors").is, call_line()); });
}

void shmwin_per_rank_free_handle(shmwin_per_rank* vectors) {
    delete vectors;
}

int shmwin_per_rank_append(shmwin_per_rank const* vectors, void const* elements, size_t n) {
    return guard([&] {
        auto const& to = need(vectors, "vectors").is;
        if (n == 0) return;
        to.append(&need(static_cast<std::byte const*>(elements), "elements"), n);
    });
}

int shmwin_per_rank_resize(shmwin_per_rank const* vectors, size_t n) {
    return guard([&] { need(vectors, "vectors").is.resize(n); });
}

int shmwin_per_rank_reserve(shmwin_per_rank const* vectors, size_t n) {
    return guard([&] { need(vectors, "vectors").is.reserve(n); });
}

int shmwin_per_rank_clear(shmwin_per_rank const* vectors) {
    return guard([&] { need(vectors, "vectors").is.clear(); });
}

int shmwin_per_rank_mine(shmwin_per_rank const* vectors, void** elements, size_t* n) {
    return guard([&] {
        auto const all = need(vectors, "vectors").is.mine();
        give(all.writable_data(), all, elements, n);
    });
}

int shmwin_per_rank_of(shmwin_per_rank const* vectors, int rank, void const** elements, size_t* n) {
    return guard([&] {
        auto const& is = need(vectors, "vectors").is;
        if (rank < 0 || rank >= is.size()) {
            shmwin::raise(shmwin::errc::out_of_range,
                          "no such rank (" + std::to_string(rank) + " of "
                              + std::to_string(is.size()) + ")");
        }
        auto const all = is[rank];
        give(all.data(), all, elements, n);
    });
}

int shmwin_per_rank_size(shmwin_per_rank const* vectors) {
    return vectors == nullptr ? 0 : vectors->is.size();
}

shmwin_dtype const* shmwin_per_rank_dtype(shmwin_per_rank const* vectors) {
    return vectors == nullptr ? nullptr : handle_of(vectors->is.type());
}
}
