// SPDX-License-Identifier: MIT
// adopt: memory that is not the segment's under a name of the segment, so that it goes wherever
// arrays go. The directory holds what is the same on all ranks, the record of an array without a
// block; each process holds for itself where its memory is, how it is laid out, and its owner.
//
// Layer: segment.
#pragma once

#include "shmwin/base/export.hpp"
#include "shmwin/base/hash.hpp"
#include "shmwin/memory/object_record.hpp"
#include "shmwin/view/owned_view.hpp"
#include "shmwin/view/view_of.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <type_traits>
#include <utility>

namespace shmwin::inline v1 {

/// Of memory that is adopted. The same on all ranks.
struct adopt_options {
    std::size_t align = 1; ///< of the first element in each process, if more than the type's
    bool saved = true;     ///< checkpoints hold it
    /// Of a view: all ranks' views show the same memory. Otherwise each rank may have a copy of its
    /// own: rank 0's is saved, and each rank restores its own. A window is always shared.
    bool shared = false;
    std::uint64_t offset_bytes = 0; ///< of a window: of the first element behind its beginning
};

namespace detail {

/// An adopted array in this process.
struct foreign_memory {
    std::byte* first = nullptr;
    std::array<std::int64_t, max_dimensions> strides{}; ///< in elements
    bool shared = false;                                ///< one memory for all ranks
    bool read_only = false;
    std::uint64_t same = 0;        ///< hash of what must be equal on all ranks, besides the options
    void const* segment = nullptr; ///< whose name it has
    std::shared_ptr<void const> owner;
};

/// This process's adopted arrays. Safe from any thread.
class foreign_table {
  public:
    using entry = std::shared_ptr<foreign_memory const>;

    /// Where one more will stand: adding it can then no longer fail.
    class place {
        friend class foreign_table;
        std::map<std::uint64_t, entry>::node_type node_;
    };

    [[nodiscard]] SHMWIN_API static place make_place(foreign_memory&& memory);
    SHMWIN_API entry add(place&& where, std::uint32_t index, std::uint32_t generation) noexcept;
    /// Null if this process has none.
    [[nodiscard]] SHMWIN_API entry find(std::uint32_t index, std::uint32_t generation) const;
    /// Gives its hold on the owner up.
    SHMWIN_API void remove(std::uint32_t index, std::uint32_t generation) noexcept;
    SHMWIN_API void clear() noexcept;

  private:
    mutable std::mutex mutex_;
    std::map<std::uint64_t, entry> entries_;
};

/// The layout of an array that is adopted from a view.
template <typename Layout>
using adopted_layout =
    std::conditional_t<std::is_same_v<Layout, layout_right> || std::is_same_v<Layout, layout_left>,
                       Layout,
                       layout_stride>;

/// Local. A view as this process's memory of an adopted array.
/// @throws argument_error (bad_pointer, invalid_argument)  as view_of()
template <typename T, typename Extents, typename Layout>
[[nodiscard]] foreign_memory memory_of(owned_view<T, Extents, Layout> const& view, bool shared) {
    auto const& mapping = view.view().mapping();
    static_cast<void>(checked_mapping(view.data(), mapping));
    foreign_memory memory;
    // NOLINTNEXTLINE(*-const-cast): read_only says whether anybody may write to it
    memory.first = reinterpret_cast<std::byte*>(const_cast<std::remove_cv_t<T>*>(view.data()));
    for (std::size_t d = 0; d < Extents::rank(); ++d)
        memory.strides[d] = static_cast<std::int64_t>(stride_of(mapping, d));
    memory.shared = shared;
    memory.read_only = std::is_const_v<T>;
    memory.same = hash_with(memory.shared ? 1 : 0, memory.read_only ? 1 : 0);
    memory.owner = view.owner();
    return memory;
}

} // namespace detail
} // namespace shmwin::inline v1
