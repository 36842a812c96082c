// SPDX-License-Identifier: MIT
// Signatures read back. The text may come from a file that anybody wrote.
#include "base/dtype_made.hpp"

#include <charconv>
#include <deque>
#include <map>
#include <utility>

namespace shmwin::inline v1 {
namespace {

std::map<std::string, dtype, std::less<>> const& scalars() {
    static auto const all = [] {
        std::map<std::string, dtype, std::less<>> made;
        for_each_dtype([&](dtype const& each) { made.emplace(each.signature(), each); });
        return made;
    }();
    return all;
}

// Takes a signature apart from left to right. Each function gives nothing where the text is no
// signature; the first that does ends it all. Other spellings of one type are not looked for: the
// result's own signature is compared with the text.
class reader {
  public:
    explicit reader(std::string_view text) : rest_(text) {}

    std::optional<dtype> whole() {
        auto const found = type(0);
        return rest_.empty() ? found : std::nullopt;
    }

  private:
    bool take(std::string_view expected) {
        if (!rest_.starts_with(expected)) return false;
        rest_.remove_prefix(expected.size());
        return true;
    }

    template <typename Number>
    std::optional<Number> number() {
        Number value{};
        auto const* const end = rest_.data() + rest_.size();
        auto const [stop, fault] = std::from_chars(rest_.data(), end, value);
        if (fault != std::errc{}) return std::nullopt;
        rest_.remove_prefix(static_cast<std::size_t>(stop - rest_.data()));
        return value;
    }

    std::string_view word() {
        constexpr std::string_view letters =
            "_0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
        auto const found = rest_.substr(0, rest_.find_first_not_of(letters));
        rest_.remove_prefix(found.size());
        return found;
    }

    std::optional<std::string> name() {
        if (!take("\"")) return std::string(word());
        std::string found;
        while (!rest_.empty()) {
            auto const c = rest_.front();
            rest_.remove_prefix(1);
            if (c == '"') return found;
            if (c == '\\' && rest_.empty()) return std::nullopt;
            found += c == '\\' ? rest_.front() : c;
            if (c == '\\') rest_.remove_prefix(1);
        }
        return std::nullopt;
    }

    // NOLINTBEGIN(misc-no-recursion): as deep as the type
    std::optional<dtype> type(std::size_t depth) {
        if (depth > detail::max_dtype_depth) return std::nullopt;
        auto found = base(depth);
        if (found && rest_.starts_with('[')) return array_of(*found);
        return found;
    }

    std::optional<dtype> base(std::size_t depth) {
        if (take("struct ")) return structure(depth);
        if (take("enum ")) return enumeration();
        auto const token = word();
        if (auto const found = scalars().find(token); found != scalars().end()) {
            return found->second;
        }
        if (!token.starts_with("string")) return std::nullopt;
        reader n_bytes(token.substr(6));
        auto const n = n_bytes.number<std::size_t>();
        return n && n_bytes.rest_.empty() ? detail::make_string(*n).type : std::nullopt;
    }

    std::optional<dtype> array_of(dtype const& element) {
        std::vector<std::int64_t> extents;
        for (auto const* before = "["; take(before); before = ",") {
            auto const extent = number<std::int64_t>();
            if (!extent || extents.size() == detail::max_dtype_dimensions) return std::nullopt;
            extents.push_back(*extent);
        }
        return take("]") ? detail::make_array(element, extents).type : std::nullopt;
    }

    std::optional<dtype> enumeration() {
        auto const found = scalars().find(word());
        if (found == scalars().end()) return std::nullopt;
        auto const& underlying = found->second;
        bool const has_sign = underlying.kind() == dtype_kind::signed_integer;
        std::deque<std::string> names;
        std::vector<dtype_enumerator> all;
        for (auto const* before = "{"; take(before); before = ",") {
            auto given = name();
            if (!given || !take("=")) return std::nullopt;
            auto const value = has_sign ? number<std::int64_t>() : bits_of(number<std::uint64_t>());
            if (!value) return std::nullopt;
            all.push_back({names.emplace_back(std::move(*given)), *value});
        }
        return take("}") ? detail::make_enumeration(underlying, all).type : std::nullopt;
    }

    static std::optional<std::int64_t> bits_of(std::optional<std::uint64_t> value) {
        return value ? std::optional(static_cast<std::int64_t>(*value)) : std::nullopt;
    }

    std::optional<dtype> structure(std::size_t depth) {
        auto const n_bytes = number<std::size_t>();
        if (!n_bytes) return std::nullopt;
        std::optional<std::size_t> alignment;
        if (take(" align ")) {
            alignment = number<std::size_t>();
            if (!alignment || *alignment == 0) return std::nullopt;
        }
        std::deque<std::string> names;
        std::vector<dtype_member> all;
        for (auto const* before = "{"; take(before); before = ", ") {
            auto given = name();
            if (!given || !take(" ")) return std::nullopt;
            auto const of = type(depth + 1);
            if (!of || !take(" @")) return std::nullopt;
            auto const offset = number<std::size_t>();
            if (!offset) return std::nullopt;
            all.push_back({names.emplace_back(std::move(*given)), *offset, *of});
        }
        if (!take("}")) return std::nullopt;
        auto const aligned = alignment.value_or(detail::natural_alignment(all));
        return detail::make_structure(all, *n_bytes, aligned).type;
    }

    // NOLINTEND(misc-no-recursion)

    std::string_view rest_;
};

} // namespace

std::optional<dtype> dtype_of_signature(std::string_view signature) {
    if (signature.size() > detail::max_signature_bytes) return std::nullopt;
    auto const found = reader(signature).whole();
    return found && found->signature() == signature ? found : std::nullopt;
}

} // namespace shmwin::inline v1
