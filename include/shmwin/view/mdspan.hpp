// SPDX-License-Identifier: MIT
// mdspan: a view of memory as an N-dimensional array. Owns nothing; copying copies the view.
// Names and rules are those of ISO C++23 [mdspan.mdspan], with operator() beside operator[].
#pragma once

#include "shmwin/base/contract.hpp"
#include "shmwin/view/default_accessor.hpp"
#include "shmwin/view/extents.hpp"
#include "shmwin/view/layout.hpp"
#include "shmwin/view/layout_left.hpp"
#include "shmwin/view/layout_right.hpp"
#include "shmwin/view/layout_stride.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>
#include <utility>

namespace shmwin::inline v1 {

/// Elements of a pointer, found by indices: view(i, j). Constness is shallow, as in std::span.
/// All functions are local. Indices out of bounds abort in debug builds.
template <typename ElementType,
          typename Extents,
          typename LayoutPolicy = layout_right,
          typename AccessorPolicy = default_accessor<ElementType>>
class mdspan {
    static_assert(std::is_object_v<ElementType> && !std::is_array_v<ElementType>,
                  "mdspan: an element is an object, not an array; arrays of arrays have one more "
                  "extent");
    static_assert(!std::is_abstract_v<ElementType>, "mdspan: an element is not abstract");
    static_assert(detail::is_extents<Extents>, "mdspan: it is over shmwin::extents");
    static_assert(std::is_same_v<ElementType, typename AccessorPolicy::element_type>,
                  "mdspan: the accessor has another element type");

  public:
    using extents_type = Extents;
    using layout_type = LayoutPolicy;
    using accessor_type = AccessorPolicy;
    using mapping_type = typename layout_type::template mapping<extents_type>;
    using element_type = ElementType;
    using value_type = std::remove_cv_t<element_type>;
    using index_type = typename extents_type::index_type;
    using size_type = typename extents_type::size_type;
    using rank_type = typename extents_type::rank_type;
    using data_handle_type = typename accessor_type::data_handle_type;
    using reference = typename accessor_type::reference;

  private:
    template <typename Handle, typename Mapping, typename... Accessor>
    static constexpr bool is_nothrow_of =
        std::is_nothrow_constructible_v<data_handle_type, Handle>&&
            std::is_nothrow_constructible_v<mapping_type, Mapping>&&
                std::is_nothrow_constructible_v<accessor_type, Accessor...>;

    static constexpr bool is_nothrow_defaultable =
        std::is_nothrow_default_constructible_v<
            data_handle_type> && std::is_nothrow_default_constructible_v<mapping_type> && std::is_nothrow_default_constructible_v<accessor_type>;

    static constexpr bool is_defaultable =
        Extents::rank_dynamic() > 0
        && std::is_default_constructible_v<data_handle_type>&& std::is_default_constructible_v<
            mapping_type>&& std::is_default_constructible_v<accessor_type>;

    template <std::size_t N, typename... Values>
    static constexpr bool takes_extents = detail::extents_arguments<Extents, N, Values...>&&
        std::is_constructible_v<mapping_type, extents_type>&&
            std::is_default_constructible_v<accessor_type>;

    template <typename OtherMapping, typename OtherAccessor>
    static constexpr bool takes_parts = std::is_constructible_v<mapping_type, OtherMapping const&>&&
        std::is_constructible_v<accessor_type, OtherAccessor const&>;

    template <typename OtherMapping, typename OtherAccessor>
    static constexpr bool takes_parts_implicitly =
        std::is_convertible_v<OtherMapping const&, mapping_type>&&
            std::is_convertible_v<OtherAccessor const&, accessor_type>;

  public:
    /// Number of dimensions.
    [[nodiscard]] static constexpr rank_type rank() noexcept { return extents_type::rank(); }
    [[nodiscard]] static constexpr rank_type rank_dynamic() noexcept {
        return extents_type::rank_dynamic();
    }
    [[nodiscard]] static constexpr std::size_t static_extent(rank_type r) noexcept {
        return extents_type::static_extent(r);
    }
    [[nodiscard]] constexpr index_type extent(rank_type r) const noexcept {
        return map_.extents().extent(r);
    }

