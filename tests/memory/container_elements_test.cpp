// SPDX-License-Identifier: MIT
// What may be an element of a container in the segment, and how ranks know such a container.

// Before all else: it silences gcc where libstdc++'s lines stand.
#include "support/container_types.hpp"
// And as everywhere:
#include "shmwin/memory/address_free.hpp"

#include <gtest/gtest.h>

#include <array>
#include <functional>
#include <gmock/gmock.h>
#include <memory>
#include <memory_resource>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

namespace app {
struct with_table {
    virtual int f() const { return 1; }
    virtual ~with_table() = default;
};
} // namespace app
SHMWIN_NAME(app::with_table, "app.with_table/1");

namespace shmwin {
namespace {

using testing::HasSubstr;

template <typename... T>
constexpr bool all_hold_addresses = (detail::holds_addresses<T>() && ...);
template <typename... T>
constexpr bool none_holds_addresses = !(detail::holds_addresses<T>() || ...);

static_assert(none_holds_addresses<int,
                                   app::particle,
                                   std::array<double, 3>,
                                   int[4],
                                   std::pair<int, char>,
                                   std::optional<int>,
                                   offset_ptr<int>,
                                   vector<int>,
                                   string,
                                   app::team>);
static_assert(all_hold_addresses<int*, int&, int* const, int* [4], int app::team::*>);
static_assert(all_hold_addresses<std::vector<int>,
                                 std::string,
                                 std::pmr::vector<int>,
                                 std::pmr::string,
                                 app::with_table>);
static_assert(all_hold_addresses<std::unique_ptr<int>,
                                 std::shared_ptr<int>,
                                 std::weak_ptr<int>,
                                 std::function<void()>,
                                 std::reference_wrapper<int>,
                                 std::string_view,
                                 std::span<int>>);
static_assert(
    all_hold_addresses<std::pair<int, char*>, std::array<int*, 2>, std::tuple<int, std::string>>);

static_assert(identified<vector<double>> && identified<string> && identified<deque<int>>);
static_assert(identified<vector<app::particle>> && identified<vector<vector<string>>>);
static_assert(identified<offset_ptr<app::particle>>);
static_assert(!identified<vector<app::team>>, "nobody named it");
static_assert(!identified<vector<std::string>> && !identified<vector<int*>>);
static_assert(!identified<vector<app::with_table>> && !identified<offset_ptr<int*>>);
static_assert(!identified<std::vector<double>> && !identified<std::pmr::vector<double>>);

TEST(ContainerTypeId, IsComposedOfItsElements) {
    EXPECT_THAT(type_id_of<vector<double>>().signature, HasSubstr(".vector<float64>"));
    EXPECT_THAT(type_id_of<vector<app::particle>>().signature, HasSubstr("vector<app.particle/1>"));
    EXPECT_THAT(type_id_of<vector<string>>().signature, HasSubstr("string<char"));
    EXPECT_EQ(type_id_of<offset_ptr<int>>().signature, "offset_ptr<int32>");
    EXPECT_NE(type_id_of<vector<double>>().hash, type_id_of<vector<float>>().hash);
    EXPECT_NE(type_id_of<vector<double>>().hash, type_id_of<deque<double>>().hash);
    EXPECT_EQ(type_id_of<vector<double>>().n_bytes, sizeof(vector<double>));
    EXPECT_FALSE(type_id_of<vector<double>>().storable);
}

} // namespace
} // namespace shmwin
