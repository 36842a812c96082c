// SPDX-License-Identifier: MIT
// dtype: the description of an element type, as a value: of a scalar, a fixed-length string, an
// enumeration, a fixed array, or a structure of such. The same for types of the program (see
// dtype.hpp) and for types that only a file or another language knows.
//
// To add a kind: the enumerator, its text in dtype::signature(), its branch where dtype.hpp makes
// rows; the compiler then names every door whose switch lacks it.
#pragma once

#include "shmwin/base/export.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

namespace shmwin::inline v1 {

/// What the bytes of an element mean. The values are stored in segments and files: stable.
enum class dtype_kind : std::uint8_t {
    boolean = 1,          ///< bool
    raw_byte = 2,         ///< std::byte: no meaning
    character = 3,        ///< char: one byte of text
    wide_character = 4,   ///< wchar_t
    unicode = 5,          ///< char8_t, char16_t, char32_t: one code unit
    signed_integer = 6,   ///< two's complement
    unsigned_integer = 7, ///< modulo 2^n
    floating = 8,         ///< IEEE 754 binary, or the platform's long double
    complex = 9,          ///< real, then imaginary part, each floating
    string = 10,          ///< char[N]: text of at most N bytes, zeros behind it
    enumeration = 11,     ///< an integer whose values have names
    array = 12,           ///< T[N]...: elements of one type, the last index next to itself
    structure = 13,       ///< members, each at its offset
};

struct dtype_member;

/// A name of an enumeration's value. A value of 64 bits without sign has the same bits here.
struct dtype_enumerator {
    std::string_view name;
    std::int64_t value;

    friend constexpr bool operator==(dtype_enumerator const&, dtype_enumerator const&) = default;
};

namespace detail {

struct dtype_node;

inline constexpr std::size_t max_dtype_bytes = 0x7fffffff; // HDF5 and NumPy hold no more
inline constexpr std::size_t max_dtype_dimensions = 8;     // of a fixed array
inline constexpr std::size_t max_dtype_depth = 32;         // structures in structures
inline constexpr std::size_t max_signature_bytes = 32768;  // an attribute of HDF5 holds 64 KiB

} // namespace detail

/// An element type: kind, size and alignment as they truly are on this platform. Byte order is
/// the machine's. A small value type; two dtypes are equal if every value means the same, however
/// they came to be. All functions are local; what they return lives as long as the program.
class SHMWIN_API dtype {
  public:
    /// A scalar.
    constexpr dtype(dtype_kind kind,
                    std::size_t n_bytes,
                    std::size_t alignment,
                    int digits) noexcept
        : kind_(kind),
          digits_(static_cast<std::uint8_t>(digits)),
          alignment_(static_cast<std::uint32_t>(alignment)),
          n_bytes_(n_bytes) {}

    /// Text of at most `n_bytes` bytes: char[n_bytes].
    /// @throws argument_error (invalid_argument)  as the next three: no type could be like that
    [[nodiscard]] static dtype string(std::size_t n_bytes);

    /// A fixed array of 1 to 8 dimensions. Of an array: one with more dimensions.
    [[nodiscard]] static dtype array(dtype const& element, std::span<std::int64_t const> extents);

    /// An enumeration; the order of its names has no meaning.
    /// @param underlying  a signed or unsigned integer
    [[nodiscard]] static dtype enumeration(dtype const& underlying,
                                           std::span<dtype_enumerator const> enumerators);

    /// A structure.
    /// @param members  in the order of their offsets, not overlapping
    /// @param n_bytes  with all padding
    /// @param alignment  a power of two that divides n_bytes; 0: that of members as C++ lays them
    ///                   out, or 1 where they are not laid out like that
    [[nodiscard]] static dtype structure(std::span<dtype_member const> members,
                                         std::size_t n_bytes,
                                         std::size_t alignment = 0);

    [[nodiscard]] constexpr dtype_kind kind() const noexcept { return kind_; }
    /// Size of an element, in bytes.
    [[nodiscard]] constexpr std::size_t n_bytes() const noexcept { return n_bytes_; }
    [[nodiscard]] constexpr std::size_t alignment() const noexcept { return alignment_; }
    /// Bits of the significand, of floating and complex types; else 0. Tells the several formats
    /// of long double apart.
    [[nodiscard]] constexpr int digits() const noexcept { return digits_; }
    /// True for the kinds that visit() finds: no string, enumeration, array or structure.
    [[nodiscard]] constexpr bool is_scalar() const noexcept { return kind_ < dtype_kind::string; }

    /// Of an array, its elements' type; of an enumeration, its integer; else the type itself.
    [[nodiscard]] constexpr dtype element() const noexcept;
    /// Of an array; else empty.
    [[nodiscard]] constexpr std::span<std::int64_t const> extents() const noexcept;
    /// Of a structure, by offset; else empty.
    [[nodiscard]] constexpr std::span<dtype_member const> members() const noexcept;
    /// The member of that name; null if there is none.
    [[nodiscard]] constexpr dtype_member const* member(std::string_view name) const noexcept;
    /// Of an enumeration, by value; else empty.
    [[nodiscard]] constexpr std::span<dtype_enumerator const> enumerators() const noexcept;

    /// Bytes of an element that belong to no member, nested ones' too.
    [[nodiscard]] constexpr std::size_t n_padding_bytes() const noexcept;
    [[nodiscard]] constexpr bool has_padding() const noexcept { return n_padding_bytes() != 0; }

