// SPDX-License-Identifier: MIT
// How a checkpoint is saved asynchronously: one rank makes the file's structure, all copy their
// share of the payload into the staging area, a thread writes it from there.
#include "shmwin/base/error.hpp"
#include "shmwin/base/hash.hpp"
#include "shmwin/base/text.hpp"
#include "shmwin/mpi/agreement.hpp"

#include "io/background_save.hpp"
#include "io/fail_point.hpp"
#include "io/inventory.hpp"
#include "io/options.hpp"
#include "io/save_file.hpp"
#include "io/save_plan.hpp"
#include "io/save_steps.hpp"
#include "io/staged_payload.hpp"
#include "io/store_state.hpp"

#include <chrono>
#include <utility>
#include <vector>

namespace shmwin::inline v1 {
namespace detail {
namespace {

using std::chrono::steady_clock;

// One save, until it needs the ranks no more.
class async_saver {
  public:
    async_saver(checkpoint_store::state& store,
                segment_core& source,
                collective_call const& call,
                checkpoint_info info)
        : store_(store),
          source_(source),
          call_(call),
          info_(std::move(info)),
          chosen_(store.options) {}
    async_saver(async_saver const&) = delete;
    async_saver(async_saver&&) = delete;
    async_saver& operator=(async_saver const&) = delete;
    async_saver& operator=(async_saver&&) = delete;

    // Left by an error: the thread ends, its file goes, and the next save counts as this one.
    ~async_saver() {
        store_.previous.close();
        if (writer_ == nullptr) return;
        writer_->give_up();
        writer_->join();
        if (writer_->previous()) store_.previous = std::move(*writer_->previous());
        store_.staging.status().reset(store_.n_async);
    }

    save_in_flight run() {
        at(step::prepare, [&] {
            agreed([&] {
                if (store_.is_first()) make_file();
            });
        });
        at(step::plan, [&] { broadcast_plan(store_.comm(), plan_); });
        at(step::staging, [&] { make_room(); });
        agreed([&] {
            if (!store_.is_first()) all_ = take_inventory(source_, chosen_);
            parts_ = planned_parts(*store_.group, plan_, all_);
            if (store_.is_first()) at(step::start_thread, [&] { start_writer(); });
            if (!staged_->is_bounded()) at(step::stage, [&] { copy(); });
        });
        if (staged_->is_bounded()) agreed([&] { at(step::stage, [&] { copy(); }); });
        return at(step::end_save, [&] {
            if (writer_ != nullptr) writer_->go();
            return in_flight();
        });
    }

  private:
    void agreed(function_ref<void()> step) const {
        auto const failure = failure_of(step);
        source_.meeting().meet(call_, failure ? &*failure : nullptr);
    }

    void make_file() {
        all_ = take_inventory(source_, chosen_);
        file_ = std::make_unique<save_file>(store_.names, info_, store_.options);
        bool const incremental = open_previous(store_) && can_share_blocks(store_, *file_);
        file_->create(all_.objects, incremental);
        plan_ = plan_of(file_->structure(), all_);
        if (store_.options.staging == staging::frozen) leave_in_place();
        plan_.incremental = incremental ? 1 : 0;
    }

    // Of the segment's own, for that stays where it is as long as anyone holds it; small things are
    // cheaply copied, and then may be written to.
    void leave_in_place() {
        for (std::size_t i = 0; i < plan_.parts.size(); ++i) {
            auto const kind = all_.objects[i].kind;
            bool const large = kind == object_kind::array || kind == object_kind::levels;
            plan_.parts[i].in_place = large && all_.memory[i].holder != nullptr ? 1 : 0;
        }
    }

    void make_room() {
        staged_.emplace(plan_, store_.options, source_.n_ranks());
        store_.staging.require(source_.on(), staged_->n_bytes(), store_.n_async);
    }

    void start_writer() {
        background_job job;
        job.checksums_offset = plan_.checksums_offset;
        job.parts = staged_->parts(plan_, parts_, store_.staging.payload());
        job.ring = staged_->ring(store_.staging.payload());
        if (job.ring) job.ring->reset();
        job.status = &store_.staging.status();
        job.status->begin(plan_.n_bytes(), begin_);
        job.file = std::move(file_);
        if (plan_.incremental != 0) job.previous = std::move(store_.previous);
        job.lock = store_.lock;
        job.keep = {store_.staging.keep_alive(), source_.memory_window().keep_alive()};
        writer_ = background_save::start(store_.names.lock(), std::move(job));
    }

    void copy() const {
        auto const& waits = source_.waits();
        awaited const what{"checkpoint_store::save_async"};
        auto const check = [&](bool look) { waits.check_peers(what, look); };
        auto const wait = [&](waitable& word, std::uint32_t old) {
            waits.wait_while(word, old, what, check);
        };
        staged_->copy(parts_, store_.group->rank, store_.staging.payload(), wait);
    }

