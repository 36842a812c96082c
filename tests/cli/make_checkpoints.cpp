// SPDX-License-Identifier: MIT
// Makes the checkpoints that tool_test.py looks at; it knows the values, too.
//   make_checkpoints PATH [LAST]   steps 10, 20, ... LAST (default 30) of the store PATH
//   make_checkpoints packed PATH   step 10, compressed
//   make_checkpoints unlike PATH   step 10, with other objects
//   make_checkpoints hollow PATH   step 10, without any array
//   make_checkpoints hold PATH     opens the store, says so, and waits for the end of its input
#include "shmwin/base/describe.hpp"
#include "shmwin/base/literals.hpp"
#include "shmwin/io/checkpoint_store.hpp"

#include <mpi.h>

#include <array>
#include <complex>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <limits>
#include <string>

namespace {

enum class colour : std::uint8_t { red, green };

struct particle { // 3 bytes of padding behind `alive`, 4 at the end
    double x = 0;
    std::array<float, 2> v{};
    bool alive = false;
    std::int32_t id = 0;
    std::array<char, 4> tag{};
};

} // namespace

SHMWIN_DESCRIBE_ENUM(colour, red, green);
SHMWIN_DESCRIBE(particle, x, v, alive, id, tag);

namespace {

using namespace shmwin;
using namespace shmwin::literals;

constexpr std::int64_t n_y = 200;
constexpr std::int64_t n_x = 700; // two blocks of checksums, and more than a MiB

class state {
  public:
    explicit state(segment& seg) : seg_(seg) {
        seg.create_value<std::int64_t>("count", -7);
        seg.create_array<float>("none", shape(0, 4));
    }

    void fill(std::int64_t step) {
        auto const u = u_.level(u_.index_of_now());
        for (std::int64_t i = 0; i < n_y; ++i) {
            for (std::int64_t j = 0; j < n_x; ++j) {
                u(i, j) = static_cast<double>(i * n_x + j) + 0.5 * static_cast<double>(step);
            }
        }
        for (std::int64_t i = 0; i < 3; ++i) {
            for (std::int64_t j = 0; j < 4; ++j) {
                left_(i, j) = static_cast<std::int32_t>(10 * i + j);
                for (std::int64_t k = 0; k < 5; ++k) {
                    cube_(i, j, k) = static_cast<float>(100 * i + 10 * j + k);
                }
            }
        }
        constexpr auto inf = std::numeric_limits<double>::infinity();
        constexpr auto nan = std::numeric_limits<double>::quiet_NaN();
        std::array<double, 6> const odd{1, nan, inf, -inf, -3, nan};
        for (std::int64_t i = 0; i < 6; ++i) {
            odd_(i) = odd.at(static_cast<std::size_t>(i));
            waves_(i) = {static_cast<double>(i), -1};
            flags_(i) = i % 2 == 1;
            ids_(i) = std::numeric_limits<std::uint64_t>::max() - static_cast<std::uint64_t>(i);
            paints_(i) = i < 4 ? colour::red : colour::green;
        }
        for (std::int64_t i = 0; i < 2; ++i) {
            for (std::int64_t j = 0; j < 2; ++j) {
                auto const sign = i == j ? 1 : -1;
                bytes_(i, j) = static_cast<std::int8_t>(sign * (100 + j));
                shorts_(i, j) = static_cast<std::uint16_t>(65000 + i);
                words_(i, j) = sign * (std::int64_t{1} << 40) + i;
            }
        }
        fill_particles();
    }

  private:
    void fill_particles() {
        for (int i = 0; i < 3; ++i) {
            auto& each = swarm_(i);
            each.x = 0.5 * i;
            each.v = {static_cast<float>(i), static_cast<float>(-i)};
            each.alive = i != 1;
            each.id = 100 + i;
            each.tag = {'p', static_cast<char>('0' + i)};
        }
    }

