// SPDX-License-Identifier: MIT
#include "c/dtype.hpp"

#include "shmwin/base/error.hpp"
#include "shmwin/base/text.hpp"

#include "c/status.hpp"

#include <complex>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <utility>
#include <vector>

// NOLINTNEXTLINE(readability-identifier-naming): the name of the C interface
struct shmwin_dtype {
    shmwin::dtype is;
    std::string signature;
    shmwin_dtype const* element = nullptr;
    std::vector<shmwin_dtype_member> members{};
    std::vector<shmwin_dtype_enumerator> enumerators{};
    std::vector<std::string> names{}; ///< of both, which end with 0 here
};

namespace shmwin::inline v1::detail {
namespace {

// All that anybody asked for. Never freed: handles stay until the process ends.
struct kept_handles {
    std::mutex mutex;
    std::map<std::string, std::unique_ptr<shmwin_dtype>, std::less<>> by_signature;
};

kept_handles& kept() {
    // NOLINTNEXTLINE(*-owning-memory,*-non-const-global-variables): outlives all that is static
    static auto& all = *new kept_handles;
    return all;
}

// The enumerators of C are the same numbers.
constexpr bool is_kind(int in_c, dtype_kind kind) {
    return in_c == static_cast<int>(kind);
}
static_assert(is_kind(SHMWIN_KIND_BOOLEAN, dtype_kind::boolean));
static_assert(is_kind(SHMWIN_KIND_RAW_BYTE, dtype_kind::raw_byte));
static_assert(is_kind(SHMWIN_KIND_CHARACTER, dtype_kind::character));
static_assert(is_kind(SHMWIN_KIND_WIDE_CHARACTER, dtype_kind::wide_character));
static_assert(is_kind(SHMWIN_KIND_UNICODE, dtype_kind::unicode));
static_assert(is_kind(SHMWIN_KIND_SIGNED_INTEGER, dtype_kind::signed_integer));
static_assert(is_kind(SHMWIN_KIND_UNSIGNED_INTEGER, dtype_kind::unsigned_integer));
static_assert(is_kind(SHMWIN_KIND_FLOATING, dtype_kind::floating));
static_assert(is_kind(SHMWIN_KIND_COMPLEX, dtype_kind::complex));
static_assert(is_kind(SHMWIN_KIND_STRING, dtype_kind::string));
static_assert(is_kind(SHMWIN_KIND_ENUMERATION, dtype_kind::enumeration));
static_assert(is_kind(SHMWIN_KIND_ARRAY, dtype_kind::array));
static_assert(is_kind(SHMWIN_KIND_STRUCTURE, dtype_kind::structure));

// The parts of a type are types: they come first, without the lock.
// NOLINTBEGIN(misc-no-recursion): as deep as the type
std::unique_ptr<shmwin_dtype> make_handle(dtype const& type, std::string&& signature) {
    auto made = std::make_unique<shmwin_dtype>(shmwin_dtype{type, std::move(signature)});
    if (type.element() != type) made->element = handle_of(type.element());
    made->names.reserve(type.members().size() + type.enumerators().size()); // they do not move
    for (auto const& each : type.members()) {
        made->names.emplace_back(each.name);
        made->members.push_back({made->names.back().c_str(), each.offset, handle_of(each.type)});
    }
    for (auto const& each : type.enumerators()) {
        made->names.emplace_back(each.name);
        made->enumerators.push_back({made->names.back().c_str(), each.value});
    }
    return made;
}

} // namespace

shmwin_dtype const* handle_of(dtype const& type) {
    auto signature = type.signature();
    auto& all = kept();
    {
        std::scoped_lock const lock(all.mutex);
        auto const found = all.by_signature.find(signature);
        if (found != all.by_signature.end()) return found->second.get();
    }
    auto made = make_handle(type, std::string(signature));
    std::scoped_lock const lock(all.mutex);
    // Another thread may have been faster.
    return all.by_signature.try_emplace(std::move(signature), std::move(made)).first->second.get();
}
// NOLINTEND(misc-no-recursion)

shmwin_dtype const* known_handle_of(dtype const& type) noexcept {
    try {
        return handle_of(type);
    } catch (...) {
        static_cast<void>(note_failure());
        return nullptr;
    }
}

dtype const& need_dtype(shmwin_dtype const* handle) {
    return need(handle, "dtype").is;
}

namespace {

// A scalar's handle: only its first call can fail, for lack of memory, and is then tried again.
template <typename T>
shmwin_dtype const* scalar() noexcept {
    try {
        static shmwin_dtype const* const handle = handle_of(dtype_of<T>);
        return handle;
    } catch (...) {
        static_cast<void>(note_failure());
        return nullptr;
    }
}

template <typename Make>
int make(shmwin_dtype const** type, Make&& make_type) {
    return guard([&] {
        need(type, "type") = nullptr;
        *type = handle_of(make_type());
    });
}

} // namespace
} // namespace shmwin::inline v1::detail

