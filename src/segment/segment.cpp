// SPDX-License-Identifier: MIT
#include "shmwin/segment/segment.hpp"

#include "segment/memory_map.hpp"

#include <exception>
#include <utility>

namespace shmwin::inline v1 {

segment::segment(node const& on, segment_options const& options, source_line const& where)
    : object_group(detail::segment_core::open(on, options, where), {}) {}

segment::segment(segment&&) noexcept = default;

segment& segment::operator=(segment&& other) noexcept {
    if (this != &other) {
        end();
        object_group::operator=(std::move(other));
    }
    return *this;
}

segment::~segment() {
    end();
}

void segment::end() noexcept {
    if (core_ == nullptr || !core_->is_open()) return;
    core_->leave(std::uncaught_exceptions() > 0 ? "an exception left the segment's scope"
                                                : "the segment was destroyed without close()");
}

void segment::fence(source_line const& where) {
    core_->fence(where);
}

void segment::fence(std::span<int const> ranks, source_line const& where) {
    core_->fence(ranks, where);
}

std::size_t segment::trim(source_line const& where) {
    return core_->trim(where);
}

void segment::close(source_line const& where) {
    core_->close(where);
}

void segment::leave(std::string_view text) noexcept {
    core_->leave(text);
}

bool segment::is_open() const noexcept {
    return core_ != nullptr && core_->is_open();
}

std::optional<error_info> segment::abandoned() const {
    auto const who = core_->who().missing(false);
    if (!who) return std::nullopt;
    return participants::describe(*who);
}

heap const& segment::heap() const noexcept {
    return core_->memory();
}

memory_resource segment::memory_resource() const noexcept {
    return shmwin::memory_resource(core_->memory(), core_);
}

heap_report segment::verify(std::size_t limit) const {
    auto report = core_->memory().verify(limit);
    core_->names().verify(report.violations, limit);
    return report;
}

memory_map segment::memory_map() const {
    return detail::map_of(*core_);
}

std::string segment::report() const {
    return detail::report_of(*core_);
}

void segment::dump() const {
    detail::dump(*core_);
}

wait_policy const& segment::wait_policy() const noexcept {
    return core_->policy();
}

int segment::rank() const noexcept {
    return core_->rank();
}

int segment::n_ranks() const noexcept {
    return core_->n_ranks();
}

backing_kind segment::backing() const noexcept {
    return core_->memory_window().backing();
}

std::size_t segment::capacity() const noexcept {
    return core_->memory().where().header().n_pages * detail::page_bytes;
}

MPI_Win segment::rma() const noexcept {
    return core_->memory_window().rma();
}

MPI_Aint segment::rma_offset() const noexcept {
    return core_->memory_window().rma_offset();
}

} // namespace shmwin::inline v1
