// SPDX-License-Identifier: MIT
// any_value: handle to an atomic whose type is known at run time only.
//
// Layer: segment.
#pragma once

#include "shmwin/base/dtype.hpp"
#include "shmwin/base/export.hpp"
#include "shmwin/segment/any_array.hpp"
#include "shmwin/sync/wait.hpp"

#include <memory>
#include <utility>

namespace shmwin::inline v1 {

/// Cheap to copy, owns nothing; keeps the segment mapped in this process. Local, sequentially
/// consistent. Every `void*` is the address of type().n_bytes() bytes of this process, of any
/// alignment. @see value, which says the same of a type known to the compiler
///
/// Errors of arithmetic:
///   argument_error (type_mismatch)  the type is no number (bits: no integer)
class SHMWIN_API any_value {
  public:
    /// Refers to nothing.
    any_value() = default;

    void load(void* seen) const;
    void store(void const* desired) const;
    void exchange(void const* desired, void* before) const;
    /// Stores `desired` if what is there equals `expected`, bit by bit; else `expected` becomes
    /// what is there. @returns  whether it stored
    bool compare_exchange(void* expected, void const* desired) const;

    void fetch_add(void const* change, void* before) const;
    void fetch_sub(void const* change, void* before) const;
    void fetch_min(void const* other, void* before) const;
    void fetch_max(void const* other, void* before) const;
    void fetch_and(void const* bits, void* before) const;
    void fetch_or(void const* bits, void* before) const;
    void fetch_xor(void const* bits, void* before) const;

    /// Waits until the bits are others than `old`'s, or until then. `seen` gets what was seen last.
    /// Errors of value::wait(). @returns  whether they differ
    bool wait(void const* old, void* seen, detail::wait_deadline until = detail::no_deadline) const;
    /// Makes all who wait for the value look again.
    void notify() const noexcept;

    [[nodiscard]] dtype const& type() const noexcept { return what_.type; }
    /// The bytes: for atomics of the caller's language.
    [[nodiscard]] void* data() const noexcept { return what_.place.address; }

    /// True if the handle refers to a value that was not destroyed. O(1), a look-up.
    [[nodiscard]] bool is_valid() const;
    explicit operator bool() const noexcept { return core_ != nullptr; }

    /// Internal: made by segment and group.
    any_value(std::shared_ptr<detail::segment_core> core, detail::described_object what)
        : core_(std::move(core)), what_(std::move(what)) {}
    [[nodiscard]] detail::placed_object const& where() const noexcept { return what_.place; }

  private:
    std::shared_ptr<detail::segment_core> core_;
    detail::described_object what_;
};

} // namespace shmwin::inline v1
