// SPDX-License-Identifier: MIT
// output_file: a file that the tool writes: there when it is whole, or as it was before.
//
// Layer: cli.
#pragma once

#include <cstddef>
#include <filesystem>
#include <fstream>
#include <span>
#include <string_view>

namespace shmwin::cli {

class output_file {
  public:
    /// @throws runtime_failure (io_failure)
    explicit output_file(std::filesystem::path path);
    output_file(output_file const&) = delete;
    output_file(output_file&&) = delete;
    output_file& operator=(output_file const&) = delete;
    output_file& operator=(output_file&&) = delete;
    /// Without close(), nothing is left.
    ~output_file();

    void write(std::span<std::byte const> bytes);
    void write(std::string_view text);

    /// It appears under its name.
    /// @throws runtime_failure (io_failure)  something was not written
    void close();

  private:
    [[noreturn]] void fail() const;

    std::filesystem::path path_;
    std::filesystem::path temporary_;
    std::ofstream out_;
};

} // namespace shmwin::cli
