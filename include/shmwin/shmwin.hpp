// SPDX-License-Identifier: MIT
// The whole C++ interface.
#pragma once

#include "shmwin/base/describe.hpp"
#include "shmwin/base/dtype.hpp"
#include "shmwin/base/environment.hpp"
#include "shmwin/base/error.hpp"
#include "shmwin/base/literals.hpp"
#include "shmwin/base/log.hpp"
#include "shmwin/base/type_id.hpp"
#include "shmwin/memory/allocator.hpp"
#include "shmwin/memory/container.hpp"
#include "shmwin/memory/heap.hpp"
#include "shmwin/memory/memory_resource.hpp"
#include "shmwin/memory/offset_ptr.hpp"
#include "shmwin/mpi/node.hpp"
#include "shmwin/mpi/window.hpp"
#include "shmwin/segment/algorithm.hpp"
#include "shmwin/segment/segment.hpp"
#include "shmwin/view/aligned_accessor.hpp"
#include "shmwin/view/any_view.hpp"
#include "shmwin/view/block.hpp"
#include "shmwin/view/box.hpp"
#include "shmwin/view/cyclic.hpp"
#include "shmwin/view/ghost.hpp"
#include "shmwin/view/layout_left_padded.hpp"
#include "shmwin/view/layout_right_padded.hpp"
#include "shmwin/view/map_file.hpp"
#include "shmwin/view/mdspan.hpp"
#include "shmwin/view/owned_view.hpp"
#include "shmwin/view/range.hpp"
#include "shmwin/view/rows.hpp"
#include "shmwin/view/submdspan.hpp"
#include "shmwin/view/tiles.hpp"
#include "shmwin/view/view_of.hpp"

// The component io may be left out of a build.
#if __has_include("shmwin/io/checkpoint_store.hpp")
#include "shmwin/io/checkpoint_store.hpp"
#include "shmwin/io/read_dataset.hpp"
#endif
