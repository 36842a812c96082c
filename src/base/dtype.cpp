// SPDX-License-Identifier: MIT
#include "shmwin/base/dtype.hpp"

namespace shmwin::inline v1 {
namespace {

std::string bits(std::size_t n_bytes) {
    return std::to_string(8 * n_bytes);
}

// IEEE formats need no more than their width; long double has several formats of one width.
std::string floating_suffix(std::size_t n_bytes, int digits) {
    bool const ieee = (n_bytes == 4 && digits == 24) || (n_bytes == 8 && digits == 53);
    return ieee ? bits(n_bytes) : bits(n_bytes) + "d" + std::to_string(digits);
}

} // namespace

std::string dtype::signature() const {
    switch (kind_) {
    case dtype_kind::boolean:
        return n_bytes_ == 1 ? "bool" : "bool" + bits(n_bytes_);
    case dtype_kind::raw_byte:
        return "byte";
    case dtype_kind::character:
        return "char";
    case dtype_kind::wide_character:
        return "wchar" + bits(n_bytes_);
    case dtype_kind::unicode:
        return "char" + bits(n_bytes_);
    case dtype_kind::signed_integer:
        return "int" + bits(n_bytes_);
    case dtype_kind::unsigned_integer:
        return "uint" + bits(n_bytes_);
    case dtype_kind::floating:
        return "float" + floating_suffix(n_bytes_, digits_);
    case dtype_kind::complex: {
        auto const part = floating_suffix(n_bytes_ / 2U, digits_);
        auto const ieee = part.find('d') == std::string::npos;
        return "complex" + (ieee ? bits(n_bytes_) : bits(n_bytes_) + part.substr(part.find('d')));
    }
    }
    return "unknown";
}

std::optional<dtype> dtype_of_signature(std::string_view signature) {
    std::optional<dtype> found;
    for_each_dtype([&](dtype each) {
        if (each.signature() == signature) found = each;
    });
    return found;
}

} // namespace shmwin::inline v1
