// SPDX-License-Identifier: MIT
#include "base/dtype_made.hpp"

#include "shmwin/base/describe.hpp"
#include "shmwin/base/error.hpp"
#include "shmwin/base/text.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <deque>
#include <map>
#include <mutex>
#include <set>

namespace shmwin::inline v1 {
namespace detail {
namespace {

constexpr std::size_t max_alignment = std::size_t{2} << 20U;
constexpr std::size_t max_name = 255;

// The parts of one type, owned.
struct kept_node {
    std::deque<std::string> names;
    std::vector<std::int64_t> extents;
    std::vector<dtype_member> members;
    std::vector<dtype_enumerator> enumerators;
    dtype_node node;
};

// All types of the process that were made at run time, one for each signature. Never freed: a
// dtype is a value that anybody keeps.
class kept_nodes {
  public:
    template <typename Fill>
    dtype keep(dtype const& sketch, Fill&& fill) {
        auto const signature = sketch.signature();
        std::scoped_lock const lock(mutex_);
        auto& kept = all_[signature];
        if (kept.names.empty() && kept.node.extents.empty()) fill(kept);
        return {sketch.kind(), sketch.n_bytes(), sketch.alignment(), kept.node};
    }

  private:
    std::mutex mutex_;
    std::map<std::string, kept_node, std::less<>> all_; // nodes never move
};

kept_nodes& kept() {
    // NOLINTNEXTLINE(*-owning-memory,*-non-const-global-variables): outlives all that is static
    static auto& all = *new kept_nodes;
    return all;
}

made_dtype refused(std::string why) {
    return {std::nullopt, std::move(why)};
}

std::string fault_of_name(std::string_view name) {
    if (name.empty()) return "a name is empty";
    if (name.size() > max_name) return text("a name has ", name.size(), " bytes, at most 255");
    auto const is_control = [](char c) {
        return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
    };
    return std::ranges::any_of(name, is_control) ? "a name holds a control character" : "";
}

template <typename Named>
std::string fault_of_names(std::span<Named const> all) {
    std::set<std::string_view> seen;
    for (auto const& each : all) {
        if (auto fault = fault_of_name(each.name); !fault.empty()) return fault;
        if (!seen.insert(each.name).second) return text("two are named \"", each.name, '"');
    }
    return "";
}

std::string fault_of_value(dtype const& underlying, std::int64_t value) {
    auto const n_bits = 8 * underlying.n_bytes();
    if (n_bits >= 64) return "";
    bool const has_sign = underlying.kind() == dtype_kind::signed_integer;
    auto const limit = std::int64_t{1} << (has_sign ? n_bits - 1 : n_bits);
    if (value < limit && value >= (has_sign ? -limit : 0)) return "";
    return text("value ", value, " does not fit ", underlying.signature());
}

std::string
fault_of_places(std::span<dtype_member const> members, std::size_t n_bytes, std::size_t alignment) {
    std::size_t end = 0;
    for (auto const& each : members) {
        auto const unit = std::min(each.type.alignment(), alignment);
        if (each.offset < end) {
            return text("\"", each.name, "\" at ", each.offset, " overlaps the member before it");
        }
        if (each.offset > n_bytes || each.type.n_bytes() > n_bytes - each.offset) {
            return text("\"",
                        each.name,
                        "\" at ",
                        each.offset,
                        " ends behind the ",
                        n_bytes,
                        " bytes of the structure");
        }
        if (each.offset % unit != 0) {
            return text("\"", each.name, "\" at ", each.offset, " is not aligned to ", unit);
        }
        end = each.offset + each.type.n_bytes();
    }
    return "";
}

// As C++ would have it, if the members lie so.
std::size_t alignment_of(std::span<dtype_member const> members, std::size_t n_bytes) {
    auto const natural = natural_alignment(members);
    return n_bytes % natural == 0 && fault_of_places(members, n_bytes, natural).empty() ? natural
                                                                                        : 1;
}

} // namespace

made_dtype make_string(std::size_t n_bytes) {
    if (n_bytes < 1 || n_bytes > max_dtype_bytes) {
        return refused(text("string of ", n_bytes, " bytes; 1 to ", max_dtype_bytes));
    }
    return {dtype(dtype_kind::string, n_bytes, 1, 0), ""};
}

made_dtype make_array(dtype const& element, std::span<std::int64_t const> extents) {
    std::vector<std::int64_t> all(extents.begin(), extents.end());
    std::ranges::copy(element.extents(), std::back_inserter(all));
    auto const innermost = element.kind() == dtype_kind::array ? element.element() : element;
    if (extents.empty() || all.size() > max_dtype_dimensions) {
        return refused(text("array of ", all.size(), " dimensions; 1 to ", max_dtype_dimensions));
    }
    auto n_bytes = innermost.n_bytes();
    for (auto const extent : all) {
        bool const fits =
            extent >= 1 && n_bytes <= max_dtype_bytes / static_cast<std::size_t>(extent);
        if (!fits) {
            return refused(text("array of ",
                                shape_text(all),
                                "; extents are 1 or more, and an "
                                "element has at most ",
                                max_dtype_bytes,
                                " bytes"));
        }
        n_bytes *= static_cast<std::size_t>(extent);
    }
    dtype_node const sketch{innermost, all};
    return {kept().keep({dtype_kind::array, n_bytes, innermost.alignment(), sketch},
                        [&](kept_node& made) {
                            made.extents = all;
                            made.node = {innermost, made.extents};
                        }),
            ""};
}

made_dtype make_enumeration(dtype const& underlying,
                            std::span<dtype_enumerator const> enumerators) {
    bool const has_sign = underlying.kind() == dtype_kind::signed_integer;
    if (!has_sign && underlying.kind() != dtype_kind::unsigned_integer) {
        return refused(text("enumeration over ", underlying.signature(), ", no integer"));
    }
    if (enumerators.empty()) return refused("enumeration without names");
    if (auto fault = fault_of_names(enumerators); !fault.empty()) return refused(std::move(fault));
    std::vector<dtype_enumerator> all(enumerators.begin(), enumerators.end());
    std::ranges::sort(all, [has_sign](auto const& a, auto const& b) {
        return has_sign ? a.value < b.value
                        : static_cast<std::uint64_t>(a.value) < static_cast<std::uint64_t>(b.value);
    });
    if (!has_distinct_values(all)) return refused("two names have one value");
    for (auto const& each : all) {
        if (auto fault = fault_of_value(underlying, each.value); !fault.empty()) {
            return refused(std::move(fault));
        }
    }
    dtype_node const sketch{underlying, {}, {}, all};
    return {
        kept().keep(
            {dtype_kind::enumeration, underlying.n_bytes(), underlying.alignment(), sketch},
            [&](kept_node& made) {
                for (auto const& each : all) {
                    made.enumerators.push_back({made.names.emplace_back(each.name), each.value});
                }
                made.node = {underlying, {}, {}, made.enumerators};
            }),
        ""};
}

made_dtype
make_structure(std::span<dtype_member const> members, std::size_t n_bytes, std::size_t alignment) {
    if (members.empty()) return refused("structure without members");
    if (auto fault = fault_of_names(members); !fault.empty()) return refused(std::move(fault));
    if (alignment == 0) alignment = alignment_of(members, n_bytes);
    bool const is_aligned = std::has_single_bit(alignment) && alignment <= max_alignment
                            && n_bytes % alignment == 0 && n_bytes <= max_dtype_bytes;
    if (!is_aligned) {
        return refused(text("structure of ",
                            n_bytes,
                            " bytes aligned to ",
                            alignment,
                            "; a power of two up to 2 MiB that divides at most ",
                            max_dtype_bytes,
                            " bytes"));
    }
    if (auto fault = fault_of_places(members, n_bytes, alignment); !fault.empty()) {
        return refused(std::move(fault));
    }
    if (!is_shallow(members)) return refused("structures nested more than 32 deep");
    dtype_node const sketch{{dtype_kind::raw_byte, 1, 1, 0}, {}, members};
    return {kept().keep({dtype_kind::structure, n_bytes, alignment, sketch},
                        [&](kept_node& made) {
                            for (auto const& each : members) {
                                auto const& name = made.names.emplace_back(each.name);
                                made.members.push_back({name, each.offset, each.type});
                            }
                            made.node.members = made.members;
                        }),
            ""};
}

namespace {

dtype or_raise(made_dtype made) {
    if (made.type) return *made.type;
    raise(errc::invalid_argument, text("element type is not possible (", made.why, ")"));
}

} // namespace
} // namespace detail

dtype dtype::string(std::size_t n_bytes) {
    return detail::or_raise(detail::make_string(n_bytes));
}

dtype dtype::array(dtype const& element, std::span<std::int64_t const> extents) {
    return detail::or_raise(detail::make_array(element, extents));
}

dtype dtype::enumeration(dtype const& underlying, std::span<dtype_enumerator const> enumerators) {
    return detail::or_raise(detail::make_enumeration(underlying, enumerators));
}

dtype dtype::structure(std::span<dtype_member const> members,
                       std::size_t n_bytes,
                       std::size_t alignment) {
    return detail::or_raise(detail::make_structure(members, n_bytes, alignment));
}

} // namespace shmwin::inline v1
