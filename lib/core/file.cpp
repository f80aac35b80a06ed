// SPDX-License-Identifier: Apache-2.0
#include "lib/core/file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <utility>

namespace dovetail::detail {
namespace {

namespace fs = std::filesystem;

fs::path environment(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

/// Owns a file descriptor, as far as the file could be opened.
class Descriptor {
 public:
  Descriptor() = default;
  Descriptor(const fs::path& path, int flags) noexcept { open(path, flags); }
  ~Descriptor() {
    if (*this) ::close(file_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  bool open(const fs::path& path, int flags) noexcept {
    file_ = ::open(path.c_str(), flags | O_CLOEXEC | O_NOCTTY, 0666);
    return file_ >= 0;
  }
  /// Returns whether all that was written has arrived.
  bool close() noexcept { return ::close(std::exchange(file_, -1)) == 0; }

  explicit operator bool() const noexcept { return file_ >= 0; }
  int get() const noexcept { return file_; }

 private:
  int file_ = -1;
};

bool is_null_device(const struct stat& status) noexcept {
  struct stat null {};
  return S_ISCHR(status.st_mode) && ::stat("/dev/null", &null) == 0 &&
         null.st_rdev == status.st_rdev;
}

bool write_all(int file, std::string_view bytes) noexcept {
  while (!bytes.empty()) {
    const ssize_t size = ::write(file, bytes.data(), bytes.size());
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(size));
  }
  return true;
}

/// Returns where the path's symbolic links lead, be something there or not.
fs::path end_of_links(fs::path path) {
  std::error_code failure;
  for (int links = 0; links < 40 && fs::is_symlink(path, failure); ++links) {
    path = path.parent_path() / fs::read_symlink(path, failure);
  }
  return path;
}

/// Gives the file the owner and the permissions of another.
bool take_over(int file, const struct stat& other) noexcept {
  // Only the privileged may give a file away. The others own it already, or lose no right by it.
  [[maybe_unused]] const int ignored = ::fchown(file, other.st_uid, other.st_gid);
  return ::fchmod(file, other.st_mode & 07777U) == 0;
}

/// @param target  No symbolic link.
bool replace(const fs::path& target, std::string_view bytes) {
  static std::atomic<unsigned> counter{0};
  struct stat old {};
  const bool is_there = ::stat(target.c_str(), &old) == 0;
  if (is_there && ::access(target.c_str(), W_OK) != 0) return false;
  if (is_there && !S_ISREG(old.st_mode)) {
    Descriptor device(target, O_WRONLY | O_NONBLOCK);
    return device && write_all(device.get(), bytes) && device.close();
  }
  std::error_code failure;
  fs::create_directories(target.parent_path(), failure);
  fs::path temporary;
  Descriptor file;
  do {  // a process on another machine may have this one's number
    temporary = target;
    temporary += fmt::format(".{}.{}", getpid(), counter++);
  } while (!file.open(temporary, O_WRONLY | O_CREAT | O_EXCL) && errno == EEXIST);
  if (!file) return false;
  if ((!is_there || take_over(file.get(), old)) && write_all(file.get(), bytes) && file.close()) {
    fs::rename(temporary, target, failure);
    if (!failure) return true;
  }
  fs::remove(temporary, failure);
  return false;
}

/// Holds the lock on a file's updates while it lives.
class UpdateLock {
 public:
  explicit UpdateLock(fs::path path) {
    path += ".lock";
    // What belongs to another user may be for reading only, and some file systems lock that, too.
    // Opening a FIFO would wait for its other end.
    if (!file_.open(path, O_RDWR | O_CREAT)) file_.open(path, O_RDONLY | O_NONBLOCK);
    while (file_ && ::flock(file_.get(), LOCK_EX) != 0 && errno == EINTR) {
    }
  }
  // Closing is not enough where another thread has forked: the child has the descriptor, too.
  ~UpdateLock() {
    if (file_) ::flock(file_.get(), LOCK_UN);
  }
  UpdateLock(const UpdateLock&) = delete;
  UpdateLock& operator=(const UpdateLock&) = delete;

 private:
  Descriptor file_;
};

}  // namespace

std::optional<std::string> read_file(const fs::path& path, std::size_t largest) noexcept try {
  const Descriptor file(path, O_RDONLY | O_NONBLOCK);
  struct stat status {};
  if (!file || ::fstat(file.get(), &status) != 0) return std::nullopt;
  if (is_null_device(status)) return std::string();
  if (!S_ISREG(status.st_mode) || std::cmp_greater(status.st_size, largest)) return std::nullopt;
  std::string bytes;
  bytes.reserve(static_cast<std::size_t>(status.st_size));  // only a hint: 0 for those in /proc
  for (std::array<char, 65536> block;;) {
    const ssize_t size = ::read(file.get(), block.data(), block.size());
    if (size == 0) return bytes;
    if (size < 0 && errno == EINTR) continue;
    if (size < 0 || std::cmp_greater(size, largest - bytes.size())) return std::nullopt;
    bytes.append(block.data(), static_cast<std::size_t>(size));
  }
} catch (...) {
  return std::nullopt;  // there is no memory for it
}

bool write_file(const fs::path& path, std::string_view bytes) noexcept try {
  return replace(end_of_links(path), bytes);
} catch (...) {
  return false;
}

bool update_file(const fs::path& path, const std::function<std::string(std::string_view)>& change) {
  const fs::path target = end_of_links(path);
  std::error_code failure;
  const fs::file_type type = fs::status(target, failure).type();
  if (type != fs::file_type::regular && type != fs::file_type::not_found) {
    return replace(target, change({}));  // a device, which keeps nothing
  }
  fs::create_directories(target.parent_path(), failure);
  const UpdateLock lock(target);
  const auto old = read_file(target);
  if (!old && fs::exists(target, failure)) return false;
  return replace(target, change(old.value_or("")));
}

std::optional<fs::path> user_directory(const char* xdg, std::string_view below_home) {
  if (const auto own = environment(xdg); own.is_absolute()) return own / "dovetail";
  if (const auto home = environment("HOME"); home.is_absolute()) {
    return home / below_home / "dovetail";
  }
  return std::nullopt;
}

}  // namespace dovetail::detail
