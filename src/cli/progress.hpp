// SPDX-License-Identifier: MIT
// progress: a bar on stderr while long work goes on, if that is a terminal; else nothing.
//
// Layer: cli.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>

namespace shmwin::cli {

class progress {
  public:
    progress(std::string what, std::uint64_t n_bytes);
    progress(progress const&) = delete;
    progress(progress&&) = delete;
    progress& operator=(progress const&) = delete;
    progress& operator=(progress&&) = delete;
    ~progress(); ///< wipes it

    /// From any thread.
    void add(std::uint64_t n_bytes);

  private:
    using clock = std::chrono::steady_clock;
    void draw(clock::time_point now);

    std::string what_;
    std::uint64_t all_;
    bool is_shown_;
    std::atomic<std::uint64_t> done_{0};
    clock::time_point begin_ = clock::now();
    std::mutex drawing_;
    clock::time_point drawn_ = begin_;
    bool is_drawn_ = false;
};

} // namespace shmwin::cli
