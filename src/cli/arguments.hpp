// SPDX-License-Identifier: MIT
// arguments: the command line of `shmwin`.
//
// Layer: cli.
#pragma once

namespace shmwin::cli {

/// Reads the command line and does what it says.
/// @returns  the exit status
/// @throws shmwin::error  from the subcommand
int run(int argc, char const* const* argv);

} // namespace shmwin::cli
