// SPDX-License-Identifier: MIT
// directory: the named objects of a segment. A hash table from names to records; look-ups take no
// lock, changes take one that survives its holder.
//
//     table slot (8 bytes): | upper half of the name's hash | record index + 2 |
//                           0 is empty, 1 gone
//     record, near (64):    | next free record, or claim | head (32), begin of the name (24) |
//             far (448):    | rest of the object_record |
//
// Records lie in chunks that double in size and never move, each the near parts of all its records,
// then the far parts: with a name of up to 23 bytes a look-up reads nothing else. A table that
// became too small is replaced by one of twice the size and stays where it is, for readers that are
// still in it.
//
// A look-up copies the record, then checks that nothing was erased or reused meanwhile (a
// sequence lock; H.-J. Boehm, "Can seqlocks get along with programming language memory models?",
// 2012), so it never sees half of one.
//
// A name whose object is still being constructed is claimed: it is in the table, its record says
// by whom, and no look-up shows it. The claim of a dead process ends when somebody meets it.
//
// Layer: memory.
#pragma once

#include "shmwin/base/export.hpp"
#include "shmwin/base/function_ref.hpp"
#include "shmwin/memory/heap.hpp"
#include "shmwin/memory/object_record.hpp"
#include "shmwin/sync/activity.hpp"
#include "shmwin/sync/parking_lot.hpp"
#include "shmwin/sync/participants.hpp"
#include "shmwin/sync/robust_mutex.hpp"
#include "shmwin/sync/wait.hpp"

#include <array>
#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace shmwin::inline v1::detail {

/// In the segment. All zero is an empty directory without a table.
struct directory_state {
    robust_mutex mutex;
    // Whoever waits looks at the lock: what its holder writes stands in lines of its own.
    std::array<std::uint64_t, 7> reserved;
    std::atomic<std::uint64_t> n_changes;              ///< grows before a record is overwritten
    std::atomic<std::uint64_t> table;                  ///< offset of the current table
    std::uint64_t n_live;                              ///< whole objects
    std::uint64_t n_used_slots;                        ///< live, claimed and gone
    std::uint64_t n_records;                           ///< ever taken from the chunks
    std::array<std::uint64_t, 16> first_free;          ///< record index + 1; by participant
    std::array<std::atomic<std::uint64_t>, 24> chunks; ///< offset of chunk k: 128 << k records
};

/// What a look-up needs, and no more.
struct directory_head {
    std::uint32_t index = 0;
    object_head head{};
    std::array<std::int64_t, max_dimensions> extents{};
};

/// A named object: its record, and where that stands.
struct directory_entry {
    std::uint32_t index = 0;
    object_record record{};

    [[nodiscard]] directory_head head() const noexcept {
        return {index, record.head(), record.extents};
    }
};

/// Where a named object's record stands, and which one of those that stood there it is.
struct directory_place {
    std::uint32_t index = 0;
    std::uint32_t generation = 0;
    friend bool operator==(directory_place const&, directory_place const&) = default;
};

/// What find_or_construct() gives.
struct directory_made {
    directory_entry entry;
    bool created = false; ///< false: it was there
};

/// Process-local handle. Safe from any thread and process.
class SHMWIN_API directory {
  public:
    /// @param log  where waits are noted
    directory(heap const& memory,
              participants const& who,
              wait_policy const& policy,
              activity const& log = {}) noexcept;

    /// Local. Enters an object under record.name; sets its generation.
    /// @pre  check_name(record.name); record.name_hash is hash(record.name)
    /// @throws argument_error (already_exists)  naming who made the other or is making it, where
    ///         and when
    /// @throws out_of_memory
    directory_place insert(object_record const& record) const;

    /// Local. The object of record.name. If there is none, exactly one of all threads and processes
    /// that ask constructs it, in a block of record.n_bytes bytes; the others wait until it is
    /// whole. If `construct` throws, or its process dies, one of those who wait does it anew.
    /// No lock is held while `construct` runs.
    /// @param how  how to wait
    /// @throws argument_error (already_exists)  `construct` asks for its own object
    /// @throws out_of_memory, peer_left (the rank that is constructing it left and lives on), and
    ///         what `construct` throws
    directory_made find_or_construct(object_record const& record,
                                     std::size_t alignment,
                                     wait_policy const& how,
                                     function_ref<void(void*)> construct) const;

    /// Local. Raises already_exists, as insert(), if the name is taken. No lock.
    void check_free(std::string_view name) const;

    /// Local. The object of that name. No lock; expected O(1).
    [[nodiscard]] std::optional<directory_entry> find(std::string_view name) const;

