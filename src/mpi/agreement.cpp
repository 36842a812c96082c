// SPDX-License-Identifier: MIT
#include "shmwin/mpi/agreement.hpp"

#include "shmwin/base/text.hpp"
#include "shmwin/mpi/error.hpp"

#include <array>
#include <exception>
#include <string>
#include <utility>
#include <vector>

namespace shmwin::inline v1::detail {
namespace {

// `mine` of rank `root`, on all ranks.
std::string broadcast(MPI_Comm comm, int root, std::string mine) {
    int length = static_cast<int>(mine.size());
    check_mpi("MPI_Bcast", MPI_Bcast(&length, 1, MPI_INT, root, comm));
    mine.resize(static_cast<std::size_t>(length));
    check_mpi("MPI_Bcast", MPI_Bcast(mine.data(), length, MPI_CHAR, root, comm));
    return mine;
}

struct vote {
    std::uint64_t arguments;
    std::uint64_t code;
};

std::vector<vote> gather(MPI_Comm comm, vote mine) {
    int size = 1;
    check_mpi("MPI_Comm_size", MPI_Comm_size(comm, &size));
    std::vector<vote> votes(static_cast<std::size_t>(size));
    check_mpi("MPI_Allgather",
              MPI_Allgather(&mine, 2, MPI_UINT64_T, votes.data(), 2, MPI_UINT64_T, comm));
    return votes;
}

} // namespace

void agree(MPI_Comm comm,
           std::string_view call,
           std::uint64_t arguments,
           error_info const* failure) {
    auto const code = failure == nullptr ? errc::ok : failure->code;
    auto const votes = gather(comm, {arguments, static_cast<std::uint64_t>(code)});
    for (std::size_t r = 0; r < votes.size(); ++r) {
        if (votes[r].code == 0) continue;
        auto const rank = static_cast<int>(r);
        auto why = broadcast(comm, rank, failure == nullptr ? std::string() : failure->text);
        raise(error_info{static_cast<errc>(votes[r].code), true, rank, std::move(why)});
    }
    for (std::size_t r = 1; r < votes.size(); ++r) {
        if (votes[r].arguments == votes[0].arguments) continue;
        auto const rank = static_cast<int>(r);
        auto const first = broadcast(comm, 0, std::string(call));
        auto const other = broadcast(comm, rank, std::string(call));
        raise(error_info{errc::disagreement,
                         true,
                         rank,
                         text("ranks disagree in a collective call (rank 0: ",
                              first,
                              "; rank ",
                              rank,
                              ": ",
                              other,
                              first == other ? ", with other options)" : ")")});
    }
}

std::optional<error_info> failure_of(function_ref<void()> step) {
    try {
        step();
        return std::nullopt;
    } catch (error const& failed) {
        return failed.info();
    } catch (std::bad_alloc const&) {
        return error_info{errc::no_space, false, -1, "private memory is full (std::bad_alloc)"};
    } catch (std::exception const& failed) {
        return error_info{errc::system_failure, false, -1, failed.what()};
    } catch (...) { // of a constructor of the user's
        return error_info{
            errc::system_failure, false, -1, "something was thrown that is no std::exception"};
    }
}

void agree_on(MPI_Comm comm, std::string_view call, function_ref<void()> step) {
    auto const failure = failure_of(step);
    agree(comm, call, 0, failure ? &*failure : nullptr);
}

} // namespace shmwin::inline v1::detail