    /// Views nothing.
    constexpr mdspan() noexcept(is_nothrow_defaultable) requires is_defaultable : ptr_(),
                                                                                  map_(),
                                                                                  acc_() {}

    /// All extents, or only the dynamic ones.
    /// @pre every element of the mapping is accessible through `p`; so for all constructors
    template <typename... OtherIndexTypes>
    requires takes_extents<sizeof...(OtherIndexTypes), OtherIndexTypes...>
    constexpr explicit mdspan(data_handle_type p, OtherIndexTypes... exts) noexcept(
        is_nothrow_of<data_handle_type, extents_type>)
        : ptr_(std::move(p)), map_(extents_type(std::move(exts)...)), acc_() {}

    template <typename OtherIndexType, std::size_t N>
    requires takes_extents<N, OtherIndexType const&>
    constexpr explicit(N != Extents::rank_dynamic())
        mdspan(data_handle_type p, std::span<OtherIndexType, N> exts) noexcept(
            is_nothrow_of<data_handle_type, extents_type>)
        : ptr_(std::move(p)), map_(extents_type(exts)), acc_() {}

    template <typename OtherIndexType, std::size_t N>
    requires takes_extents<N, OtherIndexType const&>
    constexpr explicit(N != Extents::rank_dynamic())
        mdspan(data_handle_type p, std::array<OtherIndexType, N> const& exts) noexcept(
            is_nothrow_of<data_handle_type, extents_type>)
        : ptr_(std::move(p)), map_(extents_type(exts)), acc_() {}

    // clang-format off
    constexpr mdspan(data_handle_type p, extents_type const& exts)
        noexcept(is_nothrow_of<data_handle_type, extents_type const&>)
        requires std::is_constructible_v<mapping_type, extents_type const&>
                 && std::is_default_constructible_v<accessor_type>
        : ptr_(std::move(p)), map_(exts), acc_() {}

    constexpr mdspan(data_handle_type p, mapping_type const& m)
        noexcept(is_nothrow_of<data_handle_type, mapping_type const&>)
        requires std::is_default_constructible_v<accessor_type>
        : ptr_(std::move(p)), map_(m), acc_() {}

    constexpr mdspan(data_handle_type p, mapping_type const& m, accessor_type const& a)
        noexcept(is_nothrow_of<data_handle_type, mapping_type const&, accessor_type const&>)
        : ptr_(std::move(p)), map_(m), acc_(a) {}
    // clang-format on

    /// Same elements, seen with const, or with more or fewer extents static.
    /// @pre static extents equal those of `other`
    template <typename OtherElement,
              typename OtherExtents,
              typename OtherLayout,
              typename OtherAccessor>
    requires takes_parts<typename OtherLayout::template mapping<OtherExtents>, OtherAccessor>
    constexpr explicit(!takes_parts_implicitly<typename OtherLayout::template mapping<OtherExtents>,
                                               OtherAccessor>)
        mdspan(mdspan<OtherElement, OtherExtents, OtherLayout, OtherAccessor> const&
                   other) noexcept(is_nothrow_of<typename OtherAccessor::data_handle_type const&,
                                                 typename OtherLayout::template mapping<
                                                     OtherExtents> const&,
                                                 OtherAccessor const&>)
        : ptr_(other.data_handle()), map_(other.mapping()), acc_(other.accessor()) {
        static_assert(std::is_constructible_v<data_handle_type,
                                              typename OtherAccessor::data_handle_type const&>,
                      "mdspan: the accessors convert, but not their data handles");
        static_assert(std::is_constructible_v<extents_type, OtherExtents>,
                      "mdspan: the mappings convert, but not their extents");
    }

    /// From and to std::mdspan and what is like it: as the parts convert.
    /// @pre static extents equal those of `other`
    template <detail::their_mdspan Other>
    requires takes_parts<typename Other::mapping_type, typename Other::accessor_type>
    constexpr explicit(
        !takes_parts_implicitly<typename Other::mapping_type, typename Other::accessor_type>)
        mdspan(Other const& other) noexcept(is_nothrow_of<typename Other::data_handle_type const&,
                                                          typename Other::mapping_type const&,
                                                          typename Other::accessor_type const&>)
        : ptr_(other.data_handle()), map_(other.mapping()), acc_(other.accessor()) {}

