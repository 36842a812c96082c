// SPDX-License-Identifier: MIT
// Objects by name, beside Boost.Interprocess's named objects in the same memory, and beside what
// there is without a segment: an MPI window for each.
#include "heap_world.hpp"

#include <cstring>

namespace {

using bench::context;
using bench::meter;
using bench::world;
using namespace shmwin::literals;

// Names of 22 characters that lie side by side: reading them is no part of what is measured.
class name_list {
  public:
    void add(int number) {
        names_.emplace_back();
        std::snprintf(names_.back().text,
                      sizeof names_.back().text,
                      "particles/%03d/%08d",
                      number % 997,
                      number);
    }
    [[nodiscard]] std::size_t size() const { return names_.size(); }
    template <typename Use>
    void for_each(Use&& use) const {
        for (auto const& each : names_) {
            use(each.text);
        }
    }

  private:
    struct name {
        char text[32];
    };
    std::vector<name> names_;
};

// --- find ----------------------------------------------------------------------------------------

template <typename Find>
bench::cost find_all(context const& on, name_list const& names, Find&& find) {
    meter spent(on);
    double sum = 0;
    spent.count([&] { names.for_each([&](char const* name) { sum += *find(name); }); });
    if (sum != static_cast<double>(names.size())) throw std::runtime_error("not what was stored");
    return spent.of_all();
}

// At random among 100,000 names, of 8-byte values.
void find(context const& on) {
    constexpr int n_names = 100'000;
    world all(on);
    name_list names;
    for (int i = 0; i < n_names; ++i) {
        names.add(i);
    }
    name_list wanted;
    bench::quick_random random(1);
    for (int i = on.quick() ? 20'000 : 200'000; i > 0; --i) {
        wanted.add(static_cast<int>(random.below(n_names)));
    }
    auto const n = static_cast<double>(wanted.size());
    names.for_each([&](char const* name) { all.seg.construct<double>(name, 1.0); });
    auto const ours = [&](char const* name) { return all.seg.find<double>(name); };
    std::vector<bench::side> sides{{"shmwin", n, [&] { return find_all(on, wanted, ours); }}};
#ifdef SHMWIN_HAS_BOOST_INTERPROCESS
    names.for_each([&](char const* name) { all.boosts().construct<double>(name)(1.0); });
    auto const boosts = [&](char const* name) { return all.boosts().find<double>(name).first; };
    sides.push_back({"boost_interprocess", n, [&] { return find_all(on, wanted, boosts); }});
#endif
    if (sides.size() > 1) on.compare(bench::nanoseconds, sides, &bench::wall_line);
    all.end();
}

// --- construct and destroy -----------------------------------------------------------------------

template <typename Construct, typename Destroy>
bench::cost construct_and_destroy(context const& on,
                                  name_list const& names,
                                  Construct const& construct,
                                  Destroy const& destroy) {
    int const n_rounds = on.quick() ? 2 : 20;
    meter spent(on);
    spent.count([&] {
        for (int i = 0; i < n_rounds; ++i) {
            names.for_each(construct);
            names.for_each(destroy);
        }
    });
    return spent.of_all();
}

// Collective: a window of 8 bytes each.
bench::cost make_and_free_windows(context const& on, int n) {
    meter spent(on);
    spent.count([&] {
        for (int i = 0; i < n; ++i) {
            MPI_Win window = MPI_WIN_NULL;
            void* base = nullptr;
            MPI_Win_allocate_shared(on.rank() == 0 ? 8 : 0,
                                    1,
                                    MPI_INFO_NULL,
                                    on.comm(),
                                    static_cast<void*>(&base),
                                    &window);
            MPI_Win_free(&window);
        }
    });
    return spent.of_all();
}

// Each rank its own 500 names, of 8-byte values.
void construct_destroy(context const& on) {
    constexpr int n_names = 500;
    world all(on);
    name_list names;
    for (int i = 0; i < n_names; ++i) {
        names.add(on.rank() * n_names + i);
    }
    auto const n = double{n_names} * (on.quick() ? 2 : 20) * on.n_ranks();
    int const n_windows = on.quick() ? 10 : 100;
    std::vector<bench::side> sides{
        {"shmwin", n, [&] {
             return construct_and_destroy(
                 on,
                 names,
                 [&](char const* name) { all.seg.construct<double>(name, 1.0); },
                 [&](char const* name) { all.seg.destroy<double>(name); });
         }}};
#ifdef SHMWIN_HAS_BOOST_INTERPROCESS
    sides.push_back({"boost_interprocess", n, [&] {
                         return construct_and_destroy(
                             on,
                             names,
                             [&](char const* name) { all.boosts().construct<double>(name)(1.0); },
                             [&](char const* name) { all.boosts().destroy<double>(name); });
                     }});
#endif
    if (on.n_ranks() > 1) {
        sides.push_back({"mpi_window", double{1} * n_windows, [&] {
                             return make_and_free_windows(on, n_windows);
                         }});
    }
    if (sides.size() > 1) on.compare(bench::nanoseconds, sides, &bench::wall_line);
    all.end();
}

} // namespace

int main(int argc, char** argv) {
    return bench::run(argc,
                      argv,
                      {{"directory/find", {1}, find},
                       {"directory/construct_destroy", {1, 2}, construct_destroy}});
}
