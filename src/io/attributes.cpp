// SPDX-License-Identifier: MIT
#include "io/attributes.hpp"

#include "shmwin/base/error.hpp"
#include "shmwin/base/text.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>

namespace shmwin::inline v1::detail {
namespace {

constexpr std::size_t most_name_bytes = 255;

// Whatever the library writes on the root itself must be named here, or begin so.
bool is_own(std::string_view name) {
    constexpr std::array<std::string_view, 7> names{
        "step", "time", "created", "created_ns", "uuid", "parent_uuid", "n_ranks"};
    return name.starts_with("shmwin_") || std::ranges::find(names, name) != names.end();
}

std::size_t n_bytes_of(checkpoint_attribute const& each) {
    auto const n_bytes = [](auto const& value) -> std::size_t {
        using type = std::remove_cvref_t<decltype(value)>;
        if constexpr (std::is_arithmetic_v<type>)
            return sizeof value;
        else
            return value.size() * sizeof(typename type::value_type);
    };
    return std::visit(n_bytes, each.value);
}

[[noreturn]] void refuse(std::string_view name, std::string const& why) {
    auto const shown = name.substr(0, std::min<std::size_t>(60, name.find('\0')));
    raise(errc::invalid_argument, text("attribute is not possible (\"", shown, "\": ", why, ")"));
}

void check_name(std::string_view name) {
    if (name.empty()) refuse(name, "its name is empty");
    if (is_own(name)) refuse(name, "the library's own name; choose another one");
    if (name.find('\0') != std::string_view::npos) refuse(name, "its name has a zero in it");
    if (name.size() > most_name_bytes) {
        refuse(name, text("its name has ", name.size(), " bytes; at most ", most_name_bytes));
    }
}

void check_value(checkpoint_attribute const& each) {
    auto const n_bytes = n_bytes_of(each);
    if (n_bytes > most_attribute_bytes) {
        refuse(each.name,
               text("it has ",
                    n_bytes,
                    " bytes; at most ",
                    most_attribute_bytes,
                    "; what is larger is an array of the segment"));
    }
    auto const* const words = std::get_if<std::string>(&each.value);
    if (words != nullptr && words->find('\0') != std::string::npos) {
        refuse(each.name, "the text has a zero in it");
    }
}

void check_unique(std::vector<checkpoint_attribute> const& all) {
    std::vector<std::string_view> names;
    names.reserve(all.size());
    for (auto const& each : all) {
        names.emplace_back(each.name);
    }
    std::ranges::sort(names);
    auto const twice = std::ranges::adjacent_find(names);
    if (twice != names.end()) refuse(*twice, "it is there twice");
}

template <typename T>
hid_t memory_type() {
    return std::is_same_v<T, double> ? H5T_NATIVE_DOUBLE : H5T_NATIVE_INT64;
}

// Names are UTF-8. Of an array without elements nothing is written, and there is nothing to point
// at.
void write(hid_t file, std::string const& name, hid_t type, hid_t space, void const* value) {
    h5_handle const named(H5Pcreate(H5P_ATTRIBUTE_CREATE), H5Pclose);
    H5Pset_char_encoding(named.get(), H5T_CSET_UTF8);
    h5_handle const made(H5Acreate2(file, name.c_str(), type, space, named.get(), H5P_DEFAULT),
                         H5Aclose);
    bool const is_empty = H5Sget_simple_extent_npoints(space) == 0;
    if (made && (is_empty || H5Awrite(made.get(), type, value) >= 0)) return;
    raise(errc::io_failure,
          text("writing an attribute failed (\"", name, "\": ", h5_reason(), ")"));
}

void write_value(hid_t file, std::string const& name, std::string const& value) {
    h5_handle const space(H5Screate(H5S_SCALAR), H5Sclose);
    h5_handle const type(H5Tcopy(H5T_C_S1), H5Tclose);
    H5Tset_size(type.get(), value.size() + 1);
    H5Tset_cset(type.get(), H5T_CSET_UTF8);
    write(file, name, type.get(), space.get(), value.c_str());
}

template <typename T>
void write_value(hid_t file, std::string const& name, std::vector<T> const& values) {
    auto const extent = static_cast<hsize_t>(values.size());
    h5_handle const space(H5Screate_simple(1, &extent, nullptr), H5Sclose);
    write(file, name, memory_type<T>(), space.get(), values.data());
}

template <typename T>
void write_value(hid_t file, std::string const& name, T value) {
    h5_handle const space(H5Screate(H5S_SCALAR), H5Sclose);
    write(file, name, memory_type<T>(), space.get(), &value);
}

// An attribute that is open for reading.
struct opened_attribute {
    opened_attribute(hid_t file, std::string const& name)
        : attribute(H5Aopen(file, name.c_str(), H5P_DEFAULT), H5Aclose),
          type(H5Aget_type(attribute.get()), H5Tclose),
          space(H5Aget_space(attribute.get()), H5Sclose) {}

