// SPDX-License-Identifier: MIT
// any_view: a view whose element type is known at run time only: read from a file, found in a
// segment, given by another language. It becomes a typed mdspan, or is visited as one.
//
// Layer: view.
#pragma once

#include "shmwin/base/dtype.hpp"
#include "shmwin/base/export.hpp"
#include "shmwin/view/extents.hpp"
#include "shmwin/view/layout_stride.hpp"
#include "shmwin/view/mdspan.hpp"

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <type_traits>

namespace shmwin::inline v1 {

/// What as() gives.
template <typename T, std::size_t N>
using strided_view = mdspan<T, array_extents<N>, layout_stride>;

namespace detail {

inline constexpr std::size_t max_view_dimensions = 8;

template <typename View>
inline constexpr bool is_plain_mdspan = false;
template <typename T, typename Extents, typename Layout>
inline constexpr bool is_plain_mdspan<mdspan<T, Extents, Layout, default_accessor<T>>> =
    element<std::remove_const_t<T>>;

/// An mdspan that says where its elements are by strides.
template <typename View>
concept strided_mdspan = is_plain_mdspan<View> && requires {
    requires View::is_always_strided();
};

/// A handle with a view(), as an array's.
template <typename Handle>
concept has_strided_view = !strided_mdspan<Handle> && requires(Handle const& handle) {
    { handle.view() } -> strided_mdspan;
};

} // namespace detail

/// Element type, shape, strides in bytes, address, and whether one may write. Owns nothing; a
/// value type. All functions are local and O(dimensions).
class SHMWIN_API any_view {
  public:
    /// A view of memory that somebody else laid out, as NumPy's arrays.
    ///
    /// @param data     of the element at index 0, 0, ...
    /// @param shape    extents, in elements, 0 or more; at most 8
    /// @param strides  from one index to the next, in bytes, one for each extent; of any sign, and
    ///                 0 where all indices are one element
    /// @throws argument_error (invalid_argument)  too many dimensions, a negative extent, strides
    ///         that are too few or too many, no data, data or strides that are not aligned as
    ///         the type asks, more than 2^63 - 1 elements or bytes
    any_view(dtype const& type,
             void* data,
             std::span<std::int64_t const> shape,
             std::span<std::int64_t const> strides,
             bool is_read_only = false);

    /// The same memory as a typed view; read-only if its elements are const.
    template <detail::strided_mdspan View>
    // NOLINTNEXTLINE(google-explicit-constructor): any view is one
    any_view(View const& view)
        : any_view(dtype_of<typename View::value_type>,
                   // NOLINTNEXTLINE(*-const-cast): is_read_only_ keeps it from being written to
                   const_cast<typename View::value_type*>(view.data_handle()),
                   shape_of(view),
                   strides_of(view),
                   std::is_const_v<typename View::element_type>) {
        static_assert(View::rank() <= detail::max_view_dimensions, "at most 8 dimensions");
    }

    /// The elements of an array of a segment.
    template <detail::has_strided_view Handle>
    // NOLINTNEXTLINE(google-explicit-constructor): as from its view
    any_view(Handle const& handle) : any_view(handle.view()) {}

    [[nodiscard]] dtype const& type() const noexcept { return type_; }
    [[nodiscard]] std::size_t n_dims() const noexcept { return n_dims_; }
    [[nodiscard]] std::span<std::int64_t const> shape() const noexcept {
        return std::span(shape_).first(n_dims_);
    }
    /// In bytes.
    [[nodiscard]] std::span<std::int64_t const> strides() const noexcept {
        return std::span(strides_).first(n_dims_);
    }
    [[nodiscard]] bool is_read_only() const noexcept { return is_read_only_; }
    /// Number of elements.
    [[nodiscard]] std::int64_t size() const noexcept;
    [[nodiscard]] void const* data() const noexcept { return data_; }
    /// @throws argument_error (invalid_argument)  the view is read-only
    [[nodiscard]] void* writable_data() const;

