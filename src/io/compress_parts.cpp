// SPDX-License-Identifier: MIT
#include "io/compress_parts.hpp"

#include "shmwin/base/error.hpp"
#include "shmwin/mpi/agreement.hpp"
#include "shmwin/mpi/error.hpp"

#include "io/chunks.hpp"
#include "io/fail_point.hpp"

#include <mpi.h>

#include <algorithm>
#include <exception>
#include <vector>

namespace shmwin::inline v1::detail {
namespace {

constexpr int tag = 1;

// A rank that fails goes on with the messages, without bytes: nobody waits for it in vain.
class compression {
  public:
    compression(store_communicator const& ranks,
                save_plan const& plan,
                std::span<payload_part const> parts,
                int level,
                save_file& into)
        : ranks_(ranks), plan_(plan), parts_(parts), into_(into), compressor_(level) {}

    void run() {
        std::uint64_t turn = 0;
        for (std::size_t p = 0; p < parts_.size(); ++p) {
            auto const& planned = plan_.parts[p];
            for (std::uint64_t c = 0; c < planned.chunks.n_chunks(); ++c) {
                auto const owner =
                    planned.shared != 0 ? static_cast<int>(turn++ % std::uint64_t(ranks_.size)) : 0;
                if (owner == ranks_.rank) give(p, c);
                if (owner != 0 && ranks_.rank == 0) take(owner, p, c);
            }
        }
    }
    void raise_failure() const {
        if (failure_) std::rethrow_exception(failure_);
    }
    [[nodiscard]] std::uint64_t n_bytes() const noexcept { return n_bytes_; }

  private:
    void unless_failed(function_ref<void()> step) {
        if (failure_) return;
        try {
            step();
        } catch (...) {
            failure_ = std::current_exception();
        }
    }

    void give(std::size_t part, std::uint64_t chunk) {
        std::span<std::byte const> bytes;
        unless_failed([&] { bytes = at(step::compress, [&] { return compressed(part, chunk); }); });
        if (ranks_.rank == 0) return place(part, chunk, bytes);
        check_mpi(
            "MPI_Send",
            MPI_Send(bytes.data(), static_cast<int>(bytes.size()), MPI_BYTE, 0, tag, ranks_.comm));
    }

    void take(int from, std::size_t part, std::uint64_t chunk) {
        MPI_Status status;
        int n_bytes = 0;
        check_mpi("MPI_Probe", MPI_Probe(from, tag, ranks_.comm, &status));
        check_mpi("MPI_Get_count", MPI_Get_count(&status, MPI_BYTE, &n_bytes));
        received_.resize(static_cast<std::size_t>(n_bytes));
        check_mpi(
            "MPI_Recv",
            MPI_Recv(
                received_.data(), n_bytes, MPI_BYTE, from, tag, ranks_.comm, MPI_STATUS_IGNORE));
        place(part, chunk, received_);
    }

    void place(std::size_t part, std::uint64_t chunk, std::span<std::byte const> bytes) {
        if (bytes.empty()) return; // its rank failed, and will say why
        unless_failed(
            [&] { at(step::place_chunk, [&] { into_.write_chunk(part, chunk, bytes); }); });
        n_bytes_ += bytes.size();
    }

    std::span<std::byte const> compressed(std::size_t part, std::uint64_t chunk) {
        auto const& grid = plan_.parts[part].chunks;
        auto const range = grid.range_of(chunk);
        auto const room = compressor_.room(grid.chunk_bytes());
        parts_[part].memory.gather(range.begin, room.first(range.n_bytes));
        std::ranges::fill(room.subspan(range.n_bytes), std::byte{0});
        return compressor_.compress(grid.element_bytes);
    }

    store_communicator const& ranks_;
    save_plan const& plan_;
    std::span<payload_part const> parts_;
    save_file& into_;
    chunk_compressor compressor_;
    std::vector<std::byte> received_;
    std::exception_ptr failure_;
    std::uint64_t n_bytes_ = 0;
};

} // namespace

std::uint64_t compress_parts(store_communicator const& ranks,
                             save_plan const& plan,
                             std::span<payload_part const> parts,
                             int level,
                             save_file& into) {
    compression all(ranks, plan, parts, level, into);
    all.run();
    agree_on(ranks.comm, "save", [&] { all.raise_failure(); });
    return all.n_bytes();
}

} // namespace shmwin::inline v1::detail
