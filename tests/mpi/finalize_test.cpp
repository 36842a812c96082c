// SPDX-License-Identifier: MIT
// What happens inside MPI_Finalize can only be told after it: a program of its own.
#include "shmwin/mpi/finalize.hpp"
#include "shmwin/mpi/node.hpp"

#include "support/ranks.hpp"

#include <gtest/gtest.h>
#include <mpi.h>

#include <gmock/gmock.h>
#include <memory>
#include <string>
#include <vector>

namespace shmwin {
namespace {

using namespace test;
using detail::finalizable;
using detail::join_finalize;
using detail::leave_finalize;
using detail::mpi_is_up;
using testing::ElementsAre;
using testing::HasSubstr;

std::vector<std::string>& events() {
    static std::vector<std::string> all;
    return all;
}

class recorder final : public finalizable {
  public:
    explicit recorder(std::string name) : name_(std::move(name)) {}
    void at_exit() noexcept override { events().push_back("exit " + name_); }
    void at_finalize() noexcept override {
        events().push_back("finalize " + name_);
        // MPI works: all ranks are here, in the same order.
        int sum = 1;
        int const code = MPI_Allreduce(
            MPI_IN_PLACE, &sum, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD); // NOLINT: MPI's own cast
        if (code != MPI_SUCCESS || sum != size_of(MPI_COMM_WORLD)) events().emplace_back("broken");
        if (!mpi_is_up()) events().emplace_back("down");
    }

  private:
    std::string name_;
};

// Tests run in the order of this file: before MPI_Init, while MPI is up, after MPI_Finalize.

TEST(Finalize, BeforeMpiInitThereIsNoNode) {
    EXPECT_FALSE(mpi_is_up());
    auto const thrown = error_of([] { node const on(MPI_COMM_WORLD); });
    ASSERT_TRUE(thrown);
    EXPECT_EQ(thrown->code, errc::invalid_argument);
    EXPECT_THAT(thrown->text, HasSubstr("MPI_Init"));
}

TEST(Finalize, EndsWhatIsOpenInTheOrderOfCreation) {
    MPI_Init(nullptr, nullptr);
    EXPECT_TRUE(mpi_is_up());
    auto const closed = std::make_shared<recorder>("b");
    std::weak_ptr<finalizable> held;
    {
        auto const first = std::make_shared<recorder>("a");
        held = first;
        join_finalize(first);
    }
    join_finalize(closed);
    join_finalize(std::make_shared<recorder>("c"));
    leave_finalize(closed.get());
    leave_finalize(closed.get()); // not on the list: nothing
    EXPECT_FALSE(held.expired());
    EXPECT_EQ(closed.use_count(), 1);
    MPI_Finalize();
    EXPECT_THAT(events(), ElementsAre("exit a", "exit c", "finalize a", "finalize c"));
    EXPECT_TRUE(held.expired());
}

TEST(Finalize, AfterItMpiIsDownAndNodesAreRefused) {
    EXPECT_FALSE(mpi_is_up());
    auto const thrown = error_of([] { node const on(MPI_COMM_WORLD); });
    ASSERT_TRUE(thrown);
    EXPECT_EQ(thrown->code, errc::invalid_argument);
}

} // namespace
} // namespace shmwin

int main(int argc, char** argv) {
    testing::InitGoogleMock(&argc, argv);
    return RUN_ALL_TESTS();
}
