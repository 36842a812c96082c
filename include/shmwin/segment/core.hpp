// SPDX-License-Identifier: MIT
// core: the segment without types. The templates of this layer are thin doors to it.
//
// Layer: segment.
#pragma once

#include "shmwin/base/export.hpp"
#include "shmwin/base/function_ref.hpp"
#include "shmwin/base/source_line.hpp"
#include "shmwin/base/type_id.hpp"
#include "shmwin/memory/attachment.hpp"
#include "shmwin/memory/directory.hpp"
#include "shmwin/memory/heap.hpp"
#include "shmwin/memory/retired_blocks.hpp"
#include "shmwin/mpi/finalize.hpp"
#include "shmwin/mpi/node.hpp"
#include "shmwin/mpi/window.hpp"
#include "shmwin/segment/adopt.hpp"
#include "shmwin/segment/dump.hpp"
#include "shmwin/segment/freeze.hpp"
#include "shmwin/segment/options.hpp"
#include "shmwin/segment/subset_fence.hpp"
#include "shmwin/sync/activity.hpp"
#include "shmwin/sync/fork_count.hpp"
#include "shmwin/sync/parking_lot.hpp"
#include "shmwin/sync/participants.hpp"
#include "shmwin/sync/race_shadow.hpp"
#include "shmwin/sync/rendezvous.hpp"
#include "shmwin/sync/wait_context.hpp"

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace shmwin::inline v1::detail {

/// Everything about an object that is to be created.
struct object_request {
    operation op = operation::none;
    std::string_view name{};
    object_kind kind = object_kind::object;
    type_id const* type = nullptr;
    std::optional<dtype> element{}; ///< if files can hold it
    std::span<std::int64_t const> extents{};
    memory_order_kind order = memory_order_kind::none;
    array_options options{};
    source_line where{};
    bool read_only = false;      ///< its elements are const
    std::uint64_t arguments = 0; ///< hash of what else must be equal on all ranks
};

/// An object in the segment, at this process's address.
struct placed_object {
    std::byte* address = nullptr;
    std::uint32_t index = 0;      ///< of its record
    std::uint32_t generation = 0; ///< of its record
    std::array<std::int64_t, max_dimensions> extents{};
    std::shared_ptr<foreign_memory const> foreign{}; ///< of adopted memory; keeps its owner
};

/// Control block before the levels' elements.
struct levels_control {
    std::atomic<std::uint32_t> now; ///< index of the current level
    std::uint32_t n_levels;
    std::uint64_t stride_bytes; ///< from one level to the next
    std::uint64_t first_bytes;  ///< from this block to level 0
};

class SHMWIN_API segment_core final : public finalizable,
                                      public std::enable_shared_from_this<segment_core> {
  public:
    /// All, collective. See segment.
    static std::shared_ptr<segment_core>
    open(node const& on, segment_options const& asked, source_line const& where = {});

    segment_core(segment_core const&) = delete;
    segment_core(segment_core&&) = delete;
    segment_core& operator=(segment_core const&) = delete;
    segment_core& operator=(segment_core&&) = delete;
    ~segment_core() override;

    // --- collective over the node ---------------------------------------------------------

    /// Makes an array or levels: reserves, lets the ranks touch their parts, enters the name.
    placed_object create(object_request const& request);

    /// create(), or the object that is there if it is the same in all respects.
    placed_object find_or_create(object_request const& request, bool& created);

    /// Makes an object; `construct` runs on rank 0 alone, or on one rank if it is large.
    placed_object create_small(object_request const& request,
                               function_ref<void(void*)> construct,
                               function_ref<void(void*)> destruct);

    /// A block without a name: `n_bytes` of elements and, behind them, a count of its holders.
    placed_object create_scratch(object_request const& request);

    /// Enters memory of others under a name. `look` checks this rank's and tells where it is.
    placed_object adopt(object_request const& request, function_ref<foreign_memory()> look);
    /// The same, of the host's window from byte `offset` on.
    placed_object adopt(object_request const& request, MPI_Win window, std::uint64_t offset);

    /// Ends an object for all; `destruct` runs on one rank.
    void destroy_together(
        placed_object const& what,
        std::string_view name,
        function_ref<void(void*)> destruct = [](void*) {},
        source_line const& where = {});

    /// Ends the object of that name, if nothing needs to be destructed.
    void destroy_together(std::string_view name, source_line const& where);

    /// Write-protects an array's pages in every rank, or makes them writable again.
    void freeze_together(placed_object const& what, source_line const& where);
    void thaw_together(placed_object const& what, source_line const& where);

    void fence(source_line const& where = {});
    /// Of these ranks alone.
    void fence(std::span<int const> ranks, source_line const& where);
    /// Gives free pages back to the system; how many bytes.
    std::size_t trim(source_line const& where);
    /// fence(), with work that one rank does for all when all have come.
    void meet(collective_call const& call, function_ref<void()> completion);
    /// The same, where that work may be left out if no rank says `needed`.
    void meet(collective_call const& call, bool needed, function_ref<void()> completion);
    void close(source_line const& where = {});

    // --- local --------------------------------------------------------------------------

    /// Makes a small object alone.
    placed_object construct_small(object_request const& request,
                                  function_ref<void(void*)> construct,
                                  function_ref<void(void*)> destruct);

    /// The object of that name, or a small one that exactly one of all who ask makes.
    placed_object find_or_construct(object_request const& request,
                                    function_ref<void(void*)> construct,
                                    bool& created);

    /// The object of that name, if it is what was asked for.
    /// @throws argument_error  not_found, type_mismatch, shape_mismatch (dimensions, order)
    placed_object find(object_request const& request) const;

    [[nodiscard]] std::optional<directory_entry> look_up(std::string_view name) const;

    /// The whole signature of an object's type, also where the record has only its beginning.
    [[nodiscard]] std::string type_text(object_record const& record) const;
    /// Its element type, if files can hold it.
    [[nodiscard]] std::optional<dtype> element_of(object_record const& record) const;

    /// Takes the object out of the directory, runs `destruct`, frees its memory.
    void destroy_alone(object_request const& request, function_ref<void(void*)> destruct);

    /// The checker of a view of an array or of levels; makes its shadow, if there is none.
    /// @throws argument_error (not_found), out_of_memory, runtime_failure (unsupported)
    race_checker check_races(placed_object const& what, source_line const& where);
    race_checker check_scratch_races(placed_object const& what,
                                     std::span<std::int64_t const> extents,
                                     bool is_left,
                                     source_line const& where);

    /// For the completion of a fence: all that were found since the last one are its error.
    /// @throws runtime_failure (data_race)
    void raise_races() const {
        if (has_races()) raise_found_races();
    }
    /// Local. True if there is something to raise. What this rank found is seen, the others' may
    /// be.
    [[nodiscard]] bool has_races() const noexcept {
        return races_.n_found.load(std::memory_order_relaxed) != 0;
    }

    /// Gives this rank's hold on a scratch block up; the last one frees it.
    void release_scratch(placed_object const& what, std::size_t n_bytes) noexcept;

    /// Ends this rank's part before the others': they get peer_left.
    void leave(std::string_view why) noexcept;

    void at_exit() noexcept override;
    void at_finalize() noexcept override;

    /// Of collective calls.
    /// @throws runtime_failure (closed)
    /// @throws runtime_failure (unsupported)  this process is a forked child of the rank's
    void require_open(operation op) const;
    /// @throws runtime_failure (closed)
    void require_open(std::string_view call) const;
    /// @throws runtime_failure (busy)  the object is write-protected
    void require_thawed(char const* call, std::uint32_t index, std::uint32_t generation) const;

    /// An adopted array's memory in this process.
    /// @throws runtime_failure (not_shared)  this process did not adopt it
    [[nodiscard]] std::shared_ptr<foreign_memory const>
    foreign(std::uint32_t index, std::uint32_t generation, std::string_view name) const;

    [[nodiscard]] bool is_open() const noexcept { return open_.load(std::memory_order_relaxed); }
    /// True in a child that the rank forked: it has the memory and the locks, the rank has the
    /// rest.
    [[nodiscard]] bool is_forked_child() const noexcept { return opened_by_.is_forked_child(); }
    [[nodiscard]] bool is_there(std::uint32_t index, std::uint32_t generation) const {
        return directory_.contains(index, generation);
    }
    [[nodiscard]] retired_blocks& retired() noexcept { return retired_; }
    [[nodiscard]] int rank() const noexcept { return node_.rank(); }
    [[nodiscard]] int n_ranks() const noexcept { return node_.size(); }
    [[nodiscard]] node const& on() const noexcept { return node_; }
    [[nodiscard]] window const& memory_window() const noexcept { return window_; }
    [[nodiscard]] heap const& memory() const noexcept { return heap_; }
    [[nodiscard]] directory const& names() const noexcept { return directory_; }
    [[nodiscard]] rendezvous const& meeting() const noexcept { return rendezvous_; }
    [[nodiscard]] parking_lot const& lot() const noexcept { return lot_; }
    [[nodiscard]] participants const& who() const noexcept { return who_; }
    [[nodiscard]] wait_policy const& policy() const noexcept { return policy_; }
    [[nodiscard]] activity const& doing() const noexcept { return activity_; }
    /// For waits in local calls.
    [[nodiscard]] wait_context const& waits() const noexcept { return waits_; }
    /// This process has a handle to a lock: close() and leave() look whether it still holds any.
    void note_locks() noexcept { uses_locks_.store(true, std::memory_order_relaxed); }

  private:
    static std::shared_ptr<segment_core>
    open_on_node(node const& on, segment_options const& asked, source_line const& where);
    segment_core(node const& on,
                 window&& memory,
                 std::shared_ptr<void const> keep_alive,
                 wait_policy const& how);

    struct block_work;
    std::uint64_t make_block(object_request const& request,
                             std::size_t n_bytes,
                             block_work const& work,
                             meeting_values& values);
    std::uint64_t make_small_block(object_request const& request,
                                   std::size_t n_bytes,
                                   block_work const& work,
                                   meeting_values& values);
    void
    touch_my_part(object_request const& request, std::uint64_t offset, std::size_t n_bytes) const;
    void enter(object_record& record, std::uint64_t offset, meeting_values& result) const;
    [[nodiscard]] placed_object
    placed(object_request const& request, std::uint64_t offset, meeting_values const& values) const;
    [[nodiscard]] directory_head find_head(object_request const& request) const;
    [[nodiscard]] placed_object place(directory_head const& found,
                                      object_request const& asked) const;
    void check_ours(placed_object const& what) const;
    void depart(std::string_view why) noexcept;
    void warn_of_held_locks(char const* when) const noexcept;
    race_checker
    check_races(std::string_view shadow_name, checked_array const& of, source_line const& where);
    directory_head find_or_make_shadow(std::string_view shadow_name, checked_array const& of);
    void watch_shadow(directory_place const& place, race_shadow& shadow, std::uint32_t swept);
    [[nodiscard]] std::string scratch_shadow_name(placed_object const& what) const;
    [[nodiscard]] void* take_out_shadow(std::string_view shadow_name);
    void forget_races(placed_object const& what);
    void forget_scratch_races(placed_object const& what);
    found_races log_races() const;
    [[noreturn]] void raise_found_races() const;
    [[noreturn]] void raise_not_open(operation op) const;
    [[nodiscard]] frozen_pages pages_to_freeze(placed_object const& what) const;
    void note(operation op) noexcept { last_call_.store(op, std::memory_order_relaxed); }

    maker_process opened_by_;
    node node_;
    window window_;
    std::shared_ptr<void const> keep_alive_;
    region region_;
    participants who_;
    wait_policy policy_;       ///< of collective calls: drives MPI while it waits
    wait_policy local_policy_; ///< of local ones: drives MPI where it may
    wait_policy lock_policy_;  ///< of the short locks inside
    parking_lot lot_;
    race_list& races_;
    call_sites sites_;
    long_waits long_waits_;
    activity activity_;
    rendezvous rendezvous_;
    wait_context waits_;
    heap heap_;
    retired_blocks retired_;
    heap_attachment attachment_; ///< for the allocators that stand in the segment
    directory directory_;
    foreign_table foreign_;
    subset_fences subsets_;
    std::vector<frozen_pages> frozen_; ///< the same on all ranks
    std::atomic<bool> open_{true};
    std::atomic<bool> uses_locks_{false};
    std::atomic<operation> last_call_{operation::open};
    listing listing_; ///< last: who finds it there sees all of it
};

} // namespace shmwin::inline v1::detail
