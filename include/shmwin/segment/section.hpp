// SPDX-License-Identifier: MIT
// Sections of an array: "one fills, all read". Guards that hold the array for a scope; its lock and
// version stand in a hidden object of the segment, made when they are first asked for.
//
// Layer: segment.
#pragma once

#include "shmwin/base/export.hpp"
#include "shmwin/base/type_id.hpp"
#include "shmwin/segment/core.hpp"
#include "shmwin/sync/section.hpp"
#include "shmwin/sync/wait.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

SHMWIN_NAME(shmwin::detail::section_state, "shmwin.section/1");

namespace shmwin::inline v1 {

namespace detail {

/// Holds a section; without types. Moves, and ends once.
class SHMWIN_API section_hold {
  public:
    section_hold(section_hold&& other) noexcept
        : core_(std::move(other.core_)),
          at_(std::exchange(other.at_, nullptr)),
          version_(other.version_) {}
    section_hold& operator=(section_hold&&) = delete;
    section_hold(section_hold const&) = delete;
    section_hold& operator=(section_hold const&) = delete;

    [[nodiscard]] std::uint64_t version() const noexcept { return version_; }

  protected:
    section_hold(std::shared_ptr<segment_core> core, void* at, std::uint64_t version) noexcept
        : core_(std::move(core)), at_(at), version_(version) {}
    ~section_hold() = default;

    [[nodiscard]] bool is_held() const noexcept { return at_ != nullptr; }
    void forget() noexcept { at_ = nullptr; } ///< it has ended
    [[nodiscard]] section_access access(char const* call) const noexcept;

  private:
    std::shared_ptr<segment_core> core_;
    void* at_; ///< the section; null when another guard has it
    std::uint64_t version_;
};

class SHMWIN_API write_hold : public section_hold {
  public:
    /// Nothing at `until`.
    static std::optional<write_hold> begin(std::shared_ptr<segment_core> const& core,
                                           placed_object const& of,
                                           char const* call,
                                           wait_deadline until);
    static write_hold begin_repair(std::shared_ptr<segment_core> const& core,
                                   placed_object const& of);

    write_hold(write_hold&&) noexcept = default;
    write_hold& operator=(write_hold&&) = delete;
    write_hold(write_hold const&) = delete;
    write_hold& operator=(write_hold const&) = delete;
    /// Gives up if an exception is on its way out of the scope.
    ~write_hold();

    /// Local. Ends it now, as the destructor does: for callers that have no scopes or exceptions.
    /// @param is_whole  false: give up
    void end(bool is_whole) noexcept;

    [[nodiscard]] bool is_repair() const noexcept { return is_repair_; }

  private:
    write_hold(std::shared_ptr<segment_core> core, void* at, std::uint64_t version, bool is_repair);

    int n_exceptions_; ///< on their way when it began
    bool is_repair_;
};

class SHMWIN_API read_hold : public section_hold {
  public:
    /// Nothing at `until`.
    static std::optional<read_hold> begin(std::shared_ptr<segment_core> const& core,
                                          placed_object const& of,
                                          char const* call,
                                          std::uint64_t at_least,
                                          wait_deadline until);

    read_hold(read_hold&&) noexcept = default;
    read_hold& operator=(read_hold&&) = delete;
    read_hold(read_hold const&) = delete;
    read_hold& operator=(read_hold const&) = delete;
    ~read_hold();

  private:
    using section_hold::section_hold;
};

/// Frees the hidden object of an array that was destroyed, if it has one.
void end_section(segment_core const& in, std::uint32_t index, std::uint32_t generation);

} // namespace detail

/// Holds an array alone, until the end of its scope, on the thread that began it. If the scope ends
/// by an exception, or the process is killed in it, the array is not whole: see
/// array::write_section().
template <typename View>
class write_section_guard {
  public:
    /// Local. The elements, to write. Not to be kept beyond the guard.
    [[nodiscard]] View const& view() const noexcept { return view_; }
    /// Local. The version that the array has when the guard ends; the first one is 1.
    [[nodiscard]] std::uint64_t version() const noexcept { return hold_.version(); }
    /// Local. True if the last writer did not finish: nothing that is there can be relied on.
    [[nodiscard]] bool is_repair() const noexcept { return hold_.is_repair(); }

    /// Internal: made by array.
    write_section_guard(detail::write_hold&& hold, View const& view) noexcept
        : hold_(std::move(hold)), view_(view) {}

  private:
    detail::write_hold hold_;
    View view_;
};

/// Holds an array against writers, with all others that read, until the end of its scope.
template <typename View>
class read_section_guard {
  public:
    /// Local. The elements, to read. Not to be kept beyond the guard.
    [[nodiscard]] View const& view() const noexcept { return view_; }
    /// Local. How often the array was filled.
    [[nodiscard]] std::uint64_t version() const noexcept { return hold_.version(); }

    /// Internal: made by array.
    read_section_guard(detail::read_hold&& hold, View const& view) noexcept
        : hold_(std::move(hold)), view_(view) {}

  private:
    detail::read_hold hold_;
    View view_;
};

} // namespace shmwin::inline v1
