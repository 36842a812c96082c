// SPDX-License-Identifier: MIT
// Contents of a segment for the tests of files: objects of every kind and element type, whose
// values tell seed and place; and a few whose values other people's readers are asked for.
#pragma once

#include "shmwin/base/dtype.hpp"
#include "shmwin/segment/segment.hpp"

#include <array>
#include <cmath>
#include <complex>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <limits>
#include <span>
#include <string>
#include <type_traits>
#include <utility>

namespace shmwin::test {

/// The value of element `i` in the state `seed`: another one nearly everywhere.
template <element T>
[[nodiscard]] T value_at(std::uint64_t seed, std::int64_t i) {
    auto const h = detail::hash_with(seed + 1, static_cast<std::uint64_t>(i));
    if constexpr (detail::is_complex<T>) {
        using part = typename T::value_type;
        return {value_at<part>(seed, 2 * i), value_at<part>(seed, 2 * i + 1)};
    } else if constexpr (std::floating_point<T>) {
        return static_cast<T>(static_cast<std::int64_t>(h)) / T{1024};
    } else if constexpr (std::same_as<T, bool>) {
        return (h & 1U) != 0;
    } else {
        return static_cast<T>(h);
    }
}

/// Calls `f.template operator()<T>()` for each element type.
template <typename F>
void for_each_element(F&& f) {
    for_each_dtype([&](dtype type) { visit(type, f); });
}

/// Objects of every element type: arrays of both layouts, 1 to 3 time levels, value and object;
/// and arrays of 0 to 8 dimensions.
class every_object {
  public:
    /// h5repack makes no chunks for data sets without elements: without them it can be tried.
    explicit every_object(segment& seg, bool with_empty_ones = true)
        : seg_(seg), with_empty_ones_(with_empty_ones) {}

    /// Node, collective.
    void create() {
        for_each_element([this]<element T>() {
            create_arrays<T, 0, 1, 3>();
            create_levels<T>();
            if constexpr (lock_free_value<T>) seg_.create_value<T>(name_of<T>("value"));
            seg_.create_object<T>(name_of<T>("object"));
        });
        create_arrays<double, 2, 4, 5, 6, 7, 8>();
        if (with_empty_ones_) create_empty_ones();
        // More than one block of checksums, of a size that is no multiple of anything.
        seg_.create_array<std::uint16_t>("large/right", shape(1237, 1999));
        seg_.create_array<float, layout_left>("large/left", shape(701, 997));
        seg_.create_levels<double>("large/levels", shape(363, 739), {.levels = 3});
    }

    /// Node, collective: the elements by all ranks, in turn. The levels that are not now get
    /// values of another seed.
    void fill(std::uint64_t seed) {
        seg_.fence(); // all have looked at what is there now
        each([&]<typename T>(std::string const&, std::span<T> all, std::uint64_t salt) {
            auto const n = static_cast<std::int64_t>(all.size());
            for (std::int64_t i = seg_.rank(); i < n; i += seg_.n_ranks()) {
                all[static_cast<std::size_t>(i)] = value_at<T>(seed + salt, i);
            }
            return true;
        });
        seg_.fence();
    }

    /// Node, collective. Flips all levels.
    void flip() {
        for_each_element([this]<element T>() {
            for (int n = 1; n <= 3; ++n) {
                seg_.find_levels<T, 2>(name_of<T>("levels" + std::to_string(n))).flip();
            }
        });
        seg_.find_levels<double, 2>("large/levels").flip();
    }

    /// Local. The first object that does not hold what fill(seed) stored there; "" if all do.
    /// `others` is the seed of the levels that are not now; without it they are not looked at.
    [[nodiscard]] std::string difference(std::uint64_t seed, std::int64_t others = -1) {
        std::string found;
        each([&]<typename T>(std::string const& name, std::span<T> all, std::uint64_t salt) {
            if (salt != 0 && others < 0) return true;
            auto const from = salt == 0 ? seed : static_cast<std::uint64_t>(others) + salt;
            for (std::size_t i = 0; i < all.size(); ++i) {
                if (all[i] == value_at<T>(from, static_cast<std::int64_t>(i))) continue;
                found = name + " at " + std::to_string(i);
                return false;
            }
            return true;
        });
        return found;
    }