using namespace shmwin::detail;

extern "C" {

// NOLINTBEGIN(google-runtime-int): the subject
shmwin_dtype const* shmwin_dtype_bool() {
    return scalar<bool>();
}
shmwin_dtype const* shmwin_dtype_byte() {
    return scalar<std::byte>();
}
shmwin_dtype const* shmwin_dtype_char() {
    return scalar<char>();
}
shmwin_dtype const* shmwin_dtype_wchar() {
    return scalar<wchar_t>();
}
shmwin_dtype const* shmwin_dtype_char8() {
    return scalar<char8_t>();
}
shmwin_dtype const* shmwin_dtype_char16() {
    return scalar<char16_t>();
}
shmwin_dtype const* shmwin_dtype_char32() {
    return scalar<char32_t>();
}
shmwin_dtype const* shmwin_dtype_int8() {
    return scalar<std::int8_t>();
}
shmwin_dtype const* shmwin_dtype_int16() {
    return scalar<std::int16_t>();
}
shmwin_dtype const* shmwin_dtype_int32() {
    return scalar<std::int32_t>();
}
shmwin_dtype const* shmwin_dtype_int64() {
    return scalar<std::int64_t>();
}
shmwin_dtype const* shmwin_dtype_uint8() {
    return scalar<std::uint8_t>();
}
shmwin_dtype const* shmwin_dtype_uint16() {
    return scalar<std::uint16_t>();
}
shmwin_dtype const* shmwin_dtype_uint32() {
    return scalar<std::uint32_t>();
}
shmwin_dtype const* shmwin_dtype_uint64() {
    return scalar<std::uint64_t>();
}
shmwin_dtype const* shmwin_dtype_float() {
    return scalar<float>();
}
shmwin_dtype const* shmwin_dtype_double() {
    return scalar<double>();
}
shmwin_dtype const* shmwin_dtype_long_double() {
    return scalar<long double>();
}
shmwin_dtype const* shmwin_dtype_complex_float() {
    return scalar<std::complex<float>>();
}
shmwin_dtype const* shmwin_dtype_complex_double() {
    return scalar<std::complex<double>>();
}
shmwin_dtype const* shmwin_dtype_complex_long_double() {
    return scalar<std::complex<long double>>();
}
shmwin_dtype const* shmwin_dtype_short() {
    return scalar<short>();
}
shmwin_dtype const* shmwin_dtype_int() {
    return scalar<int>();
}
shmwin_dtype const* shmwin_dtype_long() {
    return scalar<long>();
}
shmwin_dtype const* shmwin_dtype_long_long() {
    return scalar<long long>();
}
shmwin_dtype const* shmwin_dtype_unsigned_short() {
    return scalar<unsigned short>();
}
shmwin_dtype const* shmwin_dtype_unsigned() {
    return scalar<unsigned>();
}
shmwin_dtype const* shmwin_dtype_unsigned_long() {
    return scalar<unsigned long>();
}
shmwin_dtype const* shmwin_dtype_unsigned_long_long() {
    return scalar<unsigned long long>();
}
// NOLINTEND(google-runtime-int)

int shmwin_dtype_structure(shmwin_dtype_member const* members,
                           size_t n_members,
                           size_t n_bytes,
                           shmwin_dtype const** type) {
    return make(type, [&] {
        std::vector<shmwin::dtype_member> all;
        for (auto const& each : need_span(members, n_members, "members")) {
            all.push_back({need_text(each.name, "name"), each.offset, need_dtype(each.type)});
        }
        return shmwin::dtype::structure(all, n_bytes);
    });
}

int shmwin_dtype_string(size_t n_bytes, shmwin_dtype const** type) {
    return make(type, [&] { return shmwin::dtype::string(n_bytes); });
}

int shmwin_dtype_array(shmwin_dtype const* element,
                       int64_t const* extents,
                       size_t n_extents,
                       shmwin_dtype const** type) {
    return make(type, [&] {
        return shmwin::dtype::array(need_dtype(element), need_span(extents, n_extents, "extents"));
    });
}

int shmwin_dtype_enumeration(shmwin_dtype const* underlying,
                             shmwin_dtype_enumerator const* enumerators,
                             size_t n_enumerators,
                             shmwin_dtype const** type) {
    return make(type, [&] {
        std::vector<shmwin::dtype_enumerator> all;
        for (auto const& each : need_span(enumerators, n_enumerators, "enumerators")) {
            all.push_back({need_text(each.name, "name"), each.value});
        }
        return shmwin::dtype::enumeration(need_dtype(underlying), all);
    });
}

int shmwin_dtype_of_signature(char const* signature, shmwin_dtype const** type) {
    return make(type, [&] {
        auto const asked = need_text(signature, "signature");
        auto const found = shmwin::dtype_of_signature(asked);
        if (!found) {
            shmwin::raise(shmwin::errc::invalid_argument,
                          text("no such type (\"", asked, "\" is no signature of this platform)"));
        }
        return *found;
    });
}

char const* shmwin_dtype_signature(shmwin_dtype const* type) {
    return type == nullptr ? "" : type->signature.c_str();
}

int shmwin_dtype_kind_of(shmwin_dtype const* type) {
    return type == nullptr ? 0 : static_cast<int>(type->is.kind());
}

size_t shmwin_dtype_bytes(shmwin_dtype const* type) {
    return type == nullptr ? 0 : type->is.n_bytes();
}

size_t shmwin_dtype_alignment(shmwin_dtype const* type) {
    return type == nullptr ? 0 : type->is.alignment();
}

int shmwin_dtype_digits(shmwin_dtype const* type) {
    return type == nullptr ? 0 : type->is.digits();
}

shmwin_dtype const* shmwin_dtype_element(shmwin_dtype const* type) {
    return type == nullptr || type->element == nullptr ? type : type->element;
}

size_t shmwin_dtype_extents(shmwin_dtype const* type, int64_t const** extents) {
    auto const all = type == nullptr ? std::span<std::int64_t const>{} : type->is.extents();
    if (extents != nullptr) *extents = all.data();
    return all.size();
}

size_t shmwin_dtype_members(shmwin_dtype const* type, shmwin_dtype_member const** members) {
    bool const has_some = type != nullptr && !type->members.empty();
    if (members != nullptr) *members = has_some ? type->members.data() : nullptr;
    return has_some ? type->members.size() : 0;
}

size_t shmwin_dtype_enumerators(shmwin_dtype const* type,
                                shmwin_dtype_enumerator const** enumerators) {
    bool const has_some = type != nullptr && !type->enumerators.empty();
    if (enumerators != nullptr) *enumerators = has_some ? type->enumerators.data() : nullptr;
    return has_some ? type->enumerators.size() : 0;
}
}
