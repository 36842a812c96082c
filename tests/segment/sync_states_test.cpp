// SPDX-License-Identifier: MIT
// The states of locks in the words of reports.
#include "shmwin/base/text.hpp"
#include "shmwin/sync/mutex.hpp"
#include "shmwin/sync/shared_mutex.hpp"

#include "segment/sync_states.hpp"
#include "support/shared_pages.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <gmock/gmock.h>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <string_view>

namespace shmwin {
namespace {

using namespace test;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

struct StateInWords : testing::Test {
    [[nodiscard]] std::string words() const { return words(mutex); }
    template <typename State>
    [[nodiscard]] std::string words(State const& of) const {
        std::string all;
        auto const append = [](void* to, std::string_view piece) noexcept {
            static_cast<std::string*>(to)->append(piece);
        };
        detail::plain_text out(append, &all);
        told = detail::tell_state(out, record, reinterpret_cast<std::byte const*>(&of));
        out.flush();
        return all;
    }
    [[nodiscard]] bool is_held_by(int rank) const {
        return detail::is_held_by(rank, record, reinterpret_cast<std::byte const*>(&mutex));
    }
    void set_type(std::string_view text) { text.copy(record.type.data(), 63); }

    StateInWords() {
        record.kind = object_kind::sync;
        record.n_bytes = sizeof mutex;
        set_type("shmwin.mutex/1");
    }

    detail::object_record record{};
    detail::mutex_state mutex{};
    shared_pages pages{{.capacity = 4096, .n_ranks = 3}};
    detail::wait_context waits{pages.who(2), shared_pages::policy(), pages.lot(), pages.meeting(2)};
    mutable bool told = false;
};

TEST_F(StateInWords, OfAMutexNamesItsHolder) {
    EXPECT_EQ(words(), "free");
    EXPECT_FALSE(is_held_by(2));
    mutex.lock(waits, {"mutex::lock"});
    EXPECT_EQ(words(), "held by rank 2 (thread " + std::to_string(::gettid()) + ")");
    EXPECT_TRUE(is_held_by(2));
    EXPECT_FALSE(is_held_by(1));
    mutex.unlock(waits, {"mutex::unlock"});
    EXPECT_EQ(words(), "free");
}

TEST_F(StateInWords, OfALockWithDataIsThatOfItsMutex) {
    record.kind = object_kind::synchronized;
    set_type("float64");
    mutex.lock(waits, {"mutex::lock"});
    EXPECT_TRUE(is_held_by(2));
    EXPECT_FALSE(is_held_by(1));
    mutex.unlock(waits, {"mutex::unlock"});
}

TEST_F(StateInWords, OfAMutexWhoseHolderDiedSaysSo) {
    auto& shared = *reinterpret_cast<detail::mutex_state*>(
        pages.where().as<std::byte>(detail::section_id::pages).data());
    child victim([&] {
        pages.who(1).attach();
        detail::wait_context const own{
            pages.who(1), shared_pages::policy(), pages.lot(), pages.meeting(1)};
        return shared.try_lock(own, {"mutex::lock"});
    });
    EXPECT_EQ(victim.wait(), 0);
    EXPECT_THROW(shared.lock(waits, {"mutex::lock"}), owner_died);
    EXPECT_EQ(words(shared), "free, its data not repaired since a holder died");
    EXPECT_TRUE(shared.lock_to_repair(waits, {"mutex::lock_to_repair"}));
    EXPECT_THAT(words(shared), testing::StartsWith("held by rank 2"));
    shared.unlock(waits, {"mutex::unlock"});
    EXPECT_THAT(words(shared), HasSubstr("not recoverable"));
}

TEST_F(StateInWords, OfASharedMutexTellsRepairFromItsEnd) {
    std::array<detail::shared_mutex_line, 4> lines{};
    set_type("shmwin.shared_mutex/1");
    record.n_bytes = sizeof lines;
    detail::shared_mutex_access lock(lines, waits, {"shared_mutex::lock"});
    ASSERT_TRUE(lock.try_lock());
    EXPECT_THAT(words(lines), testing::StartsWith("held by rank 2"));
    lock.unlock_broken();
    EXPECT_EQ(words(lines), "not repaired since a writer died");
    ASSERT_TRUE(lock.lock_to_repair());
    lock.unlock();
    EXPECT_EQ(words(lines), "not recoverable");
}

TEST_F(StateInWords, OfWhatIsUnknownIsNotTold) {
    set_type("somebody.lock/1");
    EXPECT_EQ(words(), "");
    EXPECT_FALSE(told);
    EXPECT_FALSE(is_held_by(2));
}

} // namespace
} // namespace shmwin
