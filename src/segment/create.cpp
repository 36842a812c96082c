// SPDX-License-Identifier: MIT
// How objects come into a segment.
#include "shmwin/base/error.hpp"
#include "shmwin/base/text.hpp"
#include "shmwin/mpi/agreement.hpp"
#include "shmwin/segment/core.hpp"
#include "shmwin/segment/synchronized_layout.hpp"

#include "segment/request.hpp"
#include "segment/touch.hpp"
#include "segment/type_text.hpp"

#include <algorithm>
#include <new>
#include <optional>

namespace shmwin::inline v1::detail {
namespace {

// Up to here one rank zeroes the block for all: cheaper than to meet a second time.
constexpr std::size_t by_one_rank_bytes = std::size_t{256} << 10U;
constexpr std::size_t line_bytes = 64;

// What ranks change all the time: two of them in one line would take it from each other. The record
// of a name has half a kilobyte, so a line for what it names is little.
bool wants_own_line(object_kind kind) noexcept {
    return kind == object_kind::value || kind == object_kind::sync
           || kind == object_kind::synchronized;
}

std::size_t alignment_of(object_request const& request) {
    auto least = request.options.whole_pages ? page_bytes : request.type->alignment;
    if (request.kind == object_kind::synchronized) {
        least = std::max(least, synchronized_data_offset(request.order, least));
    }
    if (wants_own_line(request.kind)) least = std::max(least, line_bytes);
    return std::max(least, request.options.align);
}

std::size_t scratch_bytes(std::size_t n_bytes) {
    return (n_bytes + line_bytes - 1) / line_bytes * line_bytes + line_bytes;
}

std::atomic_ref<std::uint32_t> holders_of(std::byte* block, std::size_t n_bytes) {
    auto* const count = block + scratch_bytes(n_bytes) - line_bytes;
    return std::atomic_ref(*reinterpret_cast<std::uint32_t*>(count));
}

void write_levels_control(std::byte* block, object_request const& request) {
    auto const plan = plan_levels(request);
    auto& control = *reinterpret_cast<levels_control*>(block);
    control.n_levels = static_cast<std::uint32_t>(request.options.levels);
    control.stride_bytes = plan.stride_bytes;
    control.first_bytes = plan.first_bytes;
    control.now.store(0);
}

// Frees a block again unless it was finished.
class unfinished_block {
  public:
    unfinished_block(heap const& memory, void* block) noexcept : memory_(memory), block_(block) {}
    unfinished_block(unfinished_block const&) = delete;
    unfinished_block(unfinished_block&&) = delete;
    unfinished_block& operator=(unfinished_block const&) = delete;
    unfinished_block& operator=(unfinished_block&&) = delete;
    ~unfinished_block() {
        if (block_ != nullptr) memory_.deallocate(block_);
    }
    void finish() noexcept { block_ = nullptr; }

