// SPDX-License-Identifier: MIT
// What checkpoints tell C: structs of pointers, and behind each what it points to.
//
// Layer: c.
#pragma once

#include "shmwin/c/checkpoint.h"
#include "shmwin/io/checkpoint_store.hpp"

#include <filesystem>
#include <vector>

namespace shmwin::inline v1::detail {

/// New ones, for the functions ..._free() of their types.
[[nodiscard]] shmwin_checkpoint_info* told(checkpoint_info&& info);
[[nodiscard]] shmwin_save_report* told(save_report&& report);
[[nodiscard]] shmwin_verify_report* told(verify_report&& report);
[[nodiscard]] shmwin_file_list* told(std::vector<std::filesystem::path> const& files);

} // namespace shmwin::inline v1::detail
