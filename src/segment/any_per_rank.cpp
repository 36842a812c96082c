// SPDX-License-Identifier: MIT
// Per-rank vectors of a type known at run time. A vector of T is one of words of T's alignment, as
// many as T has: offset_ptr counts in bytes, so both are the same bytes in the segment.

// What allocators give may be null, fears g++ 12 in libstdc++'s lines that come after this one.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wnull-dereference"
#endif

#include "shmwin/segment/any_per_rank.hpp"

#include "shmwin/base/contract.hpp"
#include "shmwin/base/error.hpp"
#include "shmwin/base/text.hpp"
#include "shmwin/base/type_id.hpp"
#include "shmwin/memory/container.hpp"
#include "shmwin/segment/group.hpp"
#include "shmwin/segment/per_rank.hpp"

#include <array>
#include <cstring>
#include <memory>
#include <new>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace shmwin::inline v1 {
namespace {

using detail::per_rank_access;

template <std::size_t Alignment>
struct alignas(Alignment) word {
    std::array<std::byte, Alignment> bytes;
};
template <std::size_t Alignment>
using slot_of = detail::per_rank_slot<vector<word<Alignment>>>;
using any_slot = slot_of<1>;

constexpr bool same_layout(auto const&... sizes) {
    return ((sizes == sizeof(any_slot)) && ...);
}
static_assert(same_layout(sizeof(slot_of<8>), sizeof(detail::per_rank_slot<vector<double>>))
              && alignof(slot_of<8>) == alignof(any_slot));

template <std::size_t Alignment>
auto& words_in(std::byte* slots, int r) {
    return std::launder(reinterpret_cast<slot_of<Alignment>*>(slots))[r].elements;
}

template <std::size_t Alignment>
per_rank_access access_by(dtype const& type) {
    auto const n_words = type.n_bytes() / Alignment;
    return {type,
            [](std::byte* slots, int r) {
                auto& all = words_in<Alignment>(slots, r);
                word<Alignment>* const first = all.data();
                return std::as_writable_bytes(std::span(first, all.size()));
            },
            [n_words](std::byte* slots, int r, std::size_t n) {
                words_in<Alignment>(slots, r).reserve(n * n_words);
            },
            [n_words](std::byte* slots, int r, std::size_t n) {
                words_in<Alignment>(slots, r).resize(n * n_words);
            }};
}

per_rank_access access_to(dtype const& type) {
    switch (type.alignment()) {
    case 1:
        return access_by<1>(type);
    case 2:
        return access_by<2>(type);
    case 4:
        return access_by<4>(type);
    case 8:
        return access_by<8>(type);
    case 16:
        return access_by<16>(type);
    default:
        raise(errc::unsupported,
              detail::text("per-rank vectors of this alignment are known to the compiler only (",
                           type.signature(),
                           ", aligned to ",
                           type.alignment(),
                           " bytes; up to 16)"));
    }
}

// One of ranks' vectors that the template would make.
constexpr std::string_view name_end = ">";
std::string name_begin() {
    auto name = type_id_of<vector<char>>().signature;
    name.resize(name.size() - name_end.size() - type_id_of<char>().signature.size());
    return name;
}

type_id vectors_of(dtype const& type) {
    auto name = name_begin() + type.signature() + std::string(name_end);
    auto const h = detail::type_hash(name, sizeof(any_slot), alignof(any_slot));
    return {std::move(name), h, sizeof(any_slot), alignof(any_slot), false};
}

std::optional<dtype> element_in(std::string_view name) {
    auto const begin = name_begin();
    if (!name.starts_with(begin) || !name.ends_with(name_end)) return std::nullopt;
    name.remove_prefix(begin.size());
    name.remove_suffix(name_end.size());
    return dtype_of_signature(name);
}

// Checkpoints then know them, too. What the compiler knows of the type comes first.
per_rank_access known_access(dtype const& type) {
    auto const hash = vectors_of(type).hash;
    if (auto known = detail::access_of(hash)) return *std::move(known);
    auto made = access_to(type);
    detail::keep_access(hash, made);
    return made;
}

// As the template's vectors say it, which count to 2^63 - 1 bytes.
void require_countable(std::size_t n, dtype const& type) {
    if (n <= allocator<std::byte>::max_size() / type.n_bytes()) return;
    raise(
        errc::out_of_memory,
        detail::text(
            "per-rank vector cannot be so large (", n, " elements of ", type.n_bytes(), " bytes)"));
}

detail::object_request request_of(operation op,
                                  std::string_view name,
                                  type_id const& id,
                                  std::span<std::int64_t const> extents) {
    detail::object_request made{op, name, object_kind::per_rank};
    made.type = &id;
    made.extents = extents;
    return made;
}

} // namespace

any_per_rank::any_per_rank(std::shared_ptr<detail::segment_core> core,
                           detail::described_object what)
    : core_(std::move(core)), what_(std::move(what)), access_(known_access(what_.type)) {}

