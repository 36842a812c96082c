// SPDX-License-Identifier: MIT
#include "cli/progress.hpp"

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <fcntl.h>
#include <pty.h>
#include <string>
#include <thread>
#include <unistd.h>

namespace {

using shmwin::cli::progress;

// Puts a terminal in the place of stderr while it lives.
class terminal {
  public:
    terminal() : before_(::dup(STDERR_FILENO)) {
        int its_end = -1;
        if (::openpty(&ours_, &its_end, nullptr, nullptr, nullptr) != 0) return;
        ::fcntl(ours_, F_SETFL, O_NONBLOCK);
        ::dup2(its_end, STDERR_FILENO);
        ::close(its_end);
    }
    terminal(terminal const&) = delete;
    terminal(terminal&&) = delete;
    terminal& operator=(terminal const&) = delete;
    terminal& operator=(terminal&&) = delete;
    ~terminal() {
        ::dup2(before_, STDERR_FILENO);
        ::close(before_);
        ::close(ours_);
    }

    [[nodiscard]] bool is_there() const { return ours_ >= 0; }
    [[nodiscard]] std::string shown() const {
        std::array<char, 4096> buffer{};
        auto const n = ::read(ours_, buffer.data(), buffer.size());
        return {buffer.data(), n < 0 ? std::size_t{0} : static_cast<std::size_t>(n)};
    }

  private:
    int before_;
    int ours_ = -1;
};

// Longer than the bar's interval: it is drawn by the next add().
void let_time_pass() {
    std::this_thread::sleep_for(std::chrono::milliseconds(250));
}

TEST(Progress, IsDrawnOnATerminalAndWiped) {
    terminal const screen;
    if (!screen.is_there()) GTEST_SKIP() << "no pseudo-terminal";
    {
        progress bar("verify", 4 << 20U);
        bar.add(1 << 20U);
        EXPECT_EQ(screen.shown(), "") << "short work needs none";
        let_time_pass();
        bar.add(2 << 20U);
        auto const drawn = screen.shown();
        EXPECT_NE(drawn.find("verify [######################........]  75 %"), std::string::npos)
            << drawn;
        EXPECT_NE(drawn.find("MiB/s"), std::string::npos) << drawn;
        EXPECT_NE(drawn.find("s left"), std::string::npos) << drawn;
    }
    EXPECT_EQ(screen.shown(), "\r\x1b[K");
}

TEST(Progress, IsNotDrawnElsewhere) {
    testing::internal::CaptureStderr();
    {
        progress bar("verify", 100);
        let_time_pass();
        bar.add(50);
    }
    EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

TEST(Progress, CountsWhatThreadsAddAndNoMoreThanAll) {
    terminal const screen;
    if (!screen.is_there()) GTEST_SKIP() << "no pseudo-terminal";
    progress bar("verify", 200);
    {
        std::jthread const other([&] { bar.add(300); });
    }
    let_time_pass();
    bar.add(1);
    EXPECT_NE(screen.shown().find("] 100 %"), std::string::npos);
}

} // namespace