  private:
    template <element T>
    static std::string name_of(std::string const& rest) {
        return "every/" + dtype_of<T>.signature() + '/' + rest;
    }

    // Odd sizes; of 3 dimensions 2 x 3 x 4.
    template <std::size_t N>
    static array_extents<N> extents() {
        std::array<std::int64_t, N> all{};
        for (std::size_t d = 0; d < N; ++d) {
            all[d] = static_cast<std::int64_t>(N == 1 ? 37 : N == 3 ? d + 2 : 2 + d % 2);
        }
        return array_extents<N>(all);
    }

    void create_empty_ones() {
        seg_.create_array<float>("empty/first", shape(0, 3));
        seg_.create_array<bool>("empty/last", shape(3, 0));
        seg_.create_levels<std::complex<double>>("empty/levels", shape(0));
    }

    template <element T, std::size_t... N>
    void create_arrays() {
        ((seg_.create_array<T, layout_right>(name_of<T>("right" + std::to_string(N)), extents<N>()),
          seg_.create_array<T, layout_left>(name_of<T>("left" + std::to_string(N)), extents<N>())),
         ...);
    }

    template <element T>
    void create_levels() {
        for (int n = 1; n <= 3; ++n) {
            seg_.create_levels<T>(
                name_of<T>("levels" + std::to_string(n)), shape(5, 7), {.levels = n});
        }
    }

    template <typename F, element T, std::size_t N, typename Layout>
    bool one_array(F& f, std::string const& name) {
        auto const a = seg_.find_array<T, N, Layout>(name);
        return f(name, std::span<T>(a.data(), static_cast<std::size_t>(a.size())), 0U);
    }

    template <typename F, element T, std::size_t... N>
    bool arrays(F& f) {
        return ((one_array<F, T, N, layout_right>(f, name_of<T>("right" + std::to_string(N)))
                 && one_array<F, T, N, layout_left>(f, name_of<T>("left" + std::to_string(N))))
                && ...);
    }

    // Salt 0 is now; the others are told apart by how many flips ago they were.
    template <typename F, element T, std::size_t N>
    bool one_levels(F& f, std::string const& name) {
        auto const u = seg_.find_levels<T, N>(name);
        bool go_on = true;
        for (int k = 0; k < u.n_levels() && go_on; ++k) {
            auto const which = (u.index_of_now() + u.n_levels() - k) % u.n_levels();
            auto const view = u.level(which);
            go_on = f(name + " (level " + std::to_string(k) + " ago)",
                      std::span<T>(view.data_handle(), static_cast<std::size_t>(view.size())),
                      static_cast<std::uint64_t>(k) * 1000003U);
        }
        return go_on;
    }

    template <typename F, element T>
    bool of_type(F& f) {
        bool go_on = arrays<F, T, 0, 1, 3>(f);
        for (int n = 1; n <= 3 && go_on; ++n) {
            go_on = one_levels<F, T, 2>(f, name_of<T>("levels" + std::to_string(n)));
        }
        if constexpr (lock_free_value<T>) {
            auto const name = name_of<T>("value");
            go_on = go_on && f(name, std::span<T>(seg_.find_value<T>(name).data(), 1), 0U);
        }
        auto const name = name_of<T>("object");
        return go_on && f(name, std::span<T>(seg_.find<T>(name), 1), 0U);
    }

