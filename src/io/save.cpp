// SPDX-License-Identifier: MIT
// How a checkpoint is written: the file by one rank (save_file), its payload by all.
#include "shmwin/base/error.hpp"
#include "shmwin/mpi/agreement.hpp"
#include "shmwin/mpi/error.hpp"

#include "io/compress_parts.hpp"
#include "io/fail_point.hpp"
#include "io/inventory.hpp"
#include "io/options.hpp"
#include "io/payload.hpp"
#include "io/save_file.hpp"
#include "io/save_plan.hpp"
#include "io/save_steps.hpp"
#include "io/store_state.hpp"

#include <chrono>

namespace shmwin::inline v1 {
namespace detail {
namespace {

using std::chrono::steady_clock;

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
          has_previous_(open_previous(store)) {}

    saver(saver const&) = delete;
    saver(saver&&) = delete;
    saver& operator=(saver const&) = delete;
    saver& operator=(saver&&) = delete;
    ~saver() { store_.previous.close(); }

    void run() {
        at(step::prepare, [&] { on_first([&] { prepare(); }); });
        at(step::plan, [&] { broadcast_plan(ranks_.comm, plan_); });
        if (store_.options.deflate > 0) compress();
        agree_on(ranks_.comm, "save", [&] { at(step::payload, [&] { write_mine(); }); });
        at(step::commit, [&] { on_first([&] { file_.commit(); }); });
    }

    // The next save may take blocks from this one.
    void remember(std::filesystem::path const& path) {
        if (!store_.options.incremental) return;
        store_.previous = previous_checkpoint(
            path, earlier_objects(parts_), plan_.checksums_offset, plan_.n_blocks);
    }

    save_report report() {
        auto made = report_of(plan_, all_);
        made.n_bytes_reused = sum_over_ranks(n_bytes_reused_);
        made.n_bytes_written = made.n_bytes - made.n_bytes_reused - sum_over_ranks(n_bytes_less_);
        made.seconds = std::chrono::duration<double>(steady_clock::now() - begin_).count();
        return made;
    }

  private:
    void prepare() {
        all_ = take_inventory(source_, chosen_);
        bool const incremental = has_previous_ && can_share_blocks(store_, file_);
        file_.create(all_.objects, incremental);
        if (store_.options.deflate == 0) file_.reserve();
        plan_ = plan_of(file_.structure(), all_);
        plan_.incremental = incremental ? 1 : 0;
    }

    void find_mine() {
        if (!parts_.empty()) return;
        if (ranks_.rank != 0) all_ = take_inventory(source_, chosen_);
        parts_ = planned_parts(ranks_, plan_, all_);
    }

    void write_mine() {
        find_mine();
        bool const incremental = has_previous_ && plan_.incremental != 0;
        n_bytes_reused_ = write_payload(file_.temporary(),
                                        parts_,
                                        plan_.checksums_offset,
                                        incremental ? &store_.previous : nullptr);
    }

    void compress() {
        agree_on(ranks_.comm, "save", [&] { find_mine(); });
        auto const n_bytes = compress_parts(ranks_, plan_, parts_, store_.options.deflate, file_);
        if (ranks_.rank == 0) {
            for (auto const& each : plan_.parts) {
                if (each.chunks.n_chunks() > 0) n_bytes_less_ += each.n_bytes;
            }
            n_bytes_less_ -= n_bytes;
        }
        on_first([&] {
            file_.close_structure();
            file_.reserve();
        });
    }

    [[nodiscard]] std::uint64_t sum_over_ranks(std::uint64_t mine) const {
        if (plan_.incremental == 0 && store_.options.deflate == 0) return 0;
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
    std::uint64_t n_bytes_less_ = 0;   ///< rank 0's: what compression spares
    steady_clock::time_point begin_ = steady_clock::now();
};

} // namespace
} // namespace detail

save_report
checkpoint_store::save(segment& seg, checkpoint_label const& label, source_line const& where) {
    auto const begin = detail::steady_clock::now();
    auto& core = *seg.core();
    detail::finish_in_flight_or_raise(*state_);
    detail::check_ranks(*state_->group, core, operation::save);
    auto const same = detail::hash_of(label);
    collective_call const call{operation::save, {}, {}, {}, same, where};
    core.meet(call, [&] { detail::check_save(core, label); });
    auto const info = detail::info_of_save(*state_, label);
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
