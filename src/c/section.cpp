// SPDX-License-Identifier: MIT
// Sections of arrays.
#include "shmwin/segment/section.hpp"

#include "shmwin/c/array.h"

#include "c/arrays.hpp"
#include "c/seconds.hpp"

#include <memory>
#include <optional>
#include <utility>

using namespace shmwin::detail;

// NOLINTNEXTLINE(readability-identifier-naming): the name of the C interface
struct shmwin_section {
    std::optional<write_hold> write; ///< one of both
    std::optional<read_hold> read;
};

extern "C" {

int shmwin_array_begin_write(shmwin_array const* array, double seconds, shmwin_section** section) {
    return timed("shmwin_array_begin_write", seconds, [&](wait_deadline until) {
        need(section, "section") = nullptr;
        auto made = std::make_unique<shmwin_section>();
        auto begun = need_valid(array, "array").write_section(until);
        if (!begun) return false;
        made->write.emplace(std::move(*begun));
        *section = made.release();
        return true;
    });
}

int shmwin_array_begin_repair(shmwin_array const* array, shmwin_section** section) {
    return guard([&] {
        need(section, "section") = nullptr;
        auto made = std::make_unique<shmwin_section>();
        made->write.emplace(need_valid(array, "array").repair_section());
        *section = made.release();
    });
}

int shmwin_array_begin_read(shmwin_array const* array,
                            uint64_t version,
                            double seconds,
                            shmwin_section** section) {
    return timed("shmwin_array_begin_read", seconds, [&](wait_deadline until) {
        need(section, "section") = nullptr;
        auto made = std::make_unique<shmwin_section>();
        auto begun = need_valid(array, "array").read_section(version, until);
        if (!begun) return false;
        made->read.emplace(std::move(*begun));
        *section = made.release();
        return true;
    });
}

uint64_t shmwin_section_version(shmwin_section const* section) {
    if (section == nullptr) return 0;
    return section->write ? section->write->version() : section->read->version();
}

int shmwin_section_is_repair(shmwin_section const* section) {
    return section != nullptr && section->write && section->write->is_repair() ? 1 : 0;
}

void shmwin_section_end(shmwin_section* section) {
    if (section != nullptr && section->write) section->write->end(true);
    delete section;
}

void shmwin_section_give_up(shmwin_section* section) {
    if (section != nullptr && section->write) section->write->end(false);
    delete section;
}
}
