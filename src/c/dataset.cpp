// SPDX-License-Identifier: MIT
#include "shmwin/c/dataset.h"

#include "shmwin/io/read_dataset.hpp"

#ifdef SHMWIN_HAS_IO // else: without_io.cpp

#include "c/arrays.hpp"
#include "c/named.hpp"

#include <filesystem>
#include <string>

using namespace shmwin::detail;

extern "C" int shmwin_read_dataset(shmwin_segment* segment,
                                   char const* name,
                                   char const* file,
                                   char const* path,
                                   shmwin_array_options const* options,
                                   shmwin_array** array) {
    return make_handle(segment, name, array, [&](auto const& names, auto const& given) {
        auto const asked = asked_of(options);
        if (asked.order != shmwin::memory_order_kind::right) {
            shmwin::raise(shmwin::errc::invalid_argument,
                          "data sets are read in C order (order "
                              + std::to_string(static_cast<int>(asked.order)) + ")");
        }
        std::filesystem::path const from(need_text(file, "file"));
        std::string const inside(need_text(path, "path"));
        return shmwin::read_dataset(names, given, from, inside, asked.options, call_line());
    });
}

#endif // SHMWIN_HAS_IO