    /// Canonical text. Equal for equal types, on every compiler; part of the layout of segments
    /// and files; dtype_of_signature() reads it back.
    ///
    ///     "float64", "int32", "bool", "complex128", "string16", "float64[3,2]"
    ///     "enum int32{red=0,green=1}"
    ///     "struct 24{x float64 @0, id int32[2] @8, on bool @16}"
    ///
    /// A structure whose alignment is not that of its most aligned member tells it: "struct 9
    /// align 1{...}". Names that are no identifiers stand in quotes.
    [[nodiscard]] std::string signature() const;

    friend constexpr bool operator==(dtype const& a, dtype const& b) noexcept;

    /// Internal: see detail::dtype_node.
    constexpr dtype(dtype_kind kind,
                    std::size_t n_bytes,
                    std::size_t alignment,
                    detail::dtype_node const& node) noexcept
        : kind_(kind),
          has_node_(true),
          alignment_(static_cast<std::uint32_t>(alignment)),
          n_bytes_(n_bytes),
          node_(&node) {}

  private:
    dtype_kind kind_;
    std::uint8_t digits_ = 0;
    bool has_node_ = false; // to compare node_ with null is no constant under UBSan
    std::uint32_t alignment_;
    std::uint64_t n_bytes_;
    detail::dtype_node const* node_ = nullptr;
};

/// A member of a structure.
struct dtype_member {
    std::string_view name;
    std::size_t offset; ///< in bytes, from the begin of the structure
    dtype type;

    friend constexpr bool operator==(dtype_member const& a, dtype_member const& b) noexcept;
};

/// Local. The dtype of this platform whose signature is exactly `signature`; nothing if there is
/// none. Any text may come: it is read with bounds on depth and size.
[[nodiscard]] SHMWIN_API std::optional<dtype> dtype_of_signature(std::string_view signature);

namespace detail {

/// What a dtype is made of, if it is no scalar: constant data of the program, or made at run time
/// and never freed.
struct dtype_node {
    dtype element{dtype_kind::raw_byte, 1, 1, 0}; ///< of an array or enumeration
    std::span<std::int64_t const> extents{};
    std::span<dtype_member const> members{};
    std::span<dtype_enumerator const> enumerators{};
};

/// Elements of an array of those extents.
[[nodiscard]] constexpr std::size_t n_elements_of(std::span<std::int64_t const> extents) noexcept {
    std::size_t n = 1;
    for (auto const extent : extents) {
        n *= static_cast<std::size_t>(extent);
    }
    return n;
}

/// Alignment that C++ gives a structure of these members.
[[nodiscard]] constexpr std::size_t
natural_alignment(std::span<dtype_member const> members) noexcept {
    std::size_t widest = 1;
    for (auto const& each : members) {
        widest = std::max(widest, each.type.alignment());
    }
    return widest;
}

} // namespace detail

constexpr dtype dtype::element() const noexcept {
    bool const has_one = kind_ == dtype_kind::array || kind_ == dtype_kind::enumeration;
    return has_one && has_node_ ? node_->element : *this;
}

constexpr std::span<std::int64_t const> dtype::extents() const noexcept {
    return has_node_ ? node_->extents : std::span<std::int64_t const>{};
}

constexpr std::span<dtype_member const> dtype::members() const noexcept {
    return has_node_ ? node_->members : std::span<dtype_member const>{};
}

constexpr dtype_member const* dtype::member(std::string_view name) const noexcept {
    for (auto const& each : members()) {
        if (each.name == name) return &each;
    }
    return nullptr;
}

constexpr std::span<dtype_enumerator const> dtype::enumerators() const noexcept {
    return has_node_ ? node_->enumerators : std::span<dtype_enumerator const>{};
}

// NOLINTBEGIN(misc-no-recursion): as deep as the type
constexpr std::size_t dtype::n_padding_bytes() const noexcept {
    if (kind_ == dtype_kind::array) {
        return detail::n_elements_of(extents()) * element().n_padding_bytes();
    }
    if (kind_ != dtype_kind::structure) return 0;
    std::size_t n = n_bytes_;
    for (auto const& each : members()) {
        n -= each.type.n_bytes() - each.type.n_padding_bytes();
    }
    return n;
}

namespace detail {

[[nodiscard]] constexpr bool have_same_parts(dtype_node const& a, dtype_node const& b) noexcept {
    if (a.element != b.element || a.members.size() != b.members.size()) return false;
    for (std::size_t i = 0; i < a.members.size(); ++i) {
        if (!(a.members[i] == b.members[i])) return false;
    }
    return std::ranges::equal(a.extents, b.extents)
           && std::ranges::equal(a.enumerators, b.enumerators);
}

} // namespace detail

constexpr bool operator==(dtype const& a, dtype const& b) noexcept {
    if (a.kind_ != b.kind_ || a.digits_ != b.digits_ || a.alignment_ != b.alignment_
        || a.n_bytes_ != b.n_bytes_) {
        return false;
    }
    if (!a.has_node_ || !b.has_node_) return a.has_node_ == b.has_node_;
    if (!std::is_constant_evaluated() && a.node_ == b.node_) return true;
    return detail::have_same_parts(*a.node_, *b.node_);
}

constexpr bool operator==(dtype_member const& a, dtype_member const& b) noexcept {
    return a.name == b.name && a.offset == b.offset && a.type == b.type;
}
// NOLINTEND(misc-no-recursion)

} // namespace shmwin::inline v1
