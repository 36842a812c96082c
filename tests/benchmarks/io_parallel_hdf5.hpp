// SPDX-License-Identifier: MIT
// The peer: collective parallel HDF5, as its users write it.
#pragma once

#include "io_problem.hpp"

#include <hdf5.h>

#include <array>
#include <stdexcept>
#include <string>

namespace bench {

#ifdef H5_HAVE_PARALLEL

inline hid_t checked(hid_t id) {
    if (id < 0) throw std::runtime_error("HDF5 failed; its messages are above");
    return id;
}

inline void done(herr_t status) {
    checked(status);
}

// Moves this rank's rows of each array, all ranks together.
template <typename Open, typename Move>
void by_data_sets(problem const& p, hid_t file, Open const& open, Move const& move) {
    auto const rows = shmwin::block_range(p.n_rows, p.on.n_ranks(), p.on.rank());
    std::array<hsize_t, 2> const all{static_cast<hsize_t>(p.n_rows),
                                     static_cast<hsize_t>(n_columns)};
    std::array<hsize_t, 2> const first{static_cast<hsize_t>(rows.first), 0};
    std::array<hsize_t, 2> const count{static_cast<hsize_t>(rows.size()), all[1]};
    auto const space = checked(H5Screate_simple(2, all.data(), nullptr));
    auto const part = checked(H5Screate_simple(2, count.data(), nullptr));
    done(H5Sselect_hyperslab(space, H5S_SELECT_SET, first.data(), nullptr, count.data(), nullptr));
    auto const together = checked(H5Pcreate(H5P_DATASET_XFER));
    done(H5Pset_dxpl_mpio(together, H5FD_MPIO_COLLECTIVE));
    for (std::size_t k = 0; k < n_arrays; ++k) {
        auto const set = checked(open(file, "field" + std::to_string(k), space));
        done(move(set, part, space, together, &p.arrays.at(k)(rows.first, 0)));
        done(H5Dclose(set));
    }
    done(H5Pclose(together));
    done(H5Sclose(part));
    done(H5Sclose(space));
}

inline hid_t parallel_access(context const& on) {
    auto const access = checked(H5Pcreate(H5P_FILE_ACCESS));
    done(H5Pset_fapl_mpio(access, on.comm(), MPI_INFO_NULL));
    return access;
}

/// Collective.
inline void write_by_hdf5(problem const& p, fs::path const& path, durability wanted) {
    auto const hidden = fs::path(path).concat(".tmp");
    auto const access = parallel_access(p.on);
    auto const file = checked(H5Fcreate(hidden.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, access));
    by_data_sets(
        p,
        file,
        [](hid_t in, std::string const& name, hid_t space) {
            return H5Dcreate(
                in, name.c_str(), H5T_NATIVE_DOUBLE, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
        },
        [](hid_t set, hid_t part, hid_t space, hid_t together, void const* from) {
            return H5Dwrite(set, H5T_NATIVE_DOUBLE, part, space, together, from);
        });
    done(H5Fclose(file));
    done(H5Pclose(access));
    if (wanted == durability::at_end) open_file(hidden, O_WRONLY).sync(); // HDF5 itself never does
    commit(p.on, hidden, path, wanted);
}

/// Collective.
inline void read_by_hdf5(problem const& p, fs::path const& path) {
    auto const access = parallel_access(p.on);
    auto const file = checked(H5Fopen(path.c_str(), H5F_ACC_RDONLY, access));
    by_data_sets(
        p,
        file,
        [](hid_t in, std::string const& name, hid_t /*space*/) {
            return H5Dopen(in, name.c_str(), H5P_DEFAULT);
        },
        [](hid_t set, hid_t part, hid_t space, hid_t together, void* to) {
            return H5Dread(set, H5T_NATIVE_DOUBLE, part, space, together, to);
        });
    done(H5Fclose(file));
    done(H5Pclose(access));
    MPI_Barrier(p.on.comm());
}

inline constexpr bool has_parallel_hdf5 = true;
#else
inline void write_by_hdf5(problem const&, fs::path const&, durability) {}
inline void read_by_hdf5(problem const&, fs::path const&) {}
inline constexpr bool has_parallel_hdf5 = false;
#endif

} // namespace bench