    /// The same without the right to write.
    [[nodiscard]] any_view read_only() const noexcept;

    /// One member of each element, of a structure: the same shape and strides, and for a fixed
    /// array its dimensions besides. A member of a packed structure may not be aligned: as()
    /// tells.
    /// @throws argument_error (type_mismatch)     the elements are no structures
    /// @throws argument_error (not_found)         no such member; its text lists all
    /// @throws argument_error (invalid_argument)  more than 8 dimensions
    [[nodiscard]] any_view member(std::string_view name) const;

    /// Fixed arrays as further dimensions; any other view as it is. Errors as member().
    [[nodiscard]] any_view elements() const;

    /// The typed view: of T const, or of T if the view may be written to.
    /// @throws argument_error (type_mismatch)     T is another type: both signatures
    /// @throws argument_error (shape_mismatch)    N is another number of dimensions; or strides
    ///         that no mdspan has: no multiple of sizeof(T), not above 0, two elements in one place
    /// @throws argument_error (invalid_argument)  read-only, or not aligned
    template <typename T, std::size_t N>
    requires element<std::remove_const_t<T>>
    [[nodiscard]] strided_view<T, N> as() const {
        using plain = std::remove_const_t<T>;
        check(dtype_of<plain>, N, std::is_const_v<T>);
        std::array<std::int64_t, N> extents{};
        for (std::size_t d = 0; d < N; ++d) {
            extents[d] = shape_[d];
        }
        auto const mapping = typename layout_stride::template mapping<array_extents<N>>(
            array_extents<N>(extents), element_strides<N>());
        return strided_view<T, N>(reinterpret_cast<T*>(data_), mapping);
    }

  private:
    using dimensions = std::array<std::int64_t, detail::max_view_dimensions>;
    struct unchecked {};

    any_view(unchecked /*made of a checked one*/, any_view const& of, dtype const& type);

    template <typename View>
    static std::array<std::int64_t, View::rank()> shape_of(View const& view) {
        std::array<std::int64_t, View::rank()> all{};
        for (std::size_t d = 0; d < View::rank(); ++d) {
            all[d] = static_cast<std::int64_t>(view.extent(d));
        }
        return all;
    }
    template <typename View>
    static std::array<std::int64_t, View::rank()> strides_of(View const& view) {
        std::array<std::int64_t, View::rank()> all{};
        if constexpr (View::rank() > 0) {
            for (std::size_t d = 0; d < View::rank(); ++d) {
                all[d] = static_cast<std::int64_t>(view.stride(d))
                         * static_cast<std::int64_t>(sizeof(typename View::value_type));
            }
        }
        return all;
    }

    void check_whole() const;
    void check(dtype const& asked, std::size_t n_dims, bool is_const) const;
    void check_strides() const;
    void append(dtype const& array);
    [[nodiscard]] dimensions counted_strides() const noexcept;

    template <std::size_t N>
    [[nodiscard]] std::array<std::int64_t, N> element_strides() const noexcept {
        auto const all = counted_strides();
        std::array<std::int64_t, N> first{};
        for (std::size_t d = 0; d < N; ++d) {
            first[d] = all[d];
        }
        return first;
    }

    dtype type_;
    std::byte* data_ = nullptr;
    std::size_t n_dims_ = 0;
    dimensions shape_{};
    dimensions strides_{};
    bool is_read_only_ = false;
};

/// Local. Calls `f` with the typed view, strided_view<T const, N>, if the elements are scalars.
/// @returns  false if they are not: take elements() or member()
/// @throws argument_error  as any_view::as, but for its type
template <std::size_t N, typename F>
bool visit(any_view const& view, F&& f) {
    return visit(view.type(), [&]<typename T>() { f(view.template as<T const, N>()); });
}

/// Local. As visit(), with a view to write to.
template <std::size_t N, typename F>
bool visit_writable(any_view const& view, F&& f) {
    return visit(view.type(), [&]<typename T>() { f(view.template as<T, N>()); });
}

} // namespace shmwin::inline v1
