// SPDX-License-Identifier: MIT
// background_save: the thread that writes a checkpoint behind the ranks' backs, of the rank that
// owns the file. It needs no other rank once all bytes are staged, so the file becomes whole
// whatever the ranks do then, short of ending the process: MPI_Finalize and exit() wait for it. If
// it cannot, nothing is left of it.
//
// Layer: io. The thread calls neither MPI nor HDF5, and gets no signals.
#pragma once

#include "shmwin/mpi/finalize.hpp"

#include "io/payload.hpp"
#include "io/previous_blocks.hpp"
#include "io/save_file.hpp"
#include "io/save_status.hpp"
#include "io/store_directory.hpp"
#include "sync/staging_ring.hpp"

#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <thread>
#include <vector>

namespace shmwin::inline v1::detail {

/// What is to be written, and what must stay where it is meanwhile.
struct background_job {
    std::unique_ptr<save_file> file;
    std::uint64_t checksums_offset = 0;
    std::vector<payload_part> parts;  ///< with the blocks that are in memory
    std::optional<staging_ring> ring; ///< brings the other blocks
    save_status* status = nullptr;
    std::optional<previous_checkpoint> previous;   ///< open
    std::shared_ptr<store_lock const> lock;        ///< until nothing more is written
    std::vector<std::shared_ptr<void const>> keep; ///< until the end
};

class background_save final : public finalizable,
                              public std::enable_shared_from_this<background_save> {
  public:
    /// Local. Starts the thread, which waits for go() if there is no ring.
    /// @param store  names the store, see await_all()
    /// @throws runtime_failure (system_failure)  there is no thread to be had
    static std::shared_ptr<background_save> start(std::filesystem::path store, background_job job);

    background_save(background_save const&) = delete;
    background_save(background_save&&) = delete;
    background_save& operator=(background_save const&) = delete;
    background_save& operator=(background_save&&) = delete;
    ~background_save() override;

    /// Local. All bytes are where the job says.
    void go() noexcept { decide(order::go); }
    /// Local. They will not be: nothing is left of the save, unless they were all there.
    void give_up() noexcept;
    /// Local. Waits for the thread's end.
    void join() noexcept; // NOLINT(bugprone-exception-escape): see there
    /// Local. What of the job the next save needs again. After join().
    [[nodiscard]] std::optional<previous_checkpoint>& previous() noexcept { return job_.previous; }

    void at_exit() noexcept override; // NOLINT(bugprone-exception-escape): see join()
    void at_finalize() noexcept override {}

    /// Local. Waits for those of this process that write into that store.
    static void await_all(std::filesystem::path const& store);

  private:
    enum class order : std::uint8_t { none, go, give_up };

    background_save(std::filesystem::path store, background_job job);
    void decide(order what) noexcept;
    [[nodiscard]] bool await_order();
    void run() noexcept;
    void write();
    void write(std::span<payload_part const> some, std::uint64_t n_bytes);
    void write_parts();
    void write_ring();
    void drain() noexcept;

    std::filesystem::path store_;
    background_job job_;
    std::mutex mutex_;
    std::condition_variable ordered_;
    order order_ = order::none;
    std::mutex joining_;
    std::thread thread_;
};

} // namespace shmwin::inline v1::detail