    segment& seg_;
    levels<double, 2> u_ = seg_.create_levels<double>("fields/u", shape(n_y, n_x));
    array<float, 3> cube_ = seg_.create_array<float>("fields/cube", shape(3, 4, 5));
    array<std::int32_t, 2, layout_left> left_ =
        seg_.create_array<std::int32_t, layout_left>("left", shape(3, 4));
    array<double, 1> odd_ = seg_.create_array<double>("odd", shape(6));
    array<std::complex<double>, 1> waves_ =
        seg_.create_array<std::complex<double>>("waves", shape(6));
    array<bool, 1> flags_ = seg_.create_array<bool>("flags", shape(6));
    array<std::uint64_t, 1> ids_ = seg_.create_array<std::uint64_t>("ids", shape(6));
    array<colour, 1> paints_ = seg_.create_array<colour>("paints", shape(6));
    array<std::int8_t, 2> bytes_ = seg_.create_array<std::int8_t>("bytes", shape(2, 2));
    array<std::uint16_t, 2> shorts_ = seg_.create_array<std::uint16_t>("shorts", shape(2, 2));
    array<std::int64_t, 2> words_ = seg_.create_array<std::int64_t>("words", shape(2, 2));
    array<particle, 1> swarm_ = seg_.create_array<particle>("swarm", shape(3));
};

void make(std::string const& path, std::int64_t last, int deflate = 0) {
    node const on(MPI_COMM_WORLD);
    segment seg(on, {.capacity = 16_MiB});
    state all(seg);
    checkpoint_store store(MPI_COMM_WORLD, path, {.keep = 100, .deflate = deflate});
    for (std::int64_t step = 10; step <= last; step += 10) {
        all.fill(step);
        store.save(seg,
                   {.step = step,
                    .time = 0.25 * static_cast<double>(step),
                    .attributes = {{"run", std::string("größe \"1\"")},
                                   {"sizes", std::vector<std::int64_t>{1, 2}},
                                   {"dt", 0.125}}});
    }
    seg.close();
}

void make_unlike(std::string const& path) {
    node const on(MPI_COMM_WORLD);
    segment seg(on, {.capacity = 4_MiB});
    seg.create_array<double>("odd", shape(7));
    seg.create_array<std::int64_t>("ids", shape(6));
    seg.create_array<std::int32_t>("left", shape(3, 4));
    seg.create_value<int>("extra", 1);
    checkpoint_store(MPI_COMM_WORLD, path).save(seg, {.step = 10});
    seg.close();
}

void make_hollow(std::string const& path) {
    node const on(MPI_COMM_WORLD);
    segment seg(on, {.capacity = 4_MiB});
    seg.create_value<int>("count", 1);
    checkpoint_store(MPI_COMM_WORLD, path).save(seg, {.step = 10});
    seg.close();
}

void hold(std::string const& path) {
    checkpoint_store const store(MPI_COMM_WORLD, path);
    std::puts("holds");
    static_cast<void>(std::fflush(stdout));
    while (std::getchar() != EOF) {
    }
}

} // namespace

int main(int argc, char** argv) {
    MPI_Init(&argc, &argv);
    try {
        std::string const first = argc > 1 ? argv[1] : "";
        if (first == "hold" && argc == 3) {
            hold(argv[2]);
        } else if (first == "hollow" && argc == 3) {
            make_hollow(argv[2]);
        } else if (first == "packed" && argc == 3) {
            make(argv[2], 10, 1);
        } else if (first == "unlike" && argc == 3) {
            make_unlike(argv[2]);
        } else {
            make(first, argc > 2 ? std::atoll(argv[2]) : 30); // NOLINT(cert-err34-c): our tests'
        }
    } catch (std::exception const& failed) {
        static_cast<void>(std::fprintf(stderr, "%s\n", failed.what()));
        MPI_Abort(MPI_COMM_WORLD, 1);
    }
    MPI_Finalize();
    return 0;
}