void any_per_rank::construct(heap const& memory, void* at, int n_ranks) {
    for (int r = 0; r < n_ranks; ++r) {
        new (static_cast<any_slot*>(at) + r) any_slot(memory); // takes no memory: cannot fail
    }
}

void any_per_rank::destruct(void* at, int n_ranks) {
    std::destroy_n(std::launder(static_cast<any_slot*>(at)), n_ranks);
}

bool any_per_rank::is_valid() const {
    return core_ != nullptr && core_->is_there(what_.place.index, what_.place.generation);
}

void any_per_rank::resize(std::size_t n) const {
    SHMWIN_EXPECT(is_valid());
    require_countable(n, type());
    access_.resize(what_.place.address, core_->rank(), n);
    check_phase();
}

void any_per_rank::reserve(std::size_t n) const {
    SHMWIN_EXPECT(is_valid());
    require_countable(n, type());
    access_.reserve(what_.place.address, core_->rank(), n);
    check_phase();
}

void any_per_rank::append(void const* elements, std::size_t n) const {
    if (n == 0) return;
    require_countable(n, type()); // so that the sum is no smaller
    auto const n_before = access_.bytes(what_.place.address, core_->rank()).size();
    resize(n_before / type().n_bytes() + n);
    auto const all = access_.bytes(what_.place.address, core_->rank());
    std::memcpy(all.data() + n_before, elements, n * type().n_bytes());
}

any_view any_per_rank::mine() const {
    SHMWIN_EXPECT(is_valid());
    return view_of(core_->rank(), false);
}

any_view any_per_rank::operator[](int r) const {
    SHMWIN_EXPECT(is_valid() && 0 <= r && r < size());
    note_view(r);
    return view_of(r, true);
}

any_view any_per_rank::view_of(int r, bool is_read_only) const {
    auto const bytes = access_.bytes(what_.place.address, r);
    auto const n_bytes = type().n_bytes();
    std::array const extents{static_cast<std::int64_t>(bytes.size() / n_bytes)};
    std::array const strides{static_cast<std::int64_t>(n_bytes)};
    return {type(), bytes.data(), extents, strides, is_read_only};
}

// As per_rank does, which sees changes only later.
void any_per_rank::check_phase() const {
#ifndef NDEBUG
    auto& slot = std::launder(reinterpret_cast<any_slot*>(what_.place.address))[core_->rank()];
    auto const bytes = access_.bytes(what_.place.address, core_->rank());
    detail::check_unchanged(
        {core_.get(), &what_.place, &slot.mark, core_->rank()},
        {bytes.size() / type().n_bytes(), core_->memory().offset_of(bytes.data())});
#endif
}

void any_per_rank::note_view([[maybe_unused]] int r) const {
#ifndef NDEBUG
    if (r == core_->rank()) return;
    auto& slot = std::launder(reinterpret_cast<any_slot*>(what_.place.address))[r];
    auto const bytes = access_.bytes(what_.place.address, r);
    detail::note_taken({core_.get(), &what_.place, &slot.mark, r},
                       {bytes.size() / type().n_bytes(), core_->memory().offset_of(bytes.data())});
#endif
}

any_per_rank object_group::create_per_rank(std::string_view name,
                                           dtype const& type,
                                           array_options const& options,
                                           source_line const& where) const {
    auto const whole = full(name);
    auto const id = vectors_of(type);
    static_cast<void>(known_access(type)); // what cannot be is said by all, and before
    std::array const extents{std::int64_t{core_->n_ranks()}};
    auto request = request_of(operation::create_per_rank, whole, id, extents);
    request.element = type;
    request.options.saved = options.saved;
    request.where = where;
    auto place = core_->create_small(
        request,
        [&](void* at) { any_per_rank::construct(core_->memory(), at, core_->n_ranks()); },
        [&](void* at) { any_per_rank::destruct(at, core_->n_ranks()); });
    return {core_, {std::move(place), type, 1, memory_order_kind::none}};
}

any_per_rank object_group::find_any_per_rank(std::string_view name) const {
    auto const whole = full(name);
    std::array const extents{std::int64_t{0}};
    auto const found = core_->look_up(whole);
    bool const is_it = found && found->record.kind == object_kind::per_rank;
    auto const text = is_it ? core_->type_text(found->record) : std::string();
    auto const type = element_in(text);
    if (is_it && !type) {
        raise(errc::type_mismatch,
              detail::text("elements have no description (\"",
                           std::string_view(whole),
                           "\" holds ",
                           text,
                           " per rank; find_per_rank<V>() finds them)"));
    }
    auto const id = vectors_of(type.value_or(dtype_of<std::byte>));
    auto place = core_->find(request_of(operation::none, whole, id, extents)); // says what is wrong
    return {core_, {std::move(place), *type, 1, memory_order_kind::none}};
}

} // namespace shmwin::inline v1
