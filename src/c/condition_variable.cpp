// SPDX-License-Identifier: MIT
#include "shmwin/segment/condition_variable.hpp"

#include "shmwin/c/sync.h"

#include "c/locks.hpp"
#include "c/named.hpp"
#include "c/seconds.hpp"

// NOLINTNEXTLINE(readability-identifier-naming): the name of the C interface
struct shmwin_condition_variable {
    shmwin::condition_variable is;
};

using namespace shmwin::detail;

namespace {

template <typename Lock>
int wait_with(shmwin_condition_variable const* condition, Lock const* held, double seconds) {
    return timed("shmwin_condition_variable_wait", seconds, [&](wait_deadline until) {
        auto const& lock = need(held, "held").is;
        return need(condition, "condition").is.wait_until(lock, until);
    });
}

} // namespace

extern "C" {

int shmwin_condition_variable_create(shmwin_segment* segment,
                                     char const* name,
                                     shmwin_condition_variable** condition) {
    return make_handle(segment, name, condition, [](auto const& names, auto const& given) {
        return names.create_condition_variable(given, call_line());
    });
}

int shmwin_condition_variable_find(shmwin_segment const* segment,
                                   char const* name,
                                   shmwin_condition_variable** condition) {
    return make_handle(segment, name, condition, [](auto const& names, auto const& given) {
        return names.find_condition_variable(given);
    });
}

void shmwin_condition_variable_free_handle(shmwin_condition_variable* condition) {
    delete condition;
}

int shmwin_condition_variable_notify_one(shmwin_condition_variable const* condition) {
    return guard([&] { need(condition, "condition").is.notify_one(); });
}

int shmwin_condition_variable_notify_all(shmwin_condition_variable const* condition) {
    return guard([&] { need(condition, "condition").is.notify_all(); });
}

int shmwin_condition_variable_wait(shmwin_condition_variable const* condition,
                                   shmwin_mutex const* held,
                                   double seconds) {
    return wait_with(condition, held, seconds);
}

int shmwin_condition_variable_wait_recursive(shmwin_condition_variable const* condition,
                                             shmwin_recursive_mutex const* held,
                                             double seconds) {
    return wait_with(condition, held, seconds);
}

int shmwin_condition_variable_wait_shared(shmwin_condition_variable const* condition,
                                          shmwin_shared_mutex const* held,
                                          double seconds) {
    return wait_with(condition, held, seconds);
}

int shmwin_condition_variable_wait_synchronized(shmwin_condition_variable const* condition,
                                                shmwin_synchronized const* held,
                                                double seconds) {
    return wait_with(condition, held, seconds);
}
}
