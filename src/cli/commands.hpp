// SPDX-License-Identifier: MIT
// The subcommands of `shmwin`: what each is asked for, and the call that does it. They print to
// stdout, return the exit status, and throw shmwin::error where they cannot do what they should.
//
// Layer: cli.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace shmwin::cli {

// Exit status of all, as of diff(1) and h5diff.
inline constexpr int all_right = 0;
inline constexpr int something_differs = 1; ///< verify: damaged; diff: different; ls: not whole
inline constexpr int trouble = 2;

struct ls_options {
    std::filesystem::path where;
    bool json = false;
};
int ls(ls_options const& options);

struct info_options {
    std::filesystem::path file;
    bool json = false;
};
int info(info_options const& options);

struct verify_options {
    std::filesystem::path where;
    int n_jobs = 1;
    bool json = false;
};
int verify(verify_options const& options);

struct diff_options {
    std::filesystem::path a;
    std::filesystem::path b;
    double absolute = 0;
    double relative = 0;
    bool nan_equal = false;
    bool unchecked = false; ///< takes what is there, whatever its checksums say
    bool json = false;
};
int diff(diff_options const& options);

struct stat_options {
    std::filesystem::path file;
    bool unchecked = false;
    bool json = false;
};
int stat(stat_options const& options);

struct extract_options {
    std::filesystem::path file;
    std::string object;
    std::filesystem::path output;
    std::string rows; ///< "a:b"; empty: all
    bool unchecked = false;
};
int extract(extract_options const& options);

struct prune_options {
    std::filesystem::path store;
    int keep = 0;
    std::int64_t keep_every = 0;
    bool dry_run = false;
    bool json = false;
};
int prune(prune_options const& options);

struct pin_options {
    std::vector<std::filesystem::path> files;
};
int pin(pin_options const& options);
int unpin(pin_options const& options);

struct xdmf_options {
    std::filesystem::path where;
    std::filesystem::path output; ///< empty: beside the checkpoints
};
int xdmf(xdmf_options const& options);

} // namespace shmwin::cli
