// SPDX-License-Identifier: MIT
// Other people's data through the C interface. What there is to read: tests/io.
#include "shmwin/c/dataset.h"

#include "support/c_handle.hpp"
#include "support/io_python.hpp"
#include "support/io_store.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <gmock/gmock.h>

namespace shmwin::test {
namespace {

struct CDataset : c_test {
    void SetUp() override {
        c_test::SetUp();
        directory = empty_directory(MPI_COMM_WORLD, std::filesystem::absolute("c_dataset"));
    }
    std::filesystem::path directory;
};

TEST_F(CDataset, IsReadWithTheTypeThatItHas) {
    SHMWIN_NEEDS_H5PY();
    auto const file = (directory / "theirs.h5").native();
    run_python(MPI_COMM_WORLD,
               "with h5py.File(sys.argv[1], \"w\") as f:\n"
               "    f[\"a/b\"] = np.arange(15, dtype=\">i2\").reshape(5, 3)\n",
               file);
    c_handle<shmwin_array, shmwin_array_free_handle> array;
    SHMWIN_ASSERT_OK(shmwin_read_dataset(seg, "table", file.c_str(), "a/b", nullptr, array.out()));
    EXPECT_EQ(shmwin_array_dtype(array), shmwin_dtype_int16());
    auto const table = seg->names.find_array<std::int16_t, 2>("table");
    EXPECT_EQ(table.extent(0), 5);
    EXPECT_EQ(table(4, 2), 14);
    EXPECT_EQ(shmwin_read_dataset(seg, "other", file.c_str(), "none", nullptr, array.out()),
              SHMWIN_ERR_NOT_FOUND);
    EXPECT_EQ(shmwin_last_error_is_agreed(), 1);
    EXPECT_EQ(array, nullptr);
    EXPECT_EQ(shmwin_read_dataset(seg, "table", file.c_str(), "a/b", nullptr, array.out()),
              SHMWIN_ERR_ALREADY_EXISTS);
    shmwin_array_options options = SHMWIN_ARRAY_OPTIONS_INIT;
    options.order = SHMWIN_ORDER_FORTRAN;
    EXPECT_EQ(shmwin_read_dataset(seg, "f", file.c_str(), "a/b", &options, array.out()),
              SHMWIN_ERR_INVALID_ARGUMENT);
    EXPECT_EQ(shmwin_read_dataset(seg, "f", nullptr, "a/b", nullptr, array.out()),
              SHMWIN_ERR_INVALID_ARGUMENT);
    fence();
}

} // namespace
} // namespace shmwin::test
