// SPDX-License-Identifier: MIT
#include "c/checkpoint_told.hpp"

#include "c/texts.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>

namespace shmwin::inline v1::detail {
namespace {

// Numbers of C++'s enumerations, as they are in the header of C.
static_assert(static_cast<int>(left_out_reason::transient_object) == SHMWIN_LEFT_OUT_TRANSIENT
              && static_cast<int>(left_out_reason::unsaved) == SHMWIN_LEFT_OUT_UNSAVED
              && static_cast<int>(left_out_reason::no_element_type)
                     == SHMWIN_LEFT_OUT_NO_ELEMENT_TYPE
              && static_cast<int>(left_out_reason::by_pattern) == SHMWIN_LEFT_OUT_BY_PATTERN);
static_assert(static_cast<int>(verdict::intact) == SHMWIN_VERDICT_INTACT
              && static_cast<int>(verdict::repacked) == SHMWIN_VERDICT_REPACKED
              && static_cast<int>(verdict::damaged) == SHMWIN_VERDICT_DAMAGED);

shmwin_attribute told_of(checkpoint_attribute const& given) {
    shmwin_attribute seen{given.name.c_str(), static_cast<int>(given.value.index()), nullptr, 1};
    std::visit(
        [&](auto const& value) {
            using type = std::remove_cvref_t<decltype(value)>;
            if constexpr (std::is_arithmetic_v<type>) {
                seen.data = &value;
            } else {
                seen.data = value.data();
                seen.n = value.size();
            }
        },
        given.value);
    return seen;
}
using values = decltype(checkpoint_attribute::value);
static_assert(
    std::is_same_v<
        std::variant_alternative_t<SHMWIN_ATTRIBUTE_INT64, values>,
        std::int64_t> && std::is_same_v<std::variant_alternative_t<SHMWIN_ATTRIBUTE_DOUBLE, values>, double> && std::is_same_v<std::variant_alternative_t<SHMWIN_ATTRIBUTE_TEXT, values>, std::string> && std::is_same_v<std::variant_alternative_t<SHMWIN_ATTRIBUTE_INT64_LIST, values>, std::vector<std::int64_t>> && std::is_same_v<std::variant_alternative_t<SHMWIN_ATTRIBUTE_DOUBLE_LIST, values>, std::vector<double>>);

// What C gets is the first part of what is kept; none of these is moved or copied.
struct kept_info : shmwin_checkpoint_info {
    explicit kept_info(checkpoint_info&& info)
        : shmwin_checkpoint_info{},
          whole(std::move(info)),
          in_file(pointers_to(whole.only_in_file)),
          in_segment(pointers_to(whole.only_in_segment)) {
        for (auto const& each : whole.attributes) {
            facts.push_back(told_of(each));
        }
        static_cast<shmwin_checkpoint_info&>(*this) = {sizeof(shmwin_checkpoint_info),
                                                       whole.file.c_str(),
                                                       whole.step,
                                                       whole.time,
                                                       whole.n_ranks,
                                                       whole.created_ns,
                                                       whole.uuid.c_str(),
                                                       whole.parent_uuid.c_str(),
                                                       facts.data(),
                                                       facts.size(),
                                                       in_file.data(),
                                                       in_file.size(),
                                                       in_segment.data(),
                                                       in_segment.size()};
    }
    checkpoint_info whole;
    std::vector<char const*> in_file;
    std::vector<char const*> in_segment;
    std::vector<shmwin_attribute> facts;
};

struct kept_report : shmwin_save_report {
    explicit kept_report(save_report&& report)
        : shmwin_save_report{}, whole(std::move(report)), names(pointers_to(whole.saved)) {
        for (auto const& each : whole.left_out) {
            others.push_back({each.name.c_str(), static_cast<int>(each.reason)});
        }
        static_cast<shmwin_save_report&>(*this) = {sizeof(shmwin_save_report),
                                                   whole.file.c_str(),
                                                   whole.n_bytes,
                                                   whole.n_bytes_written,
                                                   whole.n_bytes_reused,
                                                   whole.seconds,
                                                   whole.skipped ? 1 : 0,
                                                   names.data(),
                                                   names.size(),
                                                   others.data(),
                                                   others.size()};
    }
    save_report whole;
    std::vector<char const*> names;
    std::vector<shmwin_left_out> others;
};

struct kept_verdict : shmwin_verify_report {
    explicit kept_verdict(verify_report&& report)
        : shmwin_verify_report{}, whole(std::move(report)), lines(pointers_to(whole.problems)) {
        static_cast<shmwin_verify_report&>(*this) = {sizeof(shmwin_verify_report),
                                                     static_cast<int>(whole.result),
                                                     lines.data(),
                                                     lines.size(),
                                                     whole.n_bytes};
    }
    verify_report whole;
    std::vector<char const*> lines;
};

struct kept_files : shmwin_file_list {
    explicit kept_files(std::vector<std::string>&& known)
        : shmwin_file_list{}, whole(std::move(known)), names(pointers_to(whole)) {
        static_cast<shmwin_file_list&>(*this) = {
            sizeof(shmwin_file_list), names.data(), names.size()};
    }
    std::vector<std::string> whole;
    std::vector<char const*> names;
};

} // namespace

shmwin_checkpoint_info* told(checkpoint_info&& info) {
    return std::make_unique<kept_info>(std::move(info)).release();
}

shmwin_save_report* told(save_report&& report) {
    return std::make_unique<kept_report>(std::move(report)).release();
}

shmwin_verify_report* told(verify_report&& report) {
    return std::make_unique<kept_verdict>(std::move(report)).release();
}

shmwin_file_list* told(std::vector<std::filesystem::path> const& files) {
    std::vector<std::string> texts;
    for (auto const& each : files) {
        texts.push_back(each.native());
    }
    return std::make_unique<kept_files>(std::move(texts)).release();
}

} // namespace shmwin::inline v1::detail

using namespace shmwin::detail;

extern "C" {

void shmwin_checkpoint_info_free(shmwin_checkpoint_info* info) {
    delete static_cast<kept_info*>(info);
}

void shmwin_save_report_free(shmwin_save_report* report) {
    delete static_cast<kept_report*>(report);
}

void shmwin_verify_report_free(shmwin_verify_report* report) {
    delete static_cast<kept_verdict*>(report);
}

void shmwin_file_list_free(shmwin_file_list* list) {
    delete static_cast<kept_files*>(list);
}
}