  private:
    heap const& memory_;
    void* block_;
};

bool is_entered(directory const& names, std::string_view name, std::uint64_t offset) {
    auto const there = names.find_head(name);
    return there && there->head.offset == offset;
}

} // namespace

// Of an object of all ranks together.
void segment_core::enter(object_record& record,
                         std::uint64_t offset,
                         meeting_values& result) const {
    record.offset = offset;
    auto const place = directory_.insert(record);
    result[1] = place.index;
    result[2] = place.generation;
}

placed_object segment_core::placed(object_request const& request,
                                   std::uint64_t offset,
                                   meeting_values const& values) const {
    placed_object made;
    made.address = region_.at(offset);
    made.index = static_cast<std::uint32_t>(values[1]);
    made.generation = static_cast<std::uint32_t>(values[2]);
    std::ranges::copy(request.extents, made.extents.begin());
    return made;
}

// What there is to do for a block, besides taking it. All on one rank.
struct segment_core::block_work {
    function_ref<void(std::byte*)> begin; ///< on the fresh block
    function_ref<void(std::byte*)> undo;  ///< of begin, if the call fails on another rank
    bool named;                           ///< the object enters the directory
};

// Rank 0 takes the block and begins it before it arrives: the others wait for it, the heap's
// metadata stays in its cache, and the meeting is hidden behind the work for the next object. The
// name appears only when all are there: no rank that still asks contains() may see it.
std::uint64_t segment_core::make_small_block(object_request const& request,
                                             std::size_t n_bytes,
                                             block_work const& work,
                                             meeting_values& values) {
    std::byte* block = nullptr;
    std::optional<object_record> record; // rank 0 makes it while the others are on their way
    auto const failure = failure_of([&] {
        check_request(request);
        if (rank() != 0) return;
        if (work.named) keep_type_text(directory_, local_policy_, *request.type, rank());
        record = make_record(request, -1);
        auto* const fresh =
            static_cast<std::byte*>(heap_.allocate_zeroed(n_bytes, alignment_of(request)));
        unfinished_block guard(heap_, fresh);
        work.begin(fresh);
        guard.finish();
        block = fresh;
    });
    values[0] = heap_.offset_of(block);
    try {
        values = rendezvous_.meet(
            call_of(request),
            failure ? &*failure : nullptr,
            [&](meeting_values& result) {
                if (!work.named) return;
                if (!record) record = make_record(request, -1);
                enter(*record, result[0], result);
            },
            values);
    } catch (error const&) {
        // A rank that died completing the call may have entered the name before.
        bool const stays = work.named && is_entered(directory_, request.name, values[0]);
        if (block != nullptr && !stays) {
            work.undo(block);
            heap_.deallocate(block);
        }
        throw;
    }
    return values[0];
}

std::uint64_t segment_core::make_block(object_request const& request,
                                       std::size_t n_bytes,
                                       block_work const& work,
                                       meeting_values& values) {
    if (n_bytes <= by_one_rank_bytes) return make_small_block(request, n_bytes, work, values);
    auto const failure = failure_of([&] {
        check_request(request);
        if (rank() != 0 || !work.named) return;
        keep_type_text(directory_, local_policy_, *request.type, rank());
    });
    auto const call = call_of(request);
    auto const offset =
        rendezvous_.meet(call, failure ? &*failure : nullptr, [&](meeting_values& result) {
            if (work.named) directory_.check_free(request.name);
            result[0] = heap_.reserve(n_bytes, alignment_of(request));
        })[0];
    auto const trouble = failure_of([&] { touch_my_part(request, offset, n_bytes); });
    try {
        values = rendezvous_.meet(call, trouble ? &*trouble : nullptr, [&](meeting_values& result) {
            work.begin(region_.base() + offset);
            if (!work.named) return;
            auto record = make_record(request, -1);
            enter(record, offset, result);
        });
    } catch (error const& failed) {
        if (rank() == 0 && failed.code() != errc::peer_left) heap_.deallocate(heap_.at(offset));
        throw;
    }
    return offset;
}

void segment_core::touch_my_part(object_request const& request,
                                 std::uint64_t offset,
                                 std::size_t n_bytes) const {
    for (auto const& part : parts_to_touch(request, offset, n_bytes, rank(), n_ranks())) {
        heap_.prepare(part.offset, part.n_bytes, request.options.touch != touch::later);
    }
}

placed_object segment_core::create(object_request const& request) {
    require_open(request.op);
    note(request.op);
    std::size_t n_bytes = 0;
    static_cast<void>(failure_of([&] { n_bytes = block_bytes(request); })); // met with below
    meeting_values values{};
    auto const offset = make_block(request,
                                   n_bytes,
                                   {[&](std::byte* block) {
                                        if (request.kind == object_kind::levels)
                                            write_levels_control(block, request);
                                    },
                                    [](std::byte*) {},
                                    true},
                                   values);
    return placed(request, offset, values);
}

placed_object segment_core::find_or_create(object_request const& request, bool& created) {
    require_open(request.op);
    note(request.op);
    auto const failure = failure_of([&] { check_request(request); });
    auto const values = rendezvous_.meet(
        call_of(request), failure ? &*failure : nullptr, [&](meeting_values& result) {
            auto const found = directory_.find(request.name);
            result[0] = found ? 1 : 0;
            if (!found) return;
            check_match(*this, found->record, request, true);
            result[1] = found->index;
            result[2] = found->record.generation;
            result[3] = found->record.offset;
        });
    created = values[0] == 0;
    if (created) return create(request);
    if (values[3] == foreign_offset) return find(request);
    return placed(request, values[3], values);
}

placed_object segment_core::create_small(object_request const& request,
                                         function_ref<void(void*)> construct,
                                         function_ref<void(void*)> destruct) {
    require_open(request.op);
    note(request.op);
    std::size_t n_bytes = 0;
    static_cast<void>(failure_of([&] { n_bytes = block_bytes(request); })); // met with below
    meeting_values values{};
    auto const offset = make_block(request, n_bytes, {construct, destruct, true}, values);
    return placed(request, offset, values);
}

placed_object segment_core::create_scratch(object_request const& request) {
    require_open(request.op);
    note(request.op);
    std::size_t n_bytes = 0;
    static_cast<void>(failure_of([&] { n_bytes = element_bytes(request); })); // met with below
    meeting_values values{};
    auto const offset =
        make_block(request,
                   scratch_bytes(n_bytes),
                   {[&](std::byte* block) {
                        holders_of(block, n_bytes).store(static_cast<std::uint32_t>(n_ranks()));
                    },
                    [](std::byte*) {},
                    false},
                   values);
    return placed(request, offset, {});
}

void segment_core::release_scratch(placed_object const& what, std::size_t n_bytes) noexcept {
    if (what.address == nullptr || is_forked_child()) return; // the hold is the rank's
    if (holders_of(what.address, n_bytes).fetch_sub(1) != 1) return;
    static_cast<void>(failure_of([&] { forget_scratch_races(what); }));
    static_cast<void>(failure_of([&] { heap_.deallocate(what.address); }));
}

// The name appears when the object is whole: nobody waits for it, and one of several that construct
// the same name has done so in vain. Whoever is killed before insert() leaves a block that is lost;
// find_or_construct() leaves none, but takes the directory's lock twice.
placed_object segment_core::construct_small(object_request const& request,
                                            function_ref<void(void*)> construct,
                                            function_ref<void(void*)> destruct) {
    if (!is_open()) raise(errc::closed, "construct is not possible (the segment is closed)");
    check_request(request);
    // Elements are bytes: to construct one in vain costs less than a look.
    if (!request.element) directory_.check_free(request.name);
    keep_type_text(directory_, local_policy_, *request.type, rank());
    auto* const block = heap_.allocate(request.type->n_bytes, alignment_of(request));
    unfinished_block guard(heap_, block);
    construct(block);
    auto const offset = heap_.offset_of(block);
    directory_place place;
    try {
        auto record = make_record(request, rank());
        record.offset = offset;
        place = directory_.insert(record);
    } catch (...) {
        destruct(block);
        throw;
    }
    guard.finish();
    return placed(request, offset, {0, place.index, place.generation});
}

placed_object segment_core::find_or_construct(object_request const& request,
                                              function_ref<void(void*)> construct,
                                              bool& created) {
    if (!is_open())
        raise(errc::closed, "find_or_construct is not possible (the segment is closed)");
    check_request(request);
    created = false;
    auto const there = directory_.find_head(request.name);
    if (there && is_match(there->head, request)) return place(*there, request);
    keep_type_text(directory_, local_policy_, *request.type, rank());
    auto const made = directory_.find_or_construct(
        make_record(request, rank()), alignment_of(request), local_policy_, construct);
    created = made.created;
    check_match(*this, made.entry.record, request, false);
    return place(made.entry.head(), request);
}

} // namespace shmwin::inline v1::detail
