// SPDX-License-Identifier: MIT
#include "shmwin/c/queue.h"

#include "shmwin/segment/any_queue.hpp"

#include "c/containers.hpp"
#include "c/dtype.hpp"
#include "c/named.hpp"
#include "c/seconds.hpp"

#include <cstddef>
#include <memory>
#include <optional>
#include <utility>

// NOLINTBEGIN(readability-identifier-naming): the names of the C interface
struct shmwin_queue {
    shmwin::any_queue is;
};
struct shmwin_lease {
    shmwin::any_lease is;
};
// NOLINTEND(readability-identifier-naming)

using namespace shmwin::detail;

namespace {

int end(shmwin_lease* lease, bool done) {
    std::unique_ptr<shmwin_lease> const freed(lease);
    return guard([&] {
        if (lease == nullptr || (done ? lease->is.done() : lease->is.put_back())) return;
        shmwin::raise(shmwin::errc::not_found,
                      "lease has ended (this rank left the segment, the queue was destroyed, or a "
                      "restore replaced its tasks)");
    });
}

} // namespace

extern "C" {

int shmwin_queue_create(shmwin_segment* segment,
                        char const* name,
                        shmwin_dtype const* type,
                        shmwin_container_options const* options,
                        shmwin_queue** queue) {
    return make_handle(segment, name, queue, [&](auto const& names, auto const& given) {
        return names.create_queue(given, need_dtype(type), container_options(options), call_line());
    });
}

int shmwin_queue_find(shmwin_segment const* segment, char const* name, shmwin_queue** queue) {
    return make_handle(segment, name, queue, [](auto const& names, auto const& given) {
        return names.find_any_queue(given);
    });
}

int shmwin_queue_destroy(shmwin_segment* segment, shmwin_queue const* queue) {
    return guard([&] { names_of(segment).destroy(need(queue, "queue").is, call_line()); });
}

void shmwin_queue_free_handle(shmwin_queue* queue) {
    delete queue;
}

int shmwin_queue_push(shmwin_queue const* queue, void const* tasks, size_t n) {
    return guard([&] {
        auto const& to = need(queue, "queue").is;
        if (n == 0) return;
        to.push(&need(static_cast<std::byte const*>(tasks), "tasks"), n);
    });
}

int shmwin_queue_pop(shmwin_queue const* queue, double seconds, shmwin_lease** lease) {
    return timed("shmwin_queue_pop", seconds, [&](wait_deadline until) {
        need(lease, "lease") = nullptr;
        auto const& from = need(queue, "queue").is;
        auto made = std::make_unique<shmwin_lease>(); // before a task is taken
        auto got = seconds == 0 ? from.try_pop() : from.pop(until);
        if (!got) return false;
        made->is = *std::move(got);
        if (made->is) *lease = made.release();
        return true;
    });
}

void const* shmwin_lease_task(shmwin_lease const* lease) {
    return lease == nullptr ? nullptr : lease->is.data();
}

int shmwin_lease_attempts(shmwin_lease const* lease) {
    return lease == nullptr ? 0 : lease->is.attempts();
}

int shmwin_lease_done(shmwin_lease* lease) {
    return end(lease, true);
}

int shmwin_lease_put_back(shmwin_lease* lease) {
    return end(lease, false);
}

int shmwin_queue_clear(shmwin_queue const* queue, size_t* n_tasks) {
    return guard([&] {
        auto const n = need(queue, "queue").is.clear();
        if (n_tasks != nullptr) *n_tasks = n;
    });
}

int shmwin_queue_size(shmwin_queue const* queue, size_t* n_tasks) {
    return guard([&] { need(n_tasks, "n_tasks") = need(queue, "queue").is.size(); });
}

int shmwin_queue_n_leased(shmwin_queue const* queue, size_t* n_tasks) {
    return guard([&] { need(n_tasks, "n_tasks") = need(queue, "queue").is.n_leased(); });
}

shmwin_dtype const* shmwin_queue_dtype(shmwin_queue const* queue) {
    return queue == nullptr ? nullptr : handle_of(queue->is.type());
}
}
