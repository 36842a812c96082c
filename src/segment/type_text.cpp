// SPDX-License-Identifier: MIT
#include "segment/type_text.hpp"

#include "shmwin/base/error.hpp"
#include "shmwin/base/hash.hpp"
#include "shmwin/base/text.hpp"

#include <algorithm>
#include <cstring>
#include <tuple>

namespace shmwin::inline v1::detail {
namespace {

constexpr std::string_view ellipsis = "...";

std::string hidden_name(std::uint64_t type_hash) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string name = ".shmwin/types/";
    for (int shift = 60; shift >= 0; shift -= 4) {
        name += digits[(type_hash >> static_cast<unsigned>(shift)) & 0xfU];
    }
    return name;
}

// Errors that ranks share have some 300 bytes.
std::string part_of(std::string_view signature, std::size_t at) {
    constexpr std::size_t before = 40;
    constexpr std::size_t after = 32;
    auto const first = at > before ? at - before : 0;
    auto const last = std::min(signature.size(), at + after);
    return text(first > 0 ? ellipsis : "",
                signature.substr(first, last - first),
                last < signature.size() ? ellipsis : "");
}

bool fits_record(std::string_view signature) {
    return signature.size() < std::tuple_size_v<decltype(object_record::type)>;
}

} // namespace

void set_type_text(object_record& record, std::string_view signature) noexcept {
    auto const room = record.type.size() - 1;
    record.type_is_cut = !fits_record(signature);
    if (!record.type_is_cut) {
        auto const last_word = signature.size() / 8 * 8; // the 0 that ends it is in that one
        std::memset(record.type.data() + last_word, 0, 8);
        signature.copy(record.type.data(), room);
        return;
    }
    auto const n = signature.copy(record.type.data(), room - ellipsis.size());
    ellipsis.copy(record.type.data() + n, ellipsis.size());
    record.type.back() = '\0';
}

void keep_type_text(directory const& names,
                    wait_policy const& how,
                    type_id const& type,
                    int creator) {
    auto const& signature = type.signature;
    if (fits_record(signature)) return;
    if (signature.size() > max_signature_bytes) {
        raise(errc::unsupported,
              text("description of a type is too long (",
                   signature.size(),
                   " bytes, at most ",
                   max_signature_bytes,
                   ": ",
                   signature.substr(0, 60),
                   "...; give members shorter names, or nest structures)"));
    }
    auto const name = hidden_name(type.hash);
    if (names.find_head(name)) return;
    object_record record{};
    name.copy(record.name.data(), record.name.size() - 1);
    record.name_hash = hash(name);
    set_type_text(record, "signature of a type");
    record.type_hash = type_hash(record.type_text(), 1, 1);
    record.n_bytes = signature.size();
    record.creator = creator;
    record.kind = object_kind::object;
    record.element_bytes = static_cast<std::uint32_t>(signature.size());
    record.element_alignment = 1;
    static_cast<void>(names.find_or_construct(
        record, 8, how, [&](void* at) { std::memcpy(at, signature.data(), signature.size()); }));
}

two_signatures differing(std::string_view first, std::string_view second) {
    constexpr std::size_t shown_whole = 160;
    if (first.size() + second.size() <= shown_whole) {
        return {std::string(first), std::string(second)};
    }
    auto const [a, b] = std::ranges::mismatch(first, second);
    return {part_of(first, static_cast<std::size_t>(a - first.begin())),
            part_of(second, static_cast<std::size_t>(b - second.begin()))};
}

std::string type_text(directory const& names, heap const& memory, object_record const& record) {
    std::string text(record.type_text());
    if (!record.type_is_cut) return text;
    auto const kept = names.find(hidden_name(record.type_hash));
    if (!kept) return text; // a segment that is being taken apart
    auto const* const begin = reinterpret_cast<char const*>(memory.at(kept->record.offset));
    return {begin, kept->record.n_bytes};
}

} // namespace shmwin::inline v1::detail
