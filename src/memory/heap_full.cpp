// SPDX-License-Identifier: MIT
// What the error says when a segment is full: also where its memory went.
#include "shmwin/base/error.hpp"
#include "shmwin/base/text.hpp"
#include "shmwin/memory/directory.hpp"
#include "shmwin/memory/heap.hpp"

#include <algorithm>
#include <functional>

namespace shmwin::inline v1 {
namespace {

constexpr std::size_t n_shown = 3;

std::string line_of(detail::object_record const& record) {
    bool const has_shape = !record.shape().empty();
    return detail::text('"',
                        record.name_text(),
                        "\" (",
                        record.n_bytes,
                        " bytes, ",
                        record.type_text(),
                        has_shape ? " " : "",
                        has_shape ? detail::shape_text(record.shape()) : "",
                        ", ",
                        record.file.data(),
                        ':',
                        record.line,
                        ')');
}

// The largest objects that have a name.
std::string largest_of(detail::directory const& names) {
    auto all = names.list();
    std::erase_if(all, [](auto const& each) { return each.record.is_foreign(); });
    auto const n = std::min(all.size(), n_shown);
    std::ranges::partial_sort(all,
                              all.begin() + static_cast<std::ptrdiff_t>(n),
                              std::ranges::greater{},
                              [](auto const& each) { return each.record.n_bytes; });
    std::string text;
    all.resize(n);
    for (auto const& each : all) {
        text += (text.empty() ? "; largest objects: " : ", ") + line_of(each.record);
    }
    return text;
}

} // namespace

void heap::raise_full(std::size_t n_bytes) const {
    auto const numbers = stats();
    detail::directory const names(*this, slabs_.who(), slabs_.policy());
    raise(errc::out_of_memory,
          detail::text("segment is full (",
                       detail::bytes_text(n_bytes),
                       " asked for, ",
                       detail::bytes_text(numbers.free),
                       " free of ",
                       detail::bytes_text(numbers.capacity),
                       ", largest free block ",
                       detail::bytes_text(numbers.largest_free),
                       "; raise .capacity or SHMWIN_CAPACITY",
                       largest_of(names), // last: errors that ranks share have room for so much
                       ')'));
}

} // namespace shmwin::inline v1
