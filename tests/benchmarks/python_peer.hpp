// SPDX-License-Identifier: MIT
// A Python that does what it is asked for and says how long it took: the peers that are Python's.
// It lives as long as the row, so that neither its start nor its imports count.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <sys/wait.h>
#include <unistd.h>

namespace bench {

/// The Python that has h5py; empty if there is none.
inline std::string python_with_h5py() {
    for (char const* const each : {"python3", "/usr/bin/python3"}) {
        auto const command = std::string(each) + " -c 'import h5py, numpy' 2>/dev/null";
        if (std::system(command.c_str()) == 0) return each;
    }
    return {};
}

class python_peer {
  public:
    /// @param script  defines work(words); each line that is asked calls it, timed
    python_peer(std::string const& python, std::string const& script) {
        int to[2];
        int from[2];
        if (::pipe(to) != 0 || ::pipe(from) != 0) throw std::runtime_error("pipe failed");
        child_ = ::fork();
        if (child_ == 0) {
            ::dup2(to[0], 0);
            ::dup2(from[1], 1);
            for (int const each : {to[0], to[1], from[0], from[1]})
                ::close(each);
            ::execlp(python.c_str(), python.c_str(), "-c", (script + loop).c_str(), nullptr);
            ::_exit(127);
        }
        ::close(to[0]);
        ::close(from[1]);
        requests_ = ::fdopen(to[1], "w");
        answers_ = ::fdopen(from[0], "r");
    }
    python_peer(python_peer const&) = delete;
    python_peer(python_peer&&) = delete;
    python_peer& operator=(python_peer const&) = delete;
    python_peer& operator=(python_peer&&) = delete;
    ~python_peer() {
        std::fclose(requests_);
        std::fclose(answers_);
        ::waitpid(child_, nullptr, 0);
    }

    /// Seconds that work() took with these words.
    double ask(std::string const& words) {
        double seconds = 0;
        std::fprintf(requests_, "%s\n", words.c_str());
        std::fflush(requests_);
        if (std::fscanf(answers_, "%lf", &seconds) != 1) {
            throw std::runtime_error("Python gave no answer; its messages are above");
        }
        return seconds;
    }

  private:
    static constexpr char const* loop = R"(
import sys, time
for line in sys.stdin:
    begin = time.perf_counter()
    work(line.split())
    print(time.perf_counter() - begin, flush=True)
)";
    ::pid_t child_ = -1;
    std::FILE* requests_ = nullptr;
    std::FILE* answers_ = nullptr;
};

} // namespace bench