    [[nodiscard]] bool is_whole() const { return attribute && type && space; }
    // Else another tool made it.
    [[nodiscard]] bool has_room() const {
        return H5Aget_storage_size(attribute.get()) <= 2 * most_attribute_bytes;
    }
    [[nodiscard]] bool is_scalar() const {
        return H5Sget_simple_extent_type(space.get()) == H5S_SCALAR;
    }
    [[nodiscard]] bool is_vector() const { return H5Sget_simple_extent_ndims(space.get()) == 1; }
    [[nodiscard]] std::size_t n_elements() const {
        return static_cast<std::size_t>(
            std::max<hssize_t>(0, H5Sget_simple_extent_npoints(space.get())));
    }
    bool read(hid_t memory, void* to) const { return H5Aread(attribute.get(), memory, to) >= 0; }

    h5_handle attribute;
    h5_handle type;
    h5_handle space;
};

using attribute_value = decltype(checkpoint_attribute::value);

template <typename T>
std::optional<attribute_value> read_numbers(opened_attribute const& from) {
    if (from.is_scalar()) {
        T value{};
        if (from.read(memory_type<T>(), &value)) return value;
    } else if (from.is_vector()) {
        std::vector<T> values(from.n_elements());
        if (values.empty() || from.read(memory_type<T>(), values.data())) return values;
    }
    return std::nullopt;
}

// As h5py writes it by itself.
std::optional<attribute_value> read_text_of_any_length(opened_attribute const& from) {
    char* words = nullptr;
    h5_handle const memory(H5Tcopy(from.type.get()), H5Tclose);
    if (!from.read(memory.get(), static_cast<void*>(&words)) || words == nullptr)
        return std::nullopt;
    std::string copy(words);
    H5free_memory(words);
    return copy;
}

std::optional<attribute_value> read_text(opened_attribute const& from) {
    if (!from.is_scalar()) return std::nullopt;
    if (H5Tis_variable_str(from.type.get()) > 0) return read_text_of_any_length(from);
    std::string words(H5Tget_size(from.type.get()), '\0');
    if (!from.read(from.type.get(), words.data())) return std::nullopt;
    words.resize(std::min(words.find('\0'), words.size()));
    return words;
}

// Nothing: it is of a type that no attribute of ours has.
std::optional<attribute_value> read_value(opened_attribute const& from) {
    if (!from.has_room()) return std::nullopt;
    auto const n_bytes = H5Tget_size(from.type.get());
    switch (H5Tget_class(from.type.get())) {
    case H5T_INTEGER: {
        bool const fits = n_bytes < 8 || H5Tget_sign(from.type.get()) == H5T_SGN_2;
        return fits ? read_numbers<std::int64_t>(from) : std::nullopt;
    }
    case H5T_FLOAT:
        return n_bytes <= 8 ? read_numbers<double>(from) : std::nullopt;
    case H5T_STRING:
        return read_text(from);
    default:
        return std::nullopt;
    }
}

// Called by HDF5 for each attribute: nothing may be thrown through it.
herr_t keep_name(hid_t /*on*/, char const* name, H5A_info_t const* /*what*/, void* kept) noexcept {
    try {
        if (!is_own(name)) static_cast<std::vector<std::string>*>(kept)->emplace_back(name);
        return 0;
    } catch (std::exception const&) {
        return -1;
    }
}

[[noreturn]] void damaged(std::filesystem::path const& path, std::string const& what) {
    raise(errc::damaged,
          text("checkpoint is damaged (", path.native(), ": ", what, ", ", h5_reason(), ")"));
}

} // namespace

void check_attributes(std::vector<checkpoint_attribute> const& all) {
    std::size_t n_bytes = 0;
    for (auto const& each : all) {
        check_name(each.name);
        check_value(each);
        n_bytes += each.name.size() + n_bytes_of(each);
    }
    check_unique(all);
    if (n_bytes <= most_attributes_bytes) return;
    raise(errc::invalid_argument,
          text("attributes are too large (",
               n_bytes,
               " bytes in ",
               all.size(),
               "; at most ",
               most_attributes_bytes,
               "; what is larger is an array of the segment)"));
}

void write_attributes(hid_t file, std::vector<checkpoint_attribute> const& all) {
    for (auto const& each : all) {
        std::visit([&](auto const& value) { write_value(file, each.name, value); }, each.value);
    }
}

std::vector<checkpoint_attribute> read_attributes(hid_t file, std::filesystem::path const& path) {
    std::vector<std::string> names;
    if (H5Aiterate2(file, H5_INDEX_NAME, H5_ITER_INC, nullptr, keep_name, &names) < 0) {
        damaged(path, "its attributes");
    }
    std::vector<checkpoint_attribute> all;
    for (auto const& name : names) {
        opened_attribute const opened(file, name);
        if (!opened.is_whole()) damaged(path, text("attribute ", name));
        if (auto value = read_value(opened)) all.push_back({name, std::move(*value)});
    }
    return all;
}

} // namespace shmwin::inline v1::detail
