// SPDX-License-Identifier: MIT
// function_ref: a callable that is borrowed for the length of a call, without allocation.
#pragma once

#include <concepts>
#include <memory>
#include <type_traits>
#include <utility>

namespace shmwin::inline v1::detail {

template <typename Signature>
class function_ref;

/// Refers to a callable that must outlive it; made at the call, never stored.
template <typename R, typename... Args>
class function_ref<R(Args...)> {
  public:
    // NOLINTBEGIN(google-explicit-constructor,cppcoreguidelines-missing-std-forward)
    // NOLINTBEGIN(bugprone-forwarding-reference-overload): excluded by the constraint
    // NOLINTBEGIN(cppcoreguidelines-pro-type-const-cast): given back as it came, in the call
    template <typename F>
    requires(!std::same_as<std::remove_cvref_t<F>,
                           function_ref> && std::is_invocable_r_v<R, F&, Args...>)
        function_ref(F&& callable)
    noexcept
        : object_(const_cast<void*>(static_cast<void const*>(std::addressof(callable)))),
          call_([](void* object, Args... args) -> R {
              return (*static_cast<std::remove_reference_t<F>*>(object))(
                  std::forward<Args>(args)...);
          }) {}
    // NOLINTEND(cppcoreguidelines-pro-type-const-cast)
    // NOLINTEND(bugprone-forwarding-reference-overload)
    // NOLINTEND(google-explicit-constructor,cppcoreguidelines-missing-std-forward)

    R operator()(Args... args) const { return call_(object_, std::forward<Args>(args)...); }

  private:
    void* object_;
    R (*call_)(void*, Args...);
};

} // namespace shmwin::inline v1::detail