    save_in_flight in_flight() {
        auto pending = std::make_shared<pending_state>();
        pending->memory = store_.staging.keep_alive();
        pending->status = &store_.staging.status();
        pending->number = ++store_.n_async;
        pending->writer = pending->status->writer();
        pending->source = source_.weak_from_this();
        pending->report = report_of(plan_, all_);
        pending->report.file = store_.names.of_step(info_.step);
        save_in_flight made;
        made.pending = std::move(pending);
        made.writer = std::exchange(writer_, nullptr);
        made.uuid = info_.uuid;
        if (!store_.options.incremental) return made;
        made.objects = earlier_objects(parts_);
        made.checksums_offset = plan_.checksums_offset;
        made.n_blocks = plan_.n_blocks;
        return made;
    }

    checkpoint_store::state& store_;
    segment_core& source_;
    collective_call const& call_;
    checkpoint_info info_;
    name_filter chosen_;
    steady_clock::time_point begin_ = steady_clock::now();
    std::unique_ptr<save_file> file_;
    inventory all_;
    save_plan plan_;
    std::optional<staged_payload> staged_;
    std::vector<payload_part> parts_;
    std::shared_ptr<background_save> writer_;
};

bool is_busy(checkpoint_store::state const& store) {
    return store.in_flight && !store.in_flight->pending->has_ended();
}

[[noreturn]] void refuse_busy(checkpoint_store::state const& store) {
    raise(errc::busy,
          text("save_async is not possible (",
               store.in_flight->pending->report.file.native(),
               " is still being written; wait() for it, or set .when_busy = wait)"));
}

pending_save over(save_report report) {
    auto made = std::make_shared<pending_state>();
    made->report = std::move(report);
    return pending_save(std::move(made));
}

} // namespace

// --- the end, as the store sees it ---------------------------------------------------------------

void notice_end_of_save(checkpoint_store::state& store) {
    if (!store.in_flight || store.in_flight->noticed) return;
    auto& ended = *store.in_flight;
    auto& pending = *ended.pending;
    if (!pending.has_ended()) return;
    pending.await();
    ended.noticed = true;
    bool const whole = pending.outcome->code == errc::ok;
    if (ended.writer != nullptr) {
        ended.writer->join();
        if (ended.writer->previous()) store.previous = std::move(*ended.writer->previous());
        if (whole) store.last_uuid = ended.uuid;
    }
    if (!whole) return;
    store.due.became_safe(due_seconds(pending.outcome->seconds));
    if (!store.options.incremental) return;
    store.previous = previous_checkpoint(
        pending.report.file, std::move(ended.objects), ended.checksums_offset, ended.n_blocks);
}

void finish_in_flight(checkpoint_store::state& store) {
    if (!store.in_flight) return;
    store.in_flight->pending->await();
    notice_end_of_save(store);
}

void finish_in_flight_or_raise(checkpoint_store::state& store) {
    finish_in_flight(store);
    if (!store.in_flight) return;
    auto const pending = std::move(store.in_flight->pending);
    store.in_flight.reset();
    if (!pending->told) pending->raise_failure();
}

} // namespace detail

pending_save checkpoint_store::save_async(segment& seg,
                                          checkpoint_label const& label,
                                          source_line const& where) {
    auto const begin = detail::steady_clock::now();
    auto& store = *state_;
    auto& core = *seg.core();
    detail::check_ranks(*store.group, core, operation::save_async);
    auto const same = detail::hash_of(label);
    collective_call const call{operation::save_async, {}, {}, {}, same, where};
    core.require_open(operation::save_async);
    // Whether it is busy may change between two looks: one rank's counts.
    auto const found = core.meeting().meet(call, nullptr, [&](detail::meeting_values& values) {
        detail::check_save(core, label);
        values[0] = detail::is_busy(store) ? 1 : 0;
        if (values[0] != 0 && store.options.when_busy == when_busy::refuse) {
            detail::refuse_busy(store);
        }
    });
    if (found[0] != 0 && store.options.when_busy == when_busy::skip) {
        save_report report;
        report.skipped = true;
        return detail::over(std::move(report));
    }
    detail::finish_in_flight_or_raise(store);
    if (store.options.deflate > 0) return detail::over(save(seg, label, where));
    detail::async_saver one(store, core, call, detail::info_of_save(store, label));
    store.in_flight = one.run();
    if (store.is_first()) detail::warn_of_left_out(core, store.warned_of);
    store.due.saved(label.step, begin);
    return pending_save(store.in_flight->pending);
}

} // namespace shmwin::inline v1
