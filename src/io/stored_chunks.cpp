// SPDX-License-Identifier: MIT
#include "io/stored_chunks.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace shmwin::inline v1::detail {
namespace {

bool is_shuffled_and_deflated(hid_t list) {
    if (H5Pget_nfilters(list) != 2) return false;
    auto const filter = [list](unsigned index) {
        unsigned flags = 0;
        std::size_t n_values = 0;
        unsigned config = 0;
        return H5Pget_filter2(list, index, &flags, &n_values, nullptr, 0, nullptr, &config);
    };
    return filter(0) == H5Z_FILTER_SHUFFLE && filter(1) == H5Z_FILTER_DEFLATE;
}

std::vector<std::uint64_t> extents_of(hid_t dataset) {
    h5_handle const space(H5Dget_space(dataset), H5Sclose);
    auto const n = std::max(0, H5Sget_simple_extent_ndims(space.get()));
    std::vector<hsize_t> extents(static_cast<std::size_t>(n));
    H5Sget_simple_extent_dims(space.get(), extents.data(), nullptr);
    return {extents.begin(), extents.end()};
}

} // namespace

std::optional<chunk_grid> grid_of(hid_t dataset) {
    auto const extents = extents_of(dataset);
    if (extents.empty() || std::ranges::find(extents, 0U) != extents.end()) return std::nullopt;
    h5_handle const list(H5Dget_create_plist(dataset), H5Pclose);
    if (H5Pget_layout(list.get()) != H5D_CHUNKED || !is_shuffled_and_deflated(list.get())) {
        return std::nullopt;
    }
    std::vector<hsize_t> chunk(extents.size());
    if (H5Pget_chunk(list.get(), static_cast<int>(chunk.size()), chunk.data()) < 0) {
        return std::nullopt;
    }
    h5_handle const type(H5Dget_type(dataset), H5Tclose);
    return chunk_grid::of_chunk(extents, {chunk.begin(), chunk.end()}, H5Tget_size(type.get()));
}

bool find_places(hid_t dataset, stored_chunks& of) {
    auto const extents = extents_of(dataset);
    h5_handle const space(H5Dget_space(dataset), H5Sclose);
    std::vector<hsize_t> first(extents.size());
    for (std::uint64_t i = 0; i < of.all.size(); ++i) {
        unsigned skipped_filters = 0;
        haddr_t address = HADDR_UNDEF;
        hsize_t n_bytes = 0;
        bool const is_there =
            H5Dget_chunk_info(
                dataset, space.get(), i, first.data(), &skipped_filters, &address, &n_bytes)
            >= 0;
        auto const number = of.grid.number_of({first.begin(), first.end()}, extents);
        bool const is_right = is_there && skipped_filters == 0 && address != HADDR_UNDEF
                              && number < of.all.size() && of.all[number].n_bytes == n_bytes;
        if (!is_right) return false;
        of.all[number].offset = address;
    }
    return true;
}

} // namespace shmwin::inline v1::detail