    template <detail::their_mdspan Other>
    requires detail::has_parts_of<Other, mapping_type, accessor_type>
    constexpr explicit(!detail::has_parts_of_implicitly<Other, mapping_type, accessor_type>)
    operator Other() const {
        return Other(typename Other::data_handle_type(ptr_),
                     typename Other::mapping_type(map_),
                     typename Other::accessor_type(acc_));
    }

    /// Element (i, j, ...), in any language mode.
    /// @pre each index is in its extent
    template <typename... OtherIndexTypes>
    requires detail::indices_of<Extents, OtherIndexTypes...>
    [[nodiscard]] constexpr reference operator()(OtherIndexTypes... indices) const {
        return element(std::make_index_sequence<Extents::rank()>{},
                       detail::index_cast<index_type>(std::move(indices))...);
    }

#ifdef __cpp_multidimensional_subscript
    template <typename... OtherIndexTypes>
    requires detail::indices_of<Extents, OtherIndexTypes...>
    [[nodiscard]] constexpr reference operator[](OtherIndexTypes... indices) const {
        return (*this)(std::move(indices)...);
    }
#else
    template <typename OtherIndexType>
    requires detail::indices_of<Extents, OtherIndexType>
    [[nodiscard]] constexpr reference operator[](OtherIndexType index) const {
        return (*this)(std::move(index));
    }
#endif
    template <detail::index_element<index_type> OtherIndexType>
    [[nodiscard]] constexpr reference
    operator[](std::span<OtherIndexType, Extents::rank()> indices) const {
        return element_all(std::make_index_sequence<Extents::rank()>{}, indices);
    }
    template <detail::index_element<index_type> OtherIndexType>
    [[nodiscard]] constexpr reference
    operator[](std::array<OtherIndexType, Extents::rank()> const& indices) const {
        return element_all(std::make_index_sequence<Extents::rank()>{}, indices);
    }

    /// Element (i, j, ...), checked in release builds too. ISO C++26 [mdspan.mdspan.members].
    /// @throws out_of_range  an index is not in its extent
    template <typename... OtherIndexTypes>
    requires detail::indices_of<Extents, OtherIndexTypes...>
    [[nodiscard]] constexpr reference at(OtherIndexTypes... indices) const {
        return checked(std::make_index_sequence<Extents::rank()>{},
                       detail::index_cast<index_type>(std::move(indices))...);
    }
    template <detail::index_element<index_type> OtherIndexType>
    [[nodiscard]] constexpr reference at(std::span<OtherIndexType, Extents::rank()> indices) const {
        return checked_all(std::make_index_sequence<Extents::rank()>{}, indices);
    }
    template <detail::index_element<index_type> OtherIndexType>
    [[nodiscard]] constexpr reference
    at(std::array<OtherIndexType, Extents::rank()> const& indices) const {
        return checked_all(std::make_index_sequence<Extents::rank()>{}, indices);
    }

    /// Number of elements.
    [[nodiscard]] constexpr size_type size() const noexcept {
        return static_cast<size_type>(detail::extents_product(map_.extents(), 0, rank()));
    }
    [[nodiscard]] constexpr bool empty() const noexcept {
        return detail::is_empty_space(map_.extents());
    }

    friend constexpr void swap(mdspan& a, mdspan& b) noexcept {
        using std::swap;
        swap(a.ptr_, b.ptr_);
        swap(a.map_, b.map_);
        swap(a.acc_, b.acc_);
    }

    [[nodiscard]] constexpr extents_type const& extents() const noexcept {
        return map_.extents();
    }
    /// The pointer, unless the accessor has another kind of handle.
    [[nodiscard]] constexpr data_handle_type const& data_handle() const noexcept {
        return ptr_;
    }
    [[nodiscard]] constexpr mapping_type const& mapping() const noexcept {
        return map_;
    }
    [[nodiscard]] constexpr accessor_type const& accessor() const noexcept {
        return acc_;
    }