    /// Local. find(), of what a look-up needs: an eighth as much to read.
    [[nodiscard]] std::optional<directory_head> find_head(std::string_view name) const;

    /// Local. What stands at `index`, if it is of that generation. No lock; O(1).
    /// @pre  nobody destroys it meanwhile
    [[nodiscard]] std::optional<object_record> at(std::uint32_t index,
                                                  std::uint32_t generation) const;

    /// Local. Takes an object out.
    /// @returns  what it was; nothing if no object of that generation stands at `index`
    std::optional<object_head> erase(std::uint32_t index, std::uint32_t generation) const;

    /// Local. Takes the object of that name out, if `accept` takes its head; one look-up, under the
    /// lock that entering and taking out share.
    /// @returns  what it was; nothing if there is none, or not accepted
    std::optional<object_head> erase(std::string_view name,
                                     function_ref<bool(object_head const&)> accept) const;

    /// Local. True if the object is still there.
    [[nodiscard]] bool contains(std::uint32_t index, std::uint32_t generation) const;

    /// Local. All objects whose names begin so, in the order of their names' bytes; a snapshot that
    /// others may change meanwhile. O(table + m log m) for m of them; no lock, unless the others
    /// never stop to change the table.
    [[nodiscard]] std::vector<directory_entry> list(std::string_view beginning = {}) const;

    /// Local. All objects and claims in the order of their records, which is nearly that in which
    /// they were made; with each the participant that is constructing it, -1 if it is whole. What
    /// others change meanwhile may be left out. Takes no lock and no memory: for signal handlers.
    void for_each(function_ref<void(directory_entry const&, int claimant)> tell) const;

    /// Local. Number of objects.
    [[nodiscard]] std::uint64_t size() const;

    /// Local. Adds a line to `violations` for each broken invariant, at most `limit` in all.
    void verify(std::vector<std::string>& violations, std::size_t limit) const;

  private:
    struct record_slot;
    struct table;
    struct position;
    struct taken_name;
    struct repair {
        directory const& of;
        void operator()() const noexcept { of.rebuild(); }
    };

    [[nodiscard]] robust_lock<repair> lock() const;
    [[nodiscard]] record_slot slot(std::uint64_t index) const noexcept;
    [[nodiscard]] table* current_table() const noexcept;
    [[nodiscard]] bool holds(std::uint64_t seen, std::uint64_t hash, std::string_view name) const;
    [[nodiscard]] position probe(table& where, std::uint64_t hash, std::string_view name) const;
    [[nodiscard]] position probe(object_record const& record) const;
    [[nodiscard]] position place_of(std::uint64_t index, std::uint64_t hash) const;
    template <typename Read>
    bool read_named(std::string_view name, Read const& read) const;
    [[nodiscard]] std::optional<directory_entry> look(std::string_view name,
                                                      std::uint64_t& claim) const;
    [[nodiscard]] bool is_free(std::string_view name) const;
    void count_change() const noexcept;
    [[nodiscard]] taken_name enter_or_meet(object_record const& record, std::uint64_t claim) const;
    [[nodiscard]] std::vector<directory_entry> collect(std::string_view beginning) const;
    void remove(position const& which) const noexcept;
    [[nodiscard]] std::uint64_t take_record() const;
    void give_record_back(std::uint64_t index) const noexcept;

    void construct_claimed(taken_name const& claimed,
                           object_record& record,
                           std::size_t alignment,
                           function_ref<void(void*)> construct) const;
    void publish(std::uint32_t index, std::uint64_t name_hash) const noexcept;
    void end_claim(taken_name const& claimed) const;
    [[nodiscard]] bool stands(taken_name const& claimed) const noexcept;
    void wait_while_claimed(taken_name const& claimed,
                            object_record const& record,
                            std::uint64_t mine,
                            wait_policy const& how) const;
    [[nodiscard]] parking_lot lot() const noexcept;

    [[nodiscard]] bool is_named(std::uint64_t index) const;
    [[nodiscard]] bool verify_blocks(std::vector<std::string>& violations) const;
    void verify_table(std::vector<std::string>& violations) const;
    void verify_slot(std::uint64_t at, std::vector<std::string>& violations) const;
    void verify_free(std::uint64_t n_named, std::vector<std::string>& violations) const;
    void grow() const;
    void rebuild() const noexcept;

    heap memory_;
    participants who_;
    wait_policy policy_;
    activity log_;
    directory_state* state_;
};

/// Local. Names are UTF-8 of 1 to 255 bytes, parts divided by '/': no empty part, no "." or "..",
/// no control characters; the first part is not ".shmwin".
/// @throws argument_error (invalid_argument)
SHMWIN_API void check_name(std::string_view name);

} // namespace shmwin::inline v1::detail
