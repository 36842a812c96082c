// SPDX-License-Identifier: MIT
#include "shmwin/base/type_id.hpp"

#include <gtest/gtest.h>

#include <array>
#include <set>

namespace app {
struct task {
    double weight;
    std::int64_t where;
    std::int64_t what;
};
struct other_task {
    double weight;
    std::int64_t where;
    std::int64_t what;
};
struct shorter_task {
    double weight;
    std::int64_t where;
};
struct nameless {};
template <typename T>
struct box {
    T held;
};
} // namespace app

SHMWIN_NAME(app::task, "app.task/2");
SHMWIN_NAME(app::shorter_task, "app.shorter");
SHMWIN_NAME(app::box<int>, "app.box<int>/1");

namespace shmwin {
namespace {

static_assert(named<app::task> && identified<app::task> && !element<app::task>);
static_assert(identified<double> && !named<double>);
static_assert(!identified<app::nameless> && !identified<app::other_task>);
static_assert(!identified<app::box<double>>, "each specialisation has its own name");

TEST(TypeId, OfAnElementIsItsDtype) {
    auto const& id = type_id_of<double>();
    EXPECT_EQ(id.signature, "float64");
    EXPECT_EQ(id.n_bytes, sizeof(double));
    EXPECT_EQ(id.alignment, alignof(double));
    EXPECT_TRUE(id.storable);
}

TEST(TypeId, OfANamedTypeIsItsName) {
    auto const& id = type_id_of<app::task>();
    EXPECT_EQ(id.signature, "app.task/2");
    EXPECT_EQ(id.n_bytes, sizeof(app::task));
    EXPECT_EQ(id.alignment, alignof(app::task));
    EXPECT_FALSE(id.storable);
    EXPECT_EQ(type_id_of<app::box<int>>().signature, "app.box<int>/1");
}

TEST(TypeId, OfATypeAndOfItsDtypeAreEqual) {
    auto const a = type_id_of(dtype_of<std::int32_t>);
    auto const& b = type_id_of<std::int32_t>();
    EXPECT_EQ(a.signature, b.signature);
    EXPECT_EQ(a.hash, b.hash);
    EXPECT_EQ(a.storable, b.storable);
}

TEST(TypeId, OfOneTypeIsMadeOnce) {
    EXPECT_EQ(&type_id_of<app::task>(), &type_id_of<app::task>());
}

// Written to segments: other compilers, languages and builds must find the same.
TEST(TypeIdHash, NeverChanges) {
    EXPECT_EQ(type_id_of<double>().hash, 0x2a1848513ea6c7cULL);
    EXPECT_EQ(detail::type_hash("lib.task/2", 24, 8), 0x6da14396e4f17337ULL);
}

TEST(TypeIdHash, DependsOnNameSizeAndAlignment) {
    auto const h = detail::type_hash("t", 8, 8);
    EXPECT_NE(h, detail::type_hash("u", 8, 8));
    EXPECT_NE(h, detail::type_hash("t", 16, 8));
    EXPECT_NE(h, detail::type_hash("t", 8, 4));
    EXPECT_NE(detail::type_hash("t", 8, 4), detail::type_hash("t", 4, 8));
}

TEST(TypeIdHash, TellsTypesOfOneSizeApart) {
    std::set<std::uint64_t> const hashes{type_id_of<double>().hash,
                                         type_id_of<std::int64_t>().hash,
                                         type_id_of<std::uint64_t>().hash,
                                         type_id_of<std::complex<float>>().hash};
    EXPECT_EQ(hashes.size(), 4U);
}

} // namespace
} // namespace shmwin
