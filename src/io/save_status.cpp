// SPDX-License-Identifier: MIT
#include "io/save_status.hpp"

#include <algorithm>

namespace shmwin::inline v1::detail {

void save_status::end(error_info const* failure) noexcept {
    ended_ns_.store(now_ns());
    if (failure != nullptr) {
        auto const n = failure->text.copy(text_.data(), text_.size() - 1);
        text_.at(n) = '\0';
        code_.store(failure->code);
    }
    phase_.store(failure == nullptr ? save_phase::done : save_phase::failed);
    n_ended_.publish(n_ended_.word.load() + 1);
}

save_outcome save_status::outcome() const {
    save_outcome made;
    made.code = code_.load();
    if (made.code != errc::ok) made.text = text_.data();
    made.seconds = static_cast<double>(ended_ns_.load() - begun_ns_.load()) * 1e-9;
    made.n_reused = n_reused_.load();
    return made;
}

save_progress save_status::progress() const noexcept {
    save_progress made;
    made.phase = phase_.load();
    made.n_bytes = n_bytes_.load();
    made.n_bytes_done = std::min<std::size_t>(n_done_.load(), made.n_bytes);
    bool const is_over = made.phase == save_phase::done || made.phase == save_phase::failed;
    made.seconds =
        static_cast<double>((is_over ? ended_ns_.load() : now_ns()) - begun_ns_.load()) * 1e-9;
    auto const done = static_cast<double>(made.n_bytes_done);
    if (made.seconds > 0) made.bytes_per_second = done / made.seconds;
    if (!is_over && made.bytes_per_second > 0) {
        made.seconds_left =
            static_cast<double>(made.n_bytes - made.n_bytes_done) / made.bytes_per_second;
    }
    return made;
}

} // namespace shmwin::inline v1::detail
