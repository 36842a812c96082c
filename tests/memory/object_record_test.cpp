// SPDX-License-Identifier: MIT
// The record of a named object is written into segments: its layout and numbers never change
// within a layout version.
#include "shmwin/memory/directory.hpp"
#include "shmwin/memory/object_record.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <string_view>
#include <type_traits>

namespace shmwin {
namespace {

using detail::directory_state;
using detail::object_head;
using detail::object_record;

static_assert(
    std::is_trivially_copyable_v<object_record> && std::is_standard_layout_v<object_record>);
static_assert(sizeof(object_record) == 504 && alignof(object_record) == 8);
static_assert(offsetof(object_record, name_hash) == 0);
static_assert(offsetof(object_record, type_hash) == 8);
static_assert(offsetof(object_record, offset) == 16);
static_assert(offsetof(object_record, generation) == 24);
static_assert(offsetof(object_record, kind) == 28);
static_assert(offsetof(object_record, order) == 29);
static_assert(offsetof(object_record, n_extents) == 30);
static_assert(offsetof(object_record, n_levels) == 31);
static_assert(offsetof(object_record, name) == 32);
static_assert(offsetof(object_record, extents) == 288);
static_assert(offsetof(object_record, n_bytes) == 352);
static_assert(offsetof(object_record, created_ns) == 360);
static_assert(offsetof(object_record, creator) == 368);
static_assert(offsetof(object_record, line) == 372);
static_assert(offsetof(object_record, element_bytes) == 376);
static_assert(offsetof(object_record, element_alignment) == 380);
static_assert(offsetof(object_record, saved) == 384);
static_assert(offsetof(object_record, has_dtype) == 385);
static_assert(offsetof(object_record, element_kind) == 386);
static_assert(offsetof(object_record, element_digits) == 387);
static_assert(offsetof(object_record, whole_pages) == 388);
static_assert(offsetof(object_record, type_is_cut) == 389);
static_assert(offsetof(object_record, type) == 392);
static_assert(offsetof(object_record, file) == 456);
static_assert(offsetof(object_head, name_hash) == 0);
static_assert(offsetof(object_head, type_hash) == 8);
static_assert(offsetof(object_head, offset) == 16);
static_assert(offsetof(object_head, generation) == 24);
static_assert(offsetof(object_head, kind) == 28);
static_assert(offsetof(object_head, order) == 29);
static_assert(offsetof(object_head, n_extents) == 30);
static_assert(offsetof(object_head, n_levels) == 31);
static_assert(sizeof(object_record::extents) == 8 * detail::max_dimensions);
static_assert(sizeof(object_record::name) == detail::max_name_bytes + 1);

static_assert(static_cast<int>(object_kind::array) == 1);
static_assert(static_cast<int>(object_kind::levels) == 2);
static_assert(static_cast<int>(object_kind::value) == 3);
static_assert(static_cast<int>(object_kind::object) == 4);
static_assert(static_cast<int>(memory_order_kind::none) == 0);
static_assert(static_cast<int>(memory_order_kind::right) == 1);
static_assert(static_cast<int>(memory_order_kind::left) == 2);

static_assert(offsetof(directory_state, mutex) == 0);
static_assert(offsetof(directory_state, n_changes) == 64, "a line of its own, behind the lock");
static_assert(offsetof(directory_state, table) == 72);
static_assert(offsetof(directory_state, n_live) == 80);
static_assert(offsetof(directory_state, n_used_slots) == 88);
static_assert(offsetof(directory_state, n_records) == 96);
static_assert(offsetof(directory_state, first_free) == 104);
static_assert(offsetof(directory_state, chunks) == 232);

TEST(ObjectRecord, ShowsItsTexts) {
    object_record record{};
    EXPECT_EQ(record.name_text(), "");
    std::string_view("fields/u").copy(record.name.data(), 8);
    std::string_view("float64").copy(record.type.data(), 7);
    EXPECT_EQ(record.name_text(), "fields/u");
    EXPECT_EQ(record.type_text(), "float64");
}

TEST(ObjectRecord, ShowsAsManyExtentsAsThereAre) {
    object_record record{};
    record.extents = {2, 3, 4, 5, 6, 7, 8, 9};
    EXPECT_TRUE(record.shape().empty());
    record.n_extents = 3;
    EXPECT_EQ(record.shape().size(), 3U);
    EXPECT_EQ(record.shape()[2], 4);
}

TEST(ObjectRecord, ShowsItsElementType) {
    object_record record{};
    record.element_kind = dtype_kind::floating;
    record.element_bytes = 8;
    record.element_alignment = 8;
    record.element_digits = 53;
    EXPECT_EQ(record.element(), dtype_of<double>);
    EXPECT_NE(record.element(), dtype_of<float>);
}

} // namespace
} // namespace shmwin
