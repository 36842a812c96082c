// SPDX-License-Identifier: MIT
// shmwin verify: is every byte as it was written.
#include "shmwin/base/error.hpp"

#include "cli/commands.hpp"
#include "cli/json.hpp"
#include "cli/listing.hpp"
#include "cli/progress.hpp"
#include "cli/words.hpp"
#include "io/object_reader.hpp"
#include "io/payload.hpp"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <exception>
#include <fmt/format.h>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace shmwin::cli {
namespace {

using detail::checksum_block_bytes;

// Compares the blocks of the objects that were given it, by some threads.
class block_checker {
  public:
    explicit block_checker(detail::checkpoint_file const& of)
        : of_(of), progress_("verify", of.payload_bytes()) {}

    std::vector<detail::damaged_block> check(int n_jobs) {
        for (std::size_t i = 0; i < of_.objects.size(); ++i) {
            if (of_.objects[i].needs_no_hdf5()) add_tasks(i);
        }
        {
            std::vector<std::jthread> helpers;
            for (int i = 1; i < n_jobs; ++i) {
                helpers.emplace_back([this] { work(); });
            }
            work();
        }
        if (failed_) std::rethrow_exception(failed_);
        for (std::size_t i = 0; i < of_.objects.size(); ++i) { // HDF5 is for one thread
            auto const& each = of_.objects[i];
            if (!each.needs_no_hdf5()) check({i, 0, each.n_blocks()});
        }
        std::ranges::sort(damage_, [](auto const& a, auto const& b) {
            return a.part != b.part ? a.part < b.part : a.block < b.block;
        });
        return std::move(damage_);
    }

  private:
    struct task {
        std::size_t object;
        std::uint64_t first; ///< block of the object
        std::uint64_t last;
    };

    void add_tasks(std::size_t object) {
        constexpr std::uint64_t at_once = 4; // a MiB: opening the file for it costs little
        auto const n = of_.objects[object].n_blocks();
        for (std::uint64_t first = 0; first < n; first += at_once) {
            tasks_.push_back({object, first, std::min(n, first + at_once)});
        }
    }

    void work() {
        try {
            for (auto i = next_++; i < tasks_.size(); i = next_++) {
                check(tasks_[i]);
            }
        } catch (...) {
            next_ = tasks_.size();
            std::scoped_lock const alone(mutex_);
            if (!failed_) failed_ = std::current_exception();
        }
    }

    void check(task const& which) {
        auto const& object = of_.objects[which.object];
        detail::object_reader reader(of_.info.file, object);
        std::vector<std::byte> buffer;
        for (auto block = which.first; block < which.last; ++block) {
            auto const begin = block * checksum_block_bytes;
            buffer.resize(std::min<std::uint64_t>(checksum_block_bytes, object.n_bytes - begin));
            bool const is_there = reader.read(begin, buffer);
            progress_.add(buffer.size());
            auto const& expected = of_.checksums[object.first_block + block];
            if (is_there && detail::checksum_of(buffer) == expected) continue;
            std::scoped_lock const alone(mutex_);
            damage_.push_back({which.object, block});
        }
    }

    detail::checkpoint_file const& of_;
    progress progress_;
    std::vector<task> tasks_;
    std::atomic<std::size_t> next_{0};
    std::mutex mutex_; // of what follows
    std::vector<detail::damaged_block> damage_;
    std::exception_ptr failed_;
};

struct judged_file {
    std::filesystem::path file;
    std::string_view verdict; ///< "intact", "repacked", "damaged", "no checkpoint"
    std::uint64_t n_bytes = 0;
    std::vector<std::string> problems;

    [[nodiscard]] int status() const noexcept {
        return verdict == "damaged" ? something_differs : problems.empty() ? all_right : trouble;
    }
};

judged_file judge(std::filesystem::path const& file, int n_jobs) {
    judged_file found{file, "damaged", 0, {}};
    try {
        auto const structure = detail::read_checkpoint(file, true);
        found.n_bytes = structure.payload_bytes();
        auto const damage = block_checker(structure).check(n_jobs);
        found.problems = detail::describe_damage(damage, structure.objects);
        if (damage.empty()) found.verdict = structure.as_written ? "intact" : "repacked";
    } catch (error const& failed) {
        found.problems.emplace_back(failed.what());
        if (failed.code() == errc::not_a_checkpoint) {
            found.verdict = "no checkpoint";
        } else if (failed.code() != errc::damaged) {
            found.verdict = "unreadable";
        }
    }
    return found;
}

void print(judged_file const& each) {
    auto const how_much =
        each.n_bytes > 0 ? fmt::format(" ({} of payload)", short_bytes(each.n_bytes)) : "";
    fmt::print("{}: {}{}\n", each.file.native(), each.verdict, how_much);
    for (auto const& line : each.problems) {
        fmt::print("  {}\n", line);
    }
}

void print_json(std::vector<judged_file> const& all) {
    json out;
    out.object().name("files").array();
    for (auto const& each : all) {
        out.object().field("file", each.file.native()).field("verdict", each.verdict);
        out.field("payload_bytes", each.n_bytes).field("problems", each.problems).end();
    }
    out.end().end().print();
}

} // namespace

int verify(verify_options const& options) {
    std::vector<judged_file> all;
    int status = all_right;
    for (auto const& store : stores_at(options.where)) {
        for (auto const& each : store.files) {
            all.push_back(judge(each, options.n_jobs));
            if (!options.json) print(all.back());
            status = std::max(status, all.back().status());
        }
    }
    if (options.json) print_json(all);
    return status;
}

} // namespace shmwin::cli
