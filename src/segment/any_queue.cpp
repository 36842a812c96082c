// SPDX-License-Identifier: MIT
// Queues of a type known at run time.
#include "shmwin/segment/any_queue.hpp"

#include "shmwin/base/error.hpp"
#include "shmwin/base/text.hpp"
#include "shmwin/base/type_id.hpp"
#include "shmwin/segment/queue_group.hpp"

#include "segment/described_object.hpp"

#include <algorithm>
#include <limits>
#include <span>

namespace shmwin::inline v1 {

using detail::pop_outcome;
using detail::task_queue;

void any_queue::push(void const* tasks, std::size_t n) const {
    core().require_open("queue::push");
    std::size_t n_bytes = 0;
    if (__builtin_mul_overflow(n, type().n_bytes(), &n_bytes)) {
        raise(errc::invalid_argument,
              detail::text(
                  "too many tasks (", n, " of ", type().n_bytes(), " bytes: more than 2^64)"));
    }
    all().push(std::span(static_cast<std::byte const*>(tasks), n_bytes));
}

std::optional<any_lease> any_queue::try_pop() const {
    core().require_open("queue::try_pop");
    any_lease got(*this);
    auto const outcome = all().try_pop(got.task_.get(), got.which_);
    return any_lease::of(std::move(got), outcome);
}

std::optional<any_lease> any_queue::pop(detail::wait_deadline until) const {
    core().require_open("queue::pop");
    any_lease got(*this);
    auto const outcome = all().pop(got.task_.get(), got.which_, "queue::pop", until);
    return any_lease::of(std::move(got), outcome);
}

std::size_t any_queue::clear() const {
    core().require_open("queue::clear");
    return all().clear();
}

any_lease::any_lease(any_queue const& from) : from_(from) {
    std::align_val_t const alignment{from.type().alignment()};
    auto* const bytes = ::operator new(from.type().n_bytes(), alignment);
    task_ = {static_cast<std::byte*>(bytes), detail::free_aligned{alignment}};
}

any_lease& any_lease::operator=(any_lease&& other) noexcept {
    if (this == &other) return *this;
    put_back();
    from_ = std::move(other.from_);
    which_ = std::exchange(other.which_, {});
    task_ = std::move(other.task_);
    return *this;
}

std::optional<any_lease> any_lease::of(any_lease&& got, pop_outcome outcome) {
    if (outcome == pop_outcome::none) return std::nullopt;
    if (outcome == pop_outcome::end) got.task_.reset();
    return std::move(got);
}

bool any_lease::end(bool done) noexcept {
    auto const which = std::exchange(which_, {});
    if (which.chunk == 0 || !from_.is_valid()) return false;
    return done ? from_.all().done(which) : from_.all().put_back(which);
}

any_queue queue_group::create_queue(std::string_view name,
                                    dtype const& type,
                                    array_options const& options,
                                    source_line const& where) const {
    auto const whole = full(name);
    auto const id = type_id_of(type);
    auto request = queue_request(operation::create_queue, whole, id, options.saved, where);
    request.element = type;
    auto place = core_->create_small(
        request,
        [&](void* at) { task_queue::create(at, type.n_bytes(), type.alignment()); },
        [](void*) {});
    return {core_, {std::move(place), type, 0, memory_order_kind::none}};
}

any_queue queue_group::find_any_queue(std::string_view name) const {
    return {core_,
            detail::find_described(*core_, std::string_view(full(name)), object_kind::queue)};
}

} // namespace shmwin::inline v1
