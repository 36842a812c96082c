// SPDX-License-Identifier: MIT
// ndarray: NumPy arrays over shared bytes. Each has a capsule as its base, with a handle in it:
// that keeps the bytes mapped as long as any view of the array lives.
//
// Layer: python.
#pragma once

#include "shmwin/segment/any_array.hpp"
#include "shmwin/segment/any_levels.hpp"

#include "python/module.hpp"

#include <cstdint>
#include <memory>
#include <pybind11/numpy.h>
#include <unordered_map>
#include <vector>

namespace shmwin::python {

/// What a capsule holds.
struct array_owner {
    any_array array;                            ///< of an array
    any_levels levels;                          ///< of a level
    std::shared_ptr<detail::segment_core> core; ///< of anything else
};

/// Local. A capsule that keeps the owner.
[[nodiscard]] py::capsule keep(array_owner&& owner);

/// Local. The elements as an ndarray whose base is `base`; fixed arrays are further dimensions.
/// @param like  their dtype, if it is known; else null
[[nodiscard]] py::array
ndarray_of(any_view const& view, py::handle base, py::dtype const* like = nullptr);

/// Local. Whose elements an ndarray shows, or a view of it; null if it is none of ours.
[[nodiscard]] array_owner const* owner_of(py::handle array) noexcept;

/// Local. Ends the right to write through an ndarray.
void forbid_writing(py::handle array) noexcept;

/// What of a segment was handed out on this rank. With the GIL.
class given_arrays {
  public:
    /// The array's elements, as an ndarray.
    [[nodiscard]] py::array give(any_array const& array, py::dtype const* like = nullptr);

    void freeze(any_array const& array);
    void thaw(any_array const& array);
    /// Nobody writes to what is no longer the array's.
    void forget(detail::placed_object const& what);

  private:
    struct entry {
        std::vector<py::weakref> arrays;
        bool is_frozen = false;
    };
    static std::uint64_t key(detail::placed_object const& what) noexcept {
        return std::uint64_t{what.index} << 32U | what.generation;
    }
    void note(entry& of, py::array const& made) const;

    std::unordered_map<std::uint64_t, entry> entries_;
};

} // namespace shmwin::python
