// SPDX-License-Identifier: MIT
// Queues in files: one data set of the tasks, in the order of the queue, leased ones among them.
// They come back beside those that are there, and replace them when all have been read.
//
// Layer: io.
#pragma once

#include "shmwin/base/function_ref.hpp"
#include "shmwin/memory/task_queue.hpp"

#include "io/checkpoint_file.hpp"
#include "io/inventory.hpp"

#include <cstddef>
#include <filesystem>
#include <string_view>
#include <vector>

namespace shmwin::inline v1::detail {

/// Local. All tasks of a queue.
[[nodiscard]] inventory_item queue_tasks(segment_core const& of, directory_entry const& entry);

/// Local. Checks that a queue's data set has one dimension.
/// @throws runtime_failure (damaged)
void check_queue(stored_object const& stored, std::filesystem::path const& path);

/// The queues that a file brings back.
class queue_targets {
  public:
    /// Local. Those among `objects`, which must outlive it.
    queue_targets(segment_core& target, std::vector<stored_object> const& objects);

    /// Node, collective. Makes room for all tasks; the queues stay as they are.
    /// @pre  they are there
    /// @throws out_of_memory  on all ranks; nothing changed
    void make_room() const;

    /// Local. That room.
    [[nodiscard]] object_memory room_of(stored_object const& stored) const;

    /// Node, collective. What was read becomes the queues' tasks; leases of those before are void.
    void replace() const;

    /// Node, collective. Gives the room back.
    void give_up() const;

  private:
    struct part {
        std::string_view name;
        std::size_t n_tasks;
    };
    void for_each(function_ref<void(task_queue const&, part const&)> f) const;

    segment_core* target_;
    std::vector<part> parts_;
};

} // namespace shmwin::inline v1::detail
