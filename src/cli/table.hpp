// SPDX-License-Identifier: MIT
// table: lines of cells, for people. Columns are as wide as their widest cell.
//
// Layer: cli.
#pragma once

#include <string>
#include <vector>

namespace shmwin::cli {

class table {
  public:
    /// @param header  of each column; a leading '>' aligns it to the right
    explicit table(std::vector<std::string> header);

    /// As many cells as columns.
    void add(std::vector<std::string> cells);
    [[nodiscard]] bool empty() const noexcept { return lines_.size() == 1; }

    /// To stdout.
    void print() const;

  private:
    std::vector<std::vector<std::string>> lines_;
    std::vector<bool> to_the_right_;
};

} // namespace shmwin::cli
