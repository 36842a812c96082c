// SPDX-License-Identifier: MIT
// Condition as multiprocessing has it: notify(n) ends the wait of n threads, no more, of those who
// wait then. (condition_variable may end more.) In the segment, all of it under the lock:
//
//     | notified (8) | n_arrived (8) | eligible_before (8) | n_waiting (4) | n_granted (4) |
//
// Whoever waits has a number; notify() grants n ends to numbers below eligible_before.
#include "shmwin/sync/condition_variable.hpp"

#include "python/sync.hpp"

#include <algorithm>
#include <variant>

namespace shmwin::python {

using namespace shmwin::detail;

namespace {

struct exact_condition_state {
    condition_state condition;
    std::uint64_t n_arrived;
    std::uint64_t eligible_before;
    std::uint32_t n_waiting;
    std::uint32_t n_granted;
};
static_assert(sizeof(exact_condition_state) == 32);

// The lock that goes with it, whichever it is.
class its_lock {
  public:
    explicit its_lock(py::object const& lock) : keep_(lock) {
        if (py::isinstance<rlock_door>(lock)) {
            door_ = &py::cast<rlock_door const&>(lock);
        } else {
            door_ = &py::cast<mutex_door const&>(lock);
        }
    }
    void require_mine(char const* call) const {
        std::visit(
            [&](auto const* door) {
                auto& state = door->open(call);
                if (!state.is_mine(door->waits())) raise_not_held(call, state.holder());
            },
            door_);
    }
    /// How often it was held.
    [[nodiscard]] std::uint32_t give_up() const {
        return std::visit([](auto const* door) { return give_up(*door); }, door_);
    }
    void take_again(std::uint32_t depth) const {
        std::visit(
            [&](auto const* door) {
                for (std::uint32_t i = 0; i < depth; ++i)
                    door->here("wait").lock(door->waits(), door->what("wait"));
            },
            door_);
    }

  private:
    static std::uint32_t give_up(mutex_door const& door) {
        door.here("wait").unlock(door.waits(), door.what("wait"));
        return 1;
    }
    static std::uint32_t give_up(rlock_door const& door) {
        auto& state = door.here("wait");
        auto const depth = state.depth(door.waits());
        for (std::uint32_t i = 0; i < depth; ++i)
            state.unlock(door.waits(), door.what("wait"));
        return depth;
    }

    py::object keep_;
    std::variant<mutex_door const*, rlock_door const*> door_;
};

class condition_door {
  public:
    condition_door(std::shared_ptr<shared_block> block, std::size_t offset, py::object const& lock)
        : state_(std::move(block), offset), lock_(lock) {}

    bool wait(std::optional<double> timeout) {
        lock_.require_mine("wait");
        auto const until = deadline_of(timeout);
        return without_gil([&] { return wait_until(until); });
    }

    void notify(std::int64_t n) {
        lock_.require_mine("notify");
        if (n < 0) raise(errc::invalid_argument, text("notify is not possible (n is ", n, ")"));
        auto& state = state_.here("notify");
        auto const idle = state.n_waiting - std::min(state.n_granted, state.n_waiting);
        auto const more = static_cast<std::uint32_t>(std::min<std::int64_t>(n, idle));
        if (more == 0) return;
        state.n_granted += more;
        state.eligible_before = state.n_arrived;
        shmwin::detail::notify_all(state.condition);
    }

  private:
    // The lock is held before and after.
    bool wait_until(wait_deadline until) {
        auto& state = state_.here("wait");
        auto const mine = state.n_arrived++;
        ++state.n_waiting;
        for (;;) {
            auto const before = ticket(state.condition);
            auto const depth = lock_.give_up();
            auto const outcome = wait_for_notification(
                state.condition, before, state_.waits(), state_.what("wait"), until);
            lock_.take_again(depth);
            if (state.n_granted > 0 && mine < state.eligible_before) {
                --state.n_granted;
                --state.n_waiting;
                return true;
            }
            if (!outcome.failed && outcome.notified) continue; // it was for another
            --state.n_waiting;
            state.n_granted = std::min(state.n_granted, state.n_waiting);
            return outcome.get();
        }
    }

    sync_door<exact_condition_state> state_;
    its_lock lock_;
};

} // namespace

void bind_condition(py::module_& module) {
    using py::arg;
    py::class_<condition_door>(module, "Condition")
        .def(py::init<std::shared_ptr<shared_block>, std::size_t, py::object>(),
             arg("block"),
             arg("offset"),
             arg("lock"))
        .def("wait", &condition_door::wait, arg("timeout") = py::none())
        .def("notify", &condition_door::notify, arg("n") = 1)
        .def("notify_all", [](condition_door& door) { door.notify(INT64_MAX); })
        .def_property_readonly_static("nbytes",
                                      [](py::handle) { return sizeof(exact_condition_state); });
}

} // namespace shmwin::python
