// SPDX-License-Identifier: MIT
// The tests of the header STANDARD_HEADER, run against the standard library's own types. No
// program of the build: tests/support/std_mdspan.sh compiles it with a library that has them.
#include <mdspan>

#define STANDARD_IS_STD
namespace md = std;
#include STANDARD_HEADER

#include <cstdio>

int main() {
    int n_failed = 0;
    for (auto const& t : standard::tests) {
        for (auto const& failed : {t.run(), t.at_compile_time}) {
            if (!failed) continue;
            std::printf("[%s] %s\n  %s\n  %s\n", t.section, t.name, failed.what, failed.type);
            ++n_failed;
        }
    }
    std::printf("%zu tests, %d failed\n", standard::tests.size(), n_failed);
    return n_failed == 0 ? 0 : 1;
}
