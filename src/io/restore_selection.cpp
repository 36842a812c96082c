// SPDX-License-Identifier: MIT
#include "io/restore_selection.hpp"

#include "shmwin/base/error.hpp"
#include "shmwin/base/text.hpp"
#include "shmwin/base/type_id.hpp"

#include "io/inventory.hpp"
#include "io/per_rank_parts.hpp"
#include "segment/request.hpp"

#include <algorithm>
#include <optional>
#include <string_view>

namespace shmwin::inline v1::detail {
namespace {

constexpr std::size_t most_names = 20;

// "a", "b" and 3 more
std::string list_of(std::vector<std::string> const& names) {
    std::string all;
    for (std::size_t i = 0; i < std::min(names.size(), most_names); ++i) {
        all += text(i == 0 ? "\"" : ", \"", names[i], '"');
    }
    if (names.size() > most_names) all += text(" and ", names.size() - most_names, " more");
    return all;
}

void check_writable(segment_core const& target, directory_entry const& entry) {
    auto const name = entry.record.name_text();
    if (!target.foreign(entry.index, entry.record.generation, name)->read_only) return;
    raise(errc::invalid_argument,
          text("object cannot be restored (\"",
               name,
               "\" was adopted as const; adopt it with .saved = false before saving, or leave it "
               "out with .except)"));
}

bool is_number(dtype const& type) {
    return type.kind() == dtype_kind::signed_integer || type.kind() == dtype_kind::unsigned_integer
           || type.kind() == dtype_kind::floating;
}

// Those whose values mean the same in either type.
bool are_convertible(dtype const& from, dtype const& to) {
    bool const are_complex = from.kind() == dtype_kind::complex && to.kind() == dtype_kind::complex;
    return are_complex || (is_number(from) && is_number(to));
}

class selector {
  public:
    selector(segment_core const& target,
             std::vector<stored_object> const& stored,
             restore_options const& asked)
        : target_(target), stored_(stored), asked_(asked), chosen_(asked) {}

    void look_at_file() {
        for (auto const& each : stored_) {
            if (!chosen_.takes(std::string(each.object_name()))) continue;
            auto const found = target_.look_up(each.object_name());
            if (!found) {
                add_missing(each);
                continue;
            }
            if (check(each, *found)) selected_.converted.push_back(selected_.objects.size());
            selected_.objects.push_back(each);
        }
    }

    void look_at_segment(name_filter const& saved) {
        std::vector<std::string_view> names; // sorted: of data sets they are not
        for (auto const& each : stored_) {
            names.push_back(each.object_name());
        }
        std::ranges::sort(names);
        for (auto const& entry : target_.names().list()) {
            if (is_passed_over(entry.record) || reason_to_leave_out(entry.record)) continue;
            auto name = std::string(entry.record.name_text());
            bool const is_in_file = std::ranges::binary_search(names, std::string_view(name));
            if (is_in_file || !chosen_.takes(name) || !saved.takes(name)) continue;
            selected_.only_in_segment.push_back(std::move(name));
        }
    }

    // Objects of the file alone can be created, but for those whose types only the program knows.
    restore_selection result() && {
        bool const may_differ = asked_.partial;
        if (!may_differ && !(selected_.only_in_segment.empty() && lacks_containers_.empty()))
            raise_differences();
        return std::move(selected_);
    }

  private:
    void add_missing(stored_object const& each) {
        if (each.is_offsets()) { // its data came before
            return;
        }
        selected_.only_in_file.emplace_back(each.object_name());
        if (asked_.partial) return;
        if (each.kind == object_kind::per_rank) {
            lacks_containers_.emplace_back(each.object_name());
            return;
        }
        selected_.created.push_back(selected_.objects.size());
        selected_.objects.push_back(each);
    }

    // True if it is to be converted.
    [[nodiscard]] bool check(stored_object const& each, directory_entry const& entry) const {
        if (each.kind == object_kind::per_rank) return check_containers(each, entry);
        target_.require_thawed("restore", entry.index, entry.record.generation);
        auto record = entry.record;
        if (record.order == memory_order_kind::strided) record.order = each.order; // any
        auto const from = *dtype_of_signature(each.type);
        auto const to = other_type(from, record);
        auto const type = type_id_of(to.value_or(from));
        check_match(target_, record, request_of(each, type), true, "in the checkpoint");
        if (record.is_foreign()) check_writable(target_, entry);
        return to.has_value();
    }

    [[nodiscard]] bool check_containers(stored_object const& each,
                                        directory_entry const& entry) const {
        if (each.is_offsets()) {
            check_number_of_ranks(each);
            return false;
        }
        auto const from = *dtype_of_signature(each.type);
        bool const is_container = entry.record.kind == object_kind::per_rank;
        auto const to = is_container ? other_type(from, entry.record) : std::nullopt;
        if (!to) check_per_rank_fit(target_, each, entry.record);
        return to.has_value();
    }

    void check_number_of_ranks(stored_object const& offsets) const {
        auto const n_ranks = offsets.shape.front() - 1;
        bool const is_taken = asked_.other_ranks == other_ranks::redistribute;
        if (is_taken || n_ranks == target_.n_ranks()) return;
        raise(errc::shape_mismatch,
              text("number of ranks differs (\"",
                   offsets.object_name(),
                   "\" of the checkpoint is of ",
                   n_ranks,
                   " ranks, here are ",
                   target_.n_ranks(),
                   "; other_ranks::redistribute gives each its part of the whole)"));
    }

    // The type that elements of `from` are converted to; nothing if they are not.
    [[nodiscard]] std::optional<dtype> other_type(dtype const& from,
                                                  object_record const& record) const {
        if (!asked_.convert || !record.has_dtype) return std::nullopt;
        auto const to = target_.element_of(record);
        bool const differs = to && to->signature() != from.signature();
        return differs && are_convertible(from, *to) ? to : std::nullopt;
    }

    [[noreturn]] void raise_differences() const {
        std::string what;
        auto const add = [&](std::vector<std::string> const& names, char const* said) {
            if (!names.empty()) what += (what.empty() ? "" : "; ") + list_of(names) + said;
        };
        add(selected_.only_in_segment, " of the segment: not in the checkpoint");
        add(selected_.only_in_file, " of the checkpoint: not in the segment");
        if (!lacks_containers_.empty()) {
            what += text("; per-rank containers are not created from a file: call create_per_rank "
                         "before restoring ",
                         list_of(lacks_containers_));
        }
        raise(errc::not_found,
              text("objects of segment and checkpoint differ (",
                   what,
                   "; .partial restores what both have)"));
    }

    segment_core const& target_;
    std::vector<stored_object> const& stored_;
    restore_options const& asked_;
    name_filter chosen_;
    restore_selection selected_;
    std::vector<std::string> lacks_containers_;
};

} // namespace

restore_selection select_objects(segment_core const& target,
                                 std::vector<stored_object> const& stored,
                                 restore_options const& asked,
                                 name_filter const& saved) {
    selector all(target, stored, asked);
    all.look_at_file();
    all.look_at_segment(saved);
    return std::move(all).result();
}

} // namespace shmwin::inline v1::detail
