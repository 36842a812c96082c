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

    [[nodiscard]] object_group const& names() const noexcept { return names_; }
    [[nodiscard]] std::shared_ptr<given_arrays> const& given() const noexcept { return given_; }

  private:
    object_group names_;
    std::shared_ptr<given_arrays> given_;
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

    [[nodiscard]] segment& here() noexcept { return segment_; }
    [[nodiscard]] segment const& here() const noexcept { return segment_; }
    /// Not in a child that the rank forked.
    [[nodiscard]] bool is_open() const noexcept;
    [[nodiscard]] node const& on() const noexcept { return on_; }
    void close(source_line const& where);

  private:
    node on_;
    segment segment_;
};

} // namespace shmwin::python
