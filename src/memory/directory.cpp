// SPDX-License-Identifier: MIT
#include "shmwin/memory/directory.hpp"

#include "shmwin/base/contract.hpp"
#include "shmwin/base/error.hpp"
#include "shmwin/base/hash.hpp"
#include "shmwin/base/text.hpp"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstring>

namespace shmwin::inline v1::detail {
namespace {

constexpr std::size_t record_words = sizeof(object_record) / sizeof(std::uint64_t);
constexpr std::size_t record_slot_bytes = sizeof(object_record) + sizeof(std::uint64_t);
constexpr std::size_t name_offset = offsetof(object_record, name);
constexpr std::size_t generation_offset = offsetof(object_record, generation);
static_assert(offsetof(object_record, name_hash) == 0 && name_offset % 8 == 0);
constexpr std::uint64_t first_chunk_records = 128;
constexpr std::uint64_t first_table_slots = 496; // with the table's head, less than a page
constexpr std::uint64_t empty_slot = 0;
constexpr std::uint64_t gone_slot = 1;

constexpr std::uint64_t tag_of(std::uint64_t hash) noexcept {
    return hash & ~0xffff'ffffULL;
}

constexpr std::uint64_t make_slot(std::uint64_t hash, std::uint64_t index) noexcept {
    return tag_of(hash) | (index + 2);
}

constexpr std::uint64_t index_of(std::uint64_t slot) noexcept {
    return (slot & 0xffff'ffffULL) - 2;
}

constexpr bool is_live(std::uint64_t slot) noexcept {
    return slot != empty_slot && slot != gone_slot;
}

// Chunk k holds the records from 128 (2^k - 1) on.
constexpr std::size_t chunk_of(std::uint64_t index) noexcept {
    return static_cast<std::size_t>(std::bit_width((index / first_chunk_records + 1) >> 1U));
}

std::atomic_ref<std::uint64_t> shared(std::uint64_t& word) noexcept {
    return std::atomic_ref(word);
}

} // namespace

struct directory::record_slot {
    std::uint64_t next_free; // record index + 1; only under the lock
    std::array<std::uint64_t, record_words> words;

    [[nodiscard]] object_record load() noexcept {
        std::array<std::uint64_t, record_words> copy; // NOLINT(*-member-init): filled below
        for (std::size_t i = 0; i < record_words; ++i) {
            copy.at(i) = shared(words.at(i)).load(std::memory_order_acquire);
        }
        return std::bit_cast<object_record>(copy);
    }

    // All up to the end of the name: what is behind it is never looked at.
    void store(object_record const& record) noexcept {
        auto const copy = std::bit_cast<std::array<std::uint64_t, record_words>>(record);
        auto const n_words = (name_offset + record.name_text().size()) / sizeof(std::uint64_t) + 1;
        for (std::size_t i = 0; i < n_words; ++i) {
            shared(words.at(i)).store(copy.at(i), std::memory_order_release);
        }
    }

    [[nodiscard]] std::atomic_ref<std::uint64_t> name_hash() noexcept { return shared(words[0]); }

    [[nodiscard]] std::uint32_t generation() noexcept {
        auto const word = shared(words[generation_offset / 8]).load(std::memory_order_acquire);
        return static_cast<std::uint32_t>(word >> (8 * (generation_offset % 8)));
    }
};

struct directory::table {
    std::uint64_t n_slots; // any number: positions are taken modulo it
    std::array<std::uint64_t, 7> reserved;

