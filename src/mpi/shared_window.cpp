// SPDX-License-Identifier: MIT
#include "shmwin/mpi/shared_window.hpp"

#include "shmwin/base/error.hpp"
#include "shmwin/base/hash.hpp"
#include "shmwin/base/text.hpp"
#include "shmwin/mpi/error.hpp"

#include <array>
#include <string>
#include <string_view>

namespace shmwin::inline v1::detail {
namespace {

[[noreturn]] void refuse(std::string const& why) {
    raise(errc::invalid_argument, text("window cannot be adopted (", why, ")"));
}

// An integer attribute of a window.
int attribute(MPI_Win window, int key) {
    int* value = nullptr;
    int found = 0;
    check_mpi("MPI_Win_get_attr",
              MPI_Win_get_attr(window, key, static_cast<void*>(&value), &found));
    return found != 0 ? *value : -1;
}

char const* flavour_name(int flavour) {
    if (flavour == MPI_WIN_FLAVOR_CREATE) return "MPI_WIN_FLAVOR_CREATE";
    if (flavour == MPI_WIN_FLAVOR_ALLOCATE) return "MPI_WIN_FLAVOR_ALLOCATE";
    if (flavour == MPI_WIN_FLAVOR_DYNAMIC) return "MPI_WIN_FLAVOR_DYNAMIC";
    return "unknown";
}

void check_kind(MPI_Win window) {
    if (window == MPI_WIN_NULL) refuse("it is MPI_WIN_NULL");
    auto const flavour = attribute(window, MPI_WIN_CREATE_FLAVOR);
    if (flavour != MPI_WIN_FLAVOR_SHARED) {
        refuse(text("its flavour is ",
                    flavour_name(flavour),
                    ", not MPI_WIN_FLAVOR_SHARED; make it with MPI_Win_allocate_shared"));
    }
    if (attribute(window, MPI_WIN_MODEL) == MPI_WIN_UNIFIED) return;
    raise(errc::unsupported,
          "window cannot be adopted (its memory model is not MPI_WIN_UNIFIED: stores of one rank "
          "are not what others load)");
}

// In any order: a part is asked for by its rank in the window.
int check_ranks(MPI_Win window, node const& on) {
    MPI_Group of_window = MPI_GROUP_NULL;
    MPI_Group of_node = MPI_GROUP_NULL;
    check_mpi("MPI_Win_get_group", MPI_Win_get_group(window, &of_window));
    check_mpi("MPI_Comm_group", MPI_Comm_group(on.comm(), &of_node));
    int how = MPI_UNEQUAL;
    int n_ranks = 0;
    auto const compared = MPI_Group_compare(of_window, of_node, &how);
    auto const sized = MPI_Group_size(of_window, &n_ranks);
    MPI_Group_free(&of_window);
    MPI_Group_free(&of_node);
    check_mpi("MPI_Group_compare", compared);
    check_mpi("MPI_Group_size", sized);
    if (how == MPI_UNEQUAL) {
        refuse(text("its ",
                    n_ranks,
                    " ranks are not the ",
                    on.size(),
                    " of the segment's node; make it over node.comm()"));
    }
    return n_ranks;
}

// Some MPIs tell sizes of parts rounded up, and then gaps do not show.
bool may_have_gaps(MPI_Win window) {
    MPI_Info info = MPI_INFO_NULL;
    check_mpi("MPI_Win_get_info", MPI_Win_get_info(window, &info));
    std::array<char, 8> value{};
    int found = 0;
    auto const asked = MPI_Info_get(
        info, "alloc_shared_noncontig", static_cast<int>(value.size()) - 1, value.data(), &found);
    MPI_Info_free(&info);
    check_mpi("MPI_Info_get", asked);
    return found != 0 && std::string_view(value.data()) == "true";
}

struct window_part {
    std::byte* first = nullptr;
    std::uint64_t n_bytes = 0;
};

window_part part_of(MPI_Win window, int rank) {
    MPI_Aint n_bytes = 0;
    int unit = 0;
    void* first = nullptr;
    check_mpi("MPI_Win_shared_query", MPI_Win_shared_query(window, rank, &n_bytes, &unit, &first));
    return {static_cast<std::byte*>(first), static_cast<std::uint64_t>(n_bytes)};
}

} // namespace

shared_window_bytes look_at_window(MPI_Win window, node const& on) {
    check_kind(window);
    auto const n_ranks = check_ranks(window, on);
    shared_window_bytes all;
    int n_parts = 0;
    for (int rank = 0; rank < n_ranks; ++rank) {
        auto const part = part_of(window, rank);
        all.hash = hash_with(all.hash, part.n_bytes);
        if (part.n_bytes == 0) continue;
        if (all.first == nullptr) all.first = part.first;
        if (part.first != all.first + all.n_bytes) {
            refuse(text("rank ",
                        rank,
                        "'s part begins ",
                        part.first - all.first,
                        " bytes behind the first, not ",
                        all.n_bytes,
                        "; make it without alloc_shared_noncontig"));
        }
        all.n_bytes += part.n_bytes;
        ++n_parts;
    }
    if (n_parts > 1 && may_have_gaps(window)) {
        refuse(text("its ",
                    n_parts,
                    " parts may have gaps between them; make it without alloc_shared_noncontig"));
    }
    return all;
}

} // namespace shmwin::inline v1::detail