    [[nodiscard]] static constexpr bool is_always_unique() {
        return mapping_type::is_always_unique();
    }
    [[nodiscard]] static constexpr bool is_always_exhaustive() {
        return mapping_type::is_always_exhaustive();
    }
    [[nodiscard]] static constexpr bool is_always_strided() {
        return mapping_type::is_always_strided();
    }
    [[nodiscard]] constexpr bool is_unique() const {
        return map_.is_unique();
    }
    [[nodiscard]] constexpr bool is_exhaustive() const {
        return map_.is_exhaustive();
    }
    [[nodiscard]] constexpr bool is_strided() const {
        return map_.is_strided();
    }

    /// Elements between neighbours along dimension r. @pre is_strided()
    [[nodiscard]] constexpr index_type stride(rank_type r) const {
        return map_.stride(r);
    }

  private:
    template <std::size_t... R, typename Indices>
    [[nodiscard]] constexpr reference element_all(std::index_sequence<R...> r,
                                                  [[maybe_unused]] Indices const& indices) const {
        return element(r, detail::index_cast<index_type>(std::as_const(indices[R]))...);
    }

    template <std::size_t... R, typename... Integers>
    [[nodiscard]] constexpr reference element(std::index_sequence<R...> /*r*/,
                                              Integers... i) const {
        if (std::is_constant_evaluated()) {
            if (!(detail::is_index(i, extent(R)) && ...)) detail::an_index_is_beyond_its_extent();
        } else {
            SHMWIN_EXPECT((detail::is_index(i, extent(R)) && ...));
        }
        return acc_.access(ptr_, static_cast<std::size_t>(map_(static_cast<index_type>(i)...)));
    }

    template <std::size_t... R, typename Indices>
    [[nodiscard]] constexpr reference checked_all(std::index_sequence<R...> r,
                                                  [[maybe_unused]] Indices const& indices) const {
        return checked(r, detail::index_cast<index_type>(std::as_const(indices[R]))...);
    }

    template <std::size_t... R, typename... Integers>
    [[nodiscard]] constexpr reference checked(std::index_sequence<R...> r, Integers... i) const {
        (detail::check_index(R, i, extent(R)), ...);
        return element(r, i...);
    }

    data_handle_type ptr_;
    [[no_unique_address]] mapping_type map_;
    [[no_unique_address]] accessor_type acc_;
};

// Deduction as in [mdspan.mdspan.overview].
// (clang-format 14 does not know constrained deduction guides.)
// clang-format off
template <typename CArray>
    requires(std::rank_v<CArray> == 1)
mdspan(CArray&)
    -> mdspan<std::remove_all_extents_t<CArray>, extents<std::size_t, std::extent_v<CArray, 0>>>;

template <typename Pointer>
    requires std::is_pointer_v<std::remove_reference_t<Pointer>>
mdspan(Pointer&&)
    -> mdspan<std::remove_pointer_t<std::remove_reference_t<Pointer>>, extents<std::size_t>>;

template <typename ElementType, typename... Integrals>
    requires(sizeof...(Integrals) > 0 && (std::is_convertible_v<Integrals, std::size_t> && ...))
explicit mdspan(ElementType*, Integrals...)
    -> mdspan<ElementType, extents<std::size_t, detail::maybe_static_extent<Integrals>...>>;

template <typename ElementType, typename OtherIndexType, std::size_t N>
mdspan(ElementType*, std::span<OtherIndexType, N>) -> mdspan<ElementType, dims<N>>;

template <typename ElementType, typename OtherIndexType, std::size_t N>
mdspan(ElementType*, std::array<OtherIndexType, N> const&) -> mdspan<ElementType, dims<N>>;

template <typename ElementType, typename IndexType, std::size_t... ExtentsPack>
mdspan(ElementType*, extents<IndexType, ExtentsPack...> const&)
    -> mdspan<ElementType, extents<IndexType, ExtentsPack...>>;

template <typename ElementType, typename MappingType>
mdspan(ElementType*, MappingType const&)
    -> mdspan<ElementType, typename MappingType::extents_type, typename MappingType::layout_type>;

template <typename MappingType, typename AccessorType>
mdspan(typename AccessorType::data_handle_type const&, MappingType const&, AccessorType const&)
    -> mdspan<typename AccessorType::element_type, typename MappingType::extents_type,
              typename MappingType::layout_type, AccessorType>;
// clang-format on

} // namespace shmwin::inline v1
