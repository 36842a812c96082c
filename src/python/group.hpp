// SPDX-License-Identifier: MIT
// group: the Python classes Group and Segment, as the other sources of the module see them.
//
// Layer: python.
#pragma once

#include "shmwin/segment/segment.hpp"

#include "python/module.hpp"

#include <memory>
#include <optional>
#include <string>

namespace shmwin::python {

class given_arrays;

/// A place for names, as object_group; Segment is one too.
class group_door {
  public:
    group_door(object_group names, std::shared_ptr<given_arrays> given);
    group_door(group_door const&) = default;
    group_door(group_door&&) = default;
    group_door& operator=(group_door const&) = default;
    group_door& operator=(group_door&&) = default;
    virtual ~group_door();

    /// Local. For calls of ranks.
    /// @throws runtime_failure (closed)  this is a child that a rank forked
    [[nodiscard]] object_group const& names() const;

    /// Local. For local calls: a child that attached itself may make them, too.
    /// @throws runtime_failure (closed)  this is a child that did not
    [[nodiscard]] object_group const& local_names() const;

    /// Local. Lets a child that a rank forked make local calls.
    void attach_child() noexcept { attached_ = n_forks(); }
    [[nodiscard]] bool is_child() const noexcept { return born_ != n_forks(); }
    /// Of the rank that opened it.
    [[nodiscard]] int peek_rank() const noexcept;

    [[nodiscard]] std::shared_ptr<given_arrays> const& given() const noexcept { return given_; }

  private:
    [[nodiscard]] static unsigned n_forks() noexcept;

    object_group names_;
    std::shared_ptr<given_arrays> given_;
    unsigned born_ = n_forks();
    unsigned attached_ = born_;
};

/// Owner of this rank's part; without close() it leaves when Python drops it.
class segment_door final : public group_door {
  public:
    segment_door(node const& on, segment&& opened);
    segment_door(segment_door const&) = delete;
    segment_door(segment_door&&) = delete;
    segment_door& operator=(segment_door const&) = delete;
    segment_door& operator=(segment_door&&) = delete;
    ~segment_door() override;

    /// @throws runtime_failure (closed)  as names()
    [[nodiscard]] segment& here();
    [[nodiscard]] segment const& local() const;
    /// Without a check.
    [[nodiscard]] segment const& peek() const noexcept { return segment_; }
    [[nodiscard]] node const& on() const noexcept { return on_; }
    void close(source_line const& where);
    void leave(std::string const& why) noexcept;

  private:
    node on_;
    segment segment_;
};

} // namespace shmwin::python
