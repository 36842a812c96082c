// SPDX-License-Identifier: MIT
#include "cli/elements.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <fmt/format.h>
#include <span>
#include <string_view>

namespace shmwin::cli {
namespace {

// NOLINTBEGIN(misc-no-recursion): as deep as the type
void collect(dtype const& type,
             std::string const& name,
             std::size_t offset,
             std::vector<leaf>& all) {
    if (type.kind() == dtype_kind::structure) {
        for (auto const& each : type.members()) {
            auto const inner =
                name.empty() ? std::string(each.name) : fmt::format("{}.{}", name, each.name);
            collect(each.type, inner, offset + each.offset, all);
        }
    } else if (type.kind() == dtype_kind::array) {
        auto const element = type.element();
        auto const n = detail::n_elements_of(type.extents());
        if (element.is_scalar()) {
            all.push_back({name, offset, n, element});
            return;
        }
        for (std::size_t i = 0; i < n; ++i) {
            collect(element, name, offset + i * element.n_bytes(), all);
        }
    } else {
        all.push_back({name, offset, 1, type.element()});
    }
}

std::string number_text(std::floating_point auto value) {
    return std::isnan(value) ? "nan" : fmt::format("{}", value); // whatever its sign
}

std::string number_text(std::integral auto value) {
    using widest =
        std::conditional_t<std::is_signed_v<decltype(value)>, std::int64_t, std::uint64_t>;
    return fmt::format("{}", static_cast<widest>(value));
}

template <typename T>
std::string number_text(std::complex<T> const& value) {
    auto const imaginary = number_text(value.imag());
    bool const has_sign = imaginary.starts_with('-');
    return fmt::format("{}{}{}j", number_text(value.real()), has_sign ? "" : "+", imaginary);
}

std::string text_of(std::string_view bytes) {
    bytes = bytes.substr(0, bytes.find('\0'));
    std::string all = "\"";
    for (char const c : bytes) {
        all += c == '"' ? std::string("\"\"") : std::string(1, c); // as CSV has it (RFC 4180)
    }
    return all + '"';
}

std::string enumerator_text(dtype const& type, std::byte const* at) {
    auto text = element_text(type.element(), at);
    for (auto const& each : type.enumerators()) {
        if (std::memcmp(&each.value, at, type.n_bytes()) == 0) return std::string(each.name);
    }
    return text;
}

std::string array_text(dtype const& type, std::byte const* at) {
    auto const element = type.element();
    std::string all = "[";
    for (std::size_t i = 0; i < detail::n_elements_of(type.extents()); ++i) {
        if (i > 0) all += ", ";
        all += element_text(element, at + i * element.n_bytes());
    }
    return all + ']';
}

std::string structure_text(dtype const& type, std::byte const* at) {
    std::string all = "{";
    for (auto const& each : type.members()) {
        if (all.size() > 1) all += ", ";
        all += fmt::format("{}: {}", each.name, element_text(each.type, at + each.offset));
    }
    return all + '}';
}

std::string scalar_text(dtype const& type, std::byte const* at) {
    if (type.kind() == dtype_kind::boolean) return load<char>(at) == 0 ? "false" : "true";
    if (type.kind() == dtype_kind::raw_byte) {
        return fmt::format("0x{:02x}", static_cast<unsigned>(*at));
    }
    if (type.kind() == dtype_kind::character)
        return text_of({reinterpret_cast<char const*>(at), 1});
    std::string text;
    auto const number = [&]<typename T>() { text = number_text(load<T>(at)); };
    visit(type, [&]<typename T>() {
        if constexpr (!std::same_as<T, bool> && !std::same_as<T, std::byte>)
            number.template operator()<T>();
    });
    return text;
}

} // namespace

std::vector<leaf> leaves_of(dtype const& type) {
    std::vector<leaf> all;
    collect(type, "", 0, all);
    return all;
}

std::string element_text(dtype const& type, std::byte const* at) {
    switch (type.kind()) {
    case dtype_kind::string:
        return text_of({reinterpret_cast<char const*>(at), type.n_bytes()});
    case dtype_kind::enumeration:
        return enumerator_text(type, at);
    case dtype_kind::array:
        return array_text(type, at);
    case dtype_kind::structure:
        return structure_text(type, at);
    default:
        return scalar_text(type, at);
    }
}
// NOLINTEND(misc-no-recursion)

} // namespace shmwin::cli