    // Until f(name, elements, salt) returns false.
    template <typename F>
    void each(F&& f) {
        bool go_on = true;
        for_each_element(
            [&]<element T>() { go_on = go_on && of_type<std::remove_cvref_t<F>, T>(f); });
        using g = std::remove_cvref_t<F>;
        if (with_empty_ones_) {
            go_on = go_on && one_array<g, float, 2, layout_right>(f, "empty/first")
                    && one_array<g, bool, 2, layout_right>(f, "empty/last")
                    && one_levels<g, std::complex<double>, 1>(f, "empty/levels");
        }
        go_on = go_on && arrays<g, double, 2, 4, 5, 6, 7, 8>(f)
                && one_array<g, std::uint16_t, 2, layout_right>(f, "large/right")
                && one_array<g, float, 2, layout_left>(f, "large/left")
                && one_levels<g, double, 2>(f, "large/levels");
    }

    segment& seg_;
    bool with_empty_ones_;
};

/// Node, collective. Arrays "known/<type>" with values that support/io_judge.py knows, too.
class known_objects {
  public:
    explicit known_objects(segment& seg) : seg_(seg) {}

    void create() const {
        list<bool>({false, true, true});
        list<std::byte>({std::byte{0}, std::byte{0x7f}, std::byte{0xff}});
        list<char>({'a', 'Z', '\0'});
        list<wchar_t>({L'a', wchar_t{0x20ac}, wchar_t{0}});
        list<char8_t>({u8'a', char8_t{0xc3}, char8_t{0}});
        list<char16_t>({u'a', char16_t{0x20ac}, char16_t{0xffff}});
        list<char32_t>({U'a', char32_t{0x1f600}, char32_t{0}});
        ends<signed char, short, int, long>();
        ends<unsigned char, unsigned short, unsigned, unsigned long>();
        reals<float, double, long double>();
        by_index();
    }

  private:
    template <element T>
    void list(std::initializer_list<T> values) const {
        auto const a = seg_.create_array<T>("known/" + dtype_of<T>.signature(),
                                            shape(static_cast<std::int64_t>(values.size())));
        if (seg_.rank() == 0) std::copy(values.begin(), values.end(), a.data());
        seg_.fence();
    }

    template <typename... T>
    void ends() const {
        (list<T>({std::numeric_limits<T>::min(), T{0}, T{1}, std::numeric_limits<T>::max()}), ...);
    }

    template <typename... T>
    void reals() const {
        using std::numeric_limits;
        (list<T>({T{1} / T{3},
                  -T{0},
                  numeric_limits<T>::infinity(),
                  numeric_limits<T>::quiet_NaN(),
                  numeric_limits<T>::max(),
                  numeric_limits<T>::denorm_min()}),
         ...);
        (list<std::complex<T>>({{T{1} / T{3}, T{-2}}, {numeric_limits<T>::infinity(), T{0}}}), ...);
    }

    void by_index() const {
        auto const right = seg_.create_array<std::int32_t>("known/right", shape(2, 3));
        auto const left = seg_.create_array<std::int32_t, layout_left>("known/left", shape(2, 3));
        auto const scalar = seg_.create_array<std::int32_t>("known/scalar", shape());
        auto u = seg_.create_levels<double>("known/levels", shape(3));
        seg_.create_array<float>("known/empty", shape(0, 4));
        seg_.create_value<std::int64_t>("known/value", -42);
        seg_.create_object<double>("known/object", 2.5);
        seg_.create_array<int>("known/größe", shape(1)); // names are UTF-8
        seg_.create_array<int>("unsaved", shape(3), {.saved = false});
        u.init([](auto level, range rows) {
            for (auto const i : rows) {
                level(i) = -1.0;
            }
        });
        u.flip();
        if (seg_.rank() == 0) {
            for (int i = 0; i < 2; ++i) {
                for (int j = 0; j < 3; ++j) {
                    right(i, j) = left(i, j) = 10 * i + j;
                }
            }
            scalar() = 7;
            for (int i = 0; i < 3; ++i) {
                u.level(u.index_of_now())(i) = i + 1;
            }
        }
        seg_.fence();
    }

    segment& seg_;
};

} // namespace shmwin::test
