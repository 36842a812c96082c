// SPDX-License-Identifier: MIT
#include "cli/output_file.hpp"

#include "shmwin/base/error.hpp"
#include "shmwin/base/text.hpp"

#include <cerrno>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace shmwin::cli {
namespace {

// Beside it, so that a rename does.
std::filesystem::path temporary_of(std::filesystem::path const& path) {
    auto name = path;
    name.replace_filename(detail::text('.', path.filename().native(), '.', ::getpid(), ".tmp"));
    return name;
}

} // namespace

output_file::output_file(std::filesystem::path path)
    : path_(std::move(path)),
      temporary_(temporary_of(path_)),
      out_(temporary_, std::ios::binary | std::ios::trunc) {
    if (!out_) fail();
}

output_file::~output_file() {
    if (!out_.is_open()) return;
    out_.close();
    std::error_code ignored;
    std::filesystem::remove(temporary_, ignored);
}

void output_file::write(std::span<std::byte const> bytes) {
    out_.write(reinterpret_cast<char const*>(bytes.data()),
               static_cast<std::streamsize>(bytes.size()));
    if (!out_) fail();
}

void output_file::write(std::string_view text) {
    write(std::as_bytes(std::span(text)));
}

void output_file::close() {
    out_.flush();
    if (!out_) fail();
    std::error_code failed;
    std::filesystem::rename(temporary_, path_, failed);
    if (failed) {
        errno = failed.value();
        fail();
    }
    out_.close();
}

void output_file::fail() const {
    raise(errc::io_failure,
          detail::text(
              "file cannot be written (", path_.native(), ": ", detail::errno_text(errno), ")"));
}

} // namespace shmwin::cli