    [[nodiscard]] std::atomic_ref<std::uint64_t> operator[](std::uint64_t at) noexcept {
        return std::atomic_ref(reinterpret_cast<std::uint64_t*>(this + 1)[at]);
    }
};

// Where a name stands in a table, or where it would.
struct directory::position {
    bool found;
    std::uint64_t at;
    std::uint64_t index; // of the record, if found
};

directory::directory(heap const& memory,
                     participants const& who,
                     wait_policy const& policy) noexcept
    : memory_(memory),
      who_(who),
      policy_(policy),
      state_(memory.where().as<directory_state>(section_id::directory).data()) {
    static_assert(sizeof(record_slot) == record_slot_bytes);
}

auto directory::lock() const {
    auto repair = [this]() noexcept { rebuild(); };
    return robust_lock(state_->mutex, who_, policy_, repair);
}

directory::table* directory::current_table() const noexcept {
    return static_cast<table*>(memory_.at(state_->table.load(std::memory_order_acquire)));
}

directory::record_slot& directory::slot(std::uint64_t index) const noexcept {
    auto const chunk = chunk_of(index);
    auto const first = first_chunk_records * ((1ULL << chunk) - 1);
    auto const offset = state_->chunks.at(chunk).load(std::memory_order_acquire);
    return static_cast<record_slot*>(memory_.at(offset))[index - first];
}

bool directory::holds(std::uint64_t seen, std::uint64_t hash, std::string_view name) const {
    if (!is_live(seen) || tag_of(seen) != tag_of(hash)) return false;
    auto& there = slot(index_of(seen));
    return there.name_hash().load(std::memory_order_acquire) == hash
           && there.load().name_text() == name;
}

directory::position
directory::probe(table& where, std::uint64_t hash, std::string_view name) const {
    auto const n_slots = where.n_slots;
    auto reusable = n_slots; // none yet
    auto at = hash % n_slots;
    for (std::uint64_t looked = 0; looked < n_slots; ++looked) {
        auto const seen = where[at].load(std::memory_order_acquire);
        if (seen == empty_slot) return {false, reusable == n_slots ? at : reusable, 0};
        if (seen == gone_slot && reusable == n_slots) reusable = at;
        if (holds(seen, hash, name)) return {true, at, index_of(seen)};
        at = at + 1 == n_slots ? 0 : at + 1;
    }
    return {false, reusable, 0};
}

std::optional<directory_entry> directory::find(std::string_view name) const {
    auto const h = hash(name);
    for (;;) {
        auto const before = state_->n_changes.load(std::memory_order_acquire);
        auto* const where = current_table();
        if (where == nullptr) return std::nullopt;
        auto const found = probe(*where, h, name);
        std::optional<directory_entry> entry;
        if (found.found) {
            entry =
                directory_entry{static_cast<std::uint32_t>(found.index), slot(found.index).load()};
        }
        if (state_->n_changes.load(std::memory_order_acquire) == before) return entry;
    }
}

bool directory::contains(std::uint32_t index, std::uint32_t generation) const {
    if (index >= shared(state_->n_records).load(std::memory_order_acquire)) return false;
    auto& there = slot(index);
    return there.generation() == generation
           && there.name_hash().load(std::memory_order_acquire) != 0;
}

std::uint32_t directory::generation_of(std::uint32_t index) const {
    if (index >= shared(state_->n_records).load(std::memory_order_acquire)) return 0;
    auto& there = slot(index);
    auto const generation = there.generation();
    return there.name_hash().load(std::memory_order_acquire) == 0 ? 0 : generation;
}

void directory::raise_taken(object_record const& other) {
    auto const who = other.creator < 0 ? std::string("all ranks") : text("rank ", other.creator);
    raise(errc::already_exists,
          text("name is taken (\"",
               other.name_text(),
               "\" was created by ",
               who,
               " at ",
               other.file.data(),
               ':',
               other.line,
               ", ",
               time_text(other.created_ns),
               "; use find or find_or_create)"));
}

directory_place directory::insert(object_record const& record) const {
    auto const h = record.name_hash;
    auto const hold = lock();
    position place{};
    auto* const before = current_table();
    if (before != nullptr) place = probe(*before, h, record.name_text());
    if (place.found) raise_taken(slot(place.index).load());
    if (before == nullptr || 2 * (state_->n_used_slots + 1) > before->n_slots) {
        grow();
        place = probe(*current_table(), h, record.name_text());
    }
    auto& where = *current_table();
    auto const index = take_record();
    auto entered = record;
    entered.generation = slot(index).generation() + 1;
    state_->n_changes.fetch_add(1);
    slot(index).store(entered);
    if (where[place.at].load(std::memory_order_relaxed) == empty_slot) ++state_->n_used_slots;
    ++state_->n_live;
    where[place.at].store(make_slot(h, index), std::memory_order_release);
    return {static_cast<std::uint32_t>(index), entered.generation};
}

std::optional<object_record> directory::erase(std::uint32_t index, std::uint32_t generation) const {
    auto const hold = lock();
    if (!contains(index, generation)) return std::nullopt;
    auto const record = slot(index).load();
    auto& where = *current_table();
    auto const place = probe(where, record.name_hash, record.name_text());
    if (!place.found || place.index != index) return std::nullopt;
    state_->n_changes.fetch_add(1);
    where[place.at].store(gone_slot, std::memory_order_release);
    // A gone slot before an empty one is as good as empty: probes end there anyway.
    auto const n_slots = where.n_slots;
    auto at = place.at;
    while (where[at].load() == gone_slot && where[(at + 1) % n_slots].load() == empty_slot) {
        where[at].store(empty_slot, std::memory_order_release);
        --state_->n_used_slots;
        at = at == 0 ? n_slots - 1 : at - 1;
    }
    --state_->n_live;
    give_record_back(index);
    return record;
}

std::uint64_t directory::take_record() const {
    if (state_->first_free != 0) {
        auto const index = state_->first_free - 1;
        state_->first_free = slot(index).next_free;
        return index;
    }
    auto const index = state_->n_records;
    auto const chunk = chunk_of(index);
    if (state_->chunks.at(chunk).load() == 0) {
        auto const n_bytes = (first_chunk_records << chunk) * record_slot_bytes;
        state_->chunks.at(chunk).store(memory_.offset_of(memory_.allocate_zeroed(n_bytes)));
    }
    shared(state_->n_records).store(index + 1, std::memory_order_release);
    return index;
}

void directory::give_record_back(std::uint64_t index) const noexcept {
    auto& freed = slot(index);
    auto record = freed.load();
    record.name_hash = 0;
    ++record.generation; // handles of what stood here are stale, also while the next is written
    state_->n_changes.fetch_add(1);
    freed.store(record);
    freed.next_free = state_->first_free;
    state_->first_free = index + 1;
}

// A new table, with room for twice as many; the names that are gone stay behind.
void directory::grow() const {
    auto* const before = current_table();
    auto const n_slots = before == nullptr ? first_table_slots : 2 * before->n_slots;
    auto* const after = static_cast<table*>(memory_.allocate_zeroed(sizeof(table) + 8 * n_slots));
    after->n_slots = n_slots;
    std::uint64_t n_live = 0;
    for (std::uint64_t from = 0; before != nullptr && from < before->n_slots; ++from) {
        auto const seen = (*before)[from].load();
        if (!is_live(seen)) continue;
        auto at = slot(index_of(seen)).load().name_hash % n_slots;
        while ((*after)[at].load() != empty_slot) {
            at = at + 1 == n_slots ? 0 : at + 1;
        }
        (*after)[at].store(seen);
        ++n_live;
    }
    state_->n_used_slots = n_live;
    state_->table.store(memory_.offset_of(after), std::memory_order_release);
}

// After the lock's holder died: the table is the truth; records that it does not name are free.
void directory::rebuild() const noexcept {
    state_->n_changes.fetch_add(1);
    auto* const where = current_table();
    auto const n_records = state_->n_records;
    constexpr std::uint64_t in_use = ~0ULL;
    for (std::uint64_t index = 0; index < n_records; ++index) {
        slot(index).next_free = 0;
    }
    state_->n_live = 0;
    state_->n_used_slots = 0;
    for (std::uint64_t at = 0; where != nullptr && at < where->n_slots; ++at) {
        auto const seen = (*where)[at].load();
        if (seen != empty_slot) ++state_->n_used_slots;
        if (!is_live(seen)) continue;
        ++state_->n_live;
        slot(index_of(seen)).next_free = in_use;
    }
    state_->first_free = 0;
    for (std::uint64_t index = 0; index < n_records; ++index) {
        if (slot(index).next_free != in_use) give_record_back(index);
    }
}

std::vector<directory_entry> directory::list() const {
    std::vector<directory_entry> all;
    for (;;) {
        all.clear();
        auto const before = state_->n_changes.load(std::memory_order_acquire);
        auto* const where = current_table();
        for (std::uint64_t at = 0; where != nullptr && at < where->n_slots; ++at) {
            auto const seen = (*where)[at].load(std::memory_order_acquire);
            if (!is_live(seen)) continue;
            auto const index = index_of(seen);
            all.push_back({static_cast<std::uint32_t>(index), slot(index).load()});
        }
        if (state_->n_changes.load(std::memory_order_acquire) == before) break;
    }
    std::ranges::sort(all, {}, [](directory_entry const& each) { return each.record.name_text(); });
    return all;
}

std::uint64_t directory::size() const {
    auto const hold = lock();
    return state_->n_live;
}

void directory::verify_slot(std::uint64_t at, std::vector<std::string>& violations) const {
    auto& where = *current_table();
    auto const seen = where[at].load();
    if (index_of(seen) >= state_->n_records) {
        violations.push_back(text(
            "directory: slot ", at, " names record ", index_of(seen), " of ", state_->n_records));
        return;
    }
    auto const record = slot(index_of(seen)).load();
    auto const report = [&](auto const&... parts) {
        violations.push_back(text("directory: \"", record.name_text(), "\" ", parts...));
    };
    if (record.name_hash != hash(record.name_text())) report("has a torn record");
    auto const found = probe(where, record.name_hash, record.name_text());
    if (!found.found || found.at != at) report("is not reached");
    if (memory_.usable_size(memory_.at(record.offset)) < record.n_bytes) {
        report("has no block of ", record.n_bytes, " bytes");
    }
}

void directory::verify(std::vector<std::string>& violations, std::size_t limit) const {
    auto const hold = lock();
    std::uint64_t n_live = 0;
    auto* const where = current_table();
    for (std::uint64_t at = 0; where != nullptr && at < where->n_slots; ++at) {
        if (!is_live((*where)[at].load())) continue;
        ++n_live;
        verify_slot(at, violations);
    }
    if (n_live != state_->n_live) {
        violations.push_back(
            text("directory: miscounted (", state_->n_live, ", found ", n_live, ")"));
    }
    if (violations.size() > limit) violations.resize(limit);
}

} // namespace shmwin::inline v1::detail
