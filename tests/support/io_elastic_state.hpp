// SPDX-License-Identifier: MIT
// Objects whose place in memory depends on who holds them: adopted arrays with gaps, containers of
// each rank, a queue. Their values tell what they are, whatever number of ranks wrote them.
#pragma once

#include "shmwin/io/checkpoint_store.hpp"
#include "shmwin/segment/per_rank.hpp"
#include "shmwin/segment/queue.hpp"
#include "shmwin/segment/segment.hpp"
#include "shmwin/view/range.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace shmwin::test {

class elastic_objects {
  public:
    explicit elastic_objects(segment& seg) : seg_(seg) {}

    /// Node, collective. Those that a restore does not create.
    void create_containers() const {
        seg_.create_per_rank<vector<std::int64_t>>("elastic/parts");
        seg_.create_per_rank<vector<float>>("elastic/none");
    }

    /// Node, collective. Memory of this rank's own: rows with ghost cells around, and every other
    /// column.
    void adopt() {
        for (std::size_t k = 0; k < 2; ++k) {
            memory_[k].assign(static_cast<std::size_t>((n_rows + 2) * row_elements), -1.0);
        }
        auto* const inner = memory_[0].data() + row_elements + 1;
        seg_.adopt("elastic/ghost", view_of(inner, shape(n_rows, n_columns), strides(1)));
        seg_.adopt("elastic/gaps",
                   view_of(memory_[1].data(), shape(n_rows, n_columns), strides(2)));
    }

    /// Node, collective.
    void fill() const {
        for (auto const* const name : names) {
            auto const a = seg_.find_array<double, 2, layout_stride>(name);
            for_each_index([&](auto i, auto j) {
                a(i, j) = value_of(i, j);
                return true;
            });
        }
        auto const mine = block_range(n_elements, seg_.n_ranks(), seg_.rank());
        auto const parts = seg_.find_per_rank<vector<std::int64_t>>("elastic/parts");
        // Not the blocks that a restore would give.
        auto const shift = seg_.n_ranks() - seg_.rank() - 1;
        auto const first = mine.first - (seg_.rank() == 0 ? 0 : shift + 1);
        auto const last = mine.last - (shift == 0 ? 0 : shift);
        for (auto i = first; i < last; ++i) {
            parts.mine().push_back(3 * i);
        }
        auto const tasks = seg_.create_queue<std::int32_t>("elastic/tasks");
        if (seg_.rank() == 0) {
            for (std::int32_t i = 0; i < n_tasks; ++i) {
                tasks.push(i);
            }
        }
        seg_.fence();
    }

    /// Node, collective. What differs here from what fill() stored; "" if nothing does.
    [[nodiscard]] std::string difference(bool adopted) const {
        seg_.fence();
        std::string found;
        for (auto const* const name : names) {
            bool const is_right =
                adopted ? has_values<layout_stride>(name) : has_values<layout_right>(name);
            if (!is_right) found += std::string(name) + ' ';
        }
        if (adopted && memory_[0].front() != -1.0) found += "ghosts ";
        if (!are_parts_right()) found += "parts ";
        auto const tasks = seg_.find_queue<std::int32_t>("elastic/tasks");
        if (tasks.size() != static_cast<std::size_t>(n_tasks)) found += "tasks ";
        seg_.fence();
        return found;
    }

  private:
    static constexpr std::int64_t n_rows = 211;
    static constexpr std::int64_t n_columns = 307;
    static constexpr std::int64_t row_elements = 2 * n_columns + 3;
    static constexpr std::int64_t n_elements = 70'001;
    static constexpr std::int32_t n_tasks = 1000;
    static constexpr std::array<char const*, 2> names{"elastic/ghost", "elastic/gaps"};

    static std::array<std::int64_t, 2> strides(std::int64_t of_columns) {
        return {row_elements, of_columns};
    }
    static double value_of(std::int64_t i, std::int64_t j) {
        return static_cast<double>(1000 * i + j);
    }

    // Until f(i, j) returns false.
    template <typename F>
    static bool for_each_index(F const& f) {
        for (std::int64_t i = 0; i < n_rows; ++i) {
            for (std::int64_t j = 0; j < n_columns; ++j) {
                if (!f(i, j)) return false;
            }
        }
        return true;
    }
    template <typename Layout>
    [[nodiscard]] bool has_values(char const* name) const {
        auto const a = seg_.find_array<double, 2, Layout>(name);
        return for_each_index([&](auto i, auto j) { return a(i, j) == value_of(i, j); });
    }
    // All elements in their order, whoever has them.
    [[nodiscard]] bool are_parts_right() const {
        auto const parts = seg_.find_per_rank<vector<std::int64_t>>("elastic/parts");
        std::int64_t next = 0;
        for (int r = 0; r < seg_.n_ranks(); ++r) {
            for (auto const each : parts[r]) {
                if (each != 3 * next++) return false;
            }
        }
        return next == n_elements
               && seg_.find_per_rank<vector<float>>("elastic/none").mine().empty();
    }

    segment& seg_;
    std::array<std::vector<double>, 2> memory_;
};

} // namespace shmwin::test
