// SPDX-License-Identifier: MIT
// How a checkpoint is written: the file by one rank (save_file), its payload by all.
#include "shmwin/base/error.hpp"
#include "shmwin/base/log.hpp"
#include "shmwin/base/text.hpp"
#include "shmwin/mpi/agreement.hpp"
#include "shmwin/mpi/error.hpp"

#include "io/attributes.hpp"
#include "io/fail_point.hpp"
#include "io/inventory.hpp"
#include "io/options.hpp"
#include "io/payload.hpp"
#include "io/save_file.hpp"
#include "io/save_plan.hpp"
#include "io/store_state.hpp"

#include <algorithm>
#include <chrono>
#include <iomanip>
#include <sstream>
#include <sys/random.h>

namespace shmwin::inline v1 {
namespace detail {
namespace {

using std::chrono::steady_clock;

std::string make_uuid() {
    std::array<std::uint64_t, 2> words{};
    if (::getrandom(words.data(), sizeof words, 0) != sizeof words) {
        raise(errc::system_failure, "getrandom failed (no uuid for the checkpoint)");
    }
    std::ostringstream out;
    out << std::hex << std::setfill('0') << std::setw(16) << words[0] << std::setw(16) << words[1];
    return out.str();
}

std::int64_t now_ns() {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
}

// One save. Rank 0 holds the file and decides.
class saver {
  public:
    saver(store_communicator const& ranks,
          checkpoint_names const& names,
          segment_core& source,
          checkpoint_info const& info,
          checkpoint_store::state& store)
        : ranks_(ranks),
          source_(source),
          store_(store),
          chosen_(store.options),
          file_(names, info, store.options),
          has_previous_(store.options.incremental && store.previous.open()) {}

    saver(saver const&) = delete;
    saver(saver&&) = delete;
    saver& operator=(saver const&) = delete;
    saver& operator=(saver&&) = delete;
    ~saver() { store_.previous.close(); }

    void run() {
        at(step::prepare, [&] { on_first([&] { prepare(); }); });
        at(step::plan, [&] { broadcast_plan(ranks_.comm, plan_); });
        agree_on(ranks_.comm, "save", [&] { at(step::payload, [&] { write_mine(); }); });
        at(step::commit, [&] { on_first([&] { file_.commit(); }); });
    }

    // The next save may take blocks from this one.
    void remember(std::filesystem::path const& path) {
        if (!store_.options.incremental) return;
        std::vector<earlier_object> objects;
        for (auto& each : parts_) {
            objects.push_back(
                {std::move(each.name), each.n_bytes, each.file_offset, each.first_block});
        }
        store_.previous =
            previous_checkpoint(path, std::move(objects), plan_.checksums_offset, plan_.n_blocks);
    }

    save_report report() {
        save_report made;
        made.n_bytes = plan_.n_bytes();
        made.n_bytes_reused = sum_over_ranks(n_bytes_reused_);
        made.n_bytes_written = made.n_bytes - made.n_bytes_reused;
        for (auto const& each : all_.objects) {
            if (!each.is_offsets()) made.saved.emplace_back(each.object_name());
        }
        std::ranges::sort(made.saved);
        made.left_out = std::move(all_.left_out);
        made.seconds = std::chrono::duration<double>(steady_clock::now() - begin_).count();
        return made;
    }

  private:
    void prepare() {
        all_ = take_inventory(source_, chosen_);
        bool const incremental = has_previous_ && can_share();
        file_.create(all_.objects, incremental);
        plan_ = plan_of(file_.structure(), all_);
        plan_.incremental = incremental ? 1 : 0;
    }

    void write_mine() {
        if (ranks_.rank != 0) all_ = take_inventory(source_, chosen_);
        parts_ = planned_parts(ranks_, plan_, all_);
        bool const incremental = has_previous_ && plan_.incremental != 0;
        n_bytes_reused_ = write_payload(file_.temporary(),
                                        parts_,
                                        plan_.checksums_offset,
                                        incremental ? &store_.previous : nullptr);
    }

    bool can_share() {
        if (!store_.can_share) {
            store_.can_share = store_.previous.can_share_with(file_.temporary());
        }
        return *store_.can_share;
    }

    [[nodiscard]] std::uint64_t sum_over_ranks(std::uint64_t mine) const {
        if (plan_.incremental == 0) return 0;
        check_mpi("MPI_Allreduce",
                  MPI_Allreduce(MPI_IN_PLACE, &mine, 1, MPI_UINT64_T, MPI_SUM, ranks_.comm));
        return mine;
    }

    // Rank 0 does it; all learn how it went.
    void on_first(function_ref<void()> step) const {
        agree_on(ranks_.comm, "save", [&] {
            if (ranks_.rank == 0) step();
        });
    }

    store_communicator const& ranks_;
    segment_core& source_;
    checkpoint_store::state& store_;
    name_filter chosen_;
    save_file file_;
    bool has_previous_;
    inventory all_;
    save_plan plan_;
    std::vector<payload_part> parts_;
    std::uint64_t n_bytes_reused_ = 0; ///< by this rank
    steady_clock::time_point begin_ = steady_clock::now();
};

// Once for each: that a restart lacks them should not be found out by restarting.
void warn_of_left_out(segment_core const& source, std::vector<std::string>& warned_of) {
    for (auto const& each : source.names().list()) {
        auto const name = each.record.name_text();
        bool const warned = std::ranges::find(warned_of, name) != warned_of.end();
        bool const is_queue = each.record.kind == object_kind::queue;
        bool const holds_more = is_queue || each.record.kind == object_kind::per_rank;
        if (!holds_more || each.record.has_dtype || warned) continue;
        warned_of.emplace_back(name);
        log(log_level::warning,
            text("checkpoint leaves a ",
                 is_queue ? "queue" : "per-rank container",
                 " out (\"",
                 name,
                 "\" holds ",
                 source.type_text(each.record),
                 "; SHMWIN_DESCRIBE its elements)"));
    }
}

} // namespace
} // namespace detail

save_report
checkpoint_store::save(segment& seg, checkpoint_label const& label, source_line const& where) {
    auto const begin = detail::steady_clock::now();
    auto& core = *seg.core();
    detail::check_ranks(*state_->group, core, operation::save);
    auto const same = detail::hash_of(label);
    collective_call const call{operation::save, {}, {}, {}, same, where};
    core.meet(call, [&] {
        if (label.step < 0) {
            raise(errc::invalid_argument, detail::text("step is negative (", label.step, ")"));
        }
        detail::check_attributes(label.attributes);
        core.raise_races(); // now: later there is a checkpoint, and an error would deny it
    });
    checkpoint_info info;
    info.step = label.step;
    info.time = label.time;
    info.attributes = label.attributes;
    info.n_ranks = state_->group->size;
    info.parent_uuid = state_->last_uuid;
    if (state_->is_first()) {
        info.uuid = detail::make_uuid();
        info.created_ns = detail::now_ns();
    }
    detail::saver one(*state_->group, state_->names, core, info, *state_);
    one.run();
    auto report = one.report();
    report.file = state_->names.of_step(info.step);
    one.remember(report.file);
    if (state_->is_first()) {
        state_->last_uuid = info.uuid;
        detail::warn_of_left_out(core, state_->warned_of);
    }
    detail::at(detail::step::end_save, [&] { core.meet(call, [] {}); });
    state_->due.saved(label.step, begin);
    return report;
}

} // namespace shmwin::inline v1
