// SPDX-License-Identifier: Apache-2.0
#include "tools/measure/worker.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstring>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "dovetail/core/error.hpp"
#include "tools/measure/call_counts.hpp"

extern char** environ;  // NOLINT(readability-redundant-declaration): POSIX declares it nowhere

namespace dovetail::tool {
namespace {

using Json = nlohmann::json;

// Not 0 and 1: drivers print to those.
constexpr int request_fd = 3;
constexpr int answer_fd = 4;

bool write_line(int fd, const Json& message) {
  const std::string line = message.dump() + "\n";
  std::size_t done = 0;
  while (done < line.size()) {
    const ssize_t count = ::write(fd, line.data() + done, line.size() - done);
    if (count < 0) return false;
    done += static_cast<std::size_t>(count);
  }
  return true;
}

/// Reads one line byte by byte: what follows it must stay in the pipe. Lines are short.
std::optional<std::string> read_line(int fd) {
  std::string line;
  char byte = 0;
  while (::read(fd, &byte, 1) == 1) {
    if (byte == '\n') return line;
    line += byte;
  }
  return std::nullopt;
}

std::vector<std::string> environment_with(const std::optional<std::filesystem::path>& layer) {
  std::vector<std::string> variables;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    if (!std::string_view(*variable).starts_with("OPENCL_LAYERS="))
      variables.emplace_back(*variable);
  }
  if (layer) variables.push_back("OPENCL_LAYERS=" + layer->string());
  return variables;
}

std::array<int, 2> open_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
    throw Error(fmt::format("[worker] pipe2 failed: {}", std::strerror(errno)));
  }
  return ends;
}

}  // namespace

Worker::Worker(std::uint64_t seed, const std::optional<std::filesystem::path>& layer) {
  std::signal(SIGPIPE, SIG_IGN);  // a worker that is gone shows as a failed write
  const auto requests = open_pipe();
  const auto answers = open_pipe();

  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  // Via numbers that neither end has, since a pipe may have got 3 or 4 itself.
  const int high_request = ::fcntl(requests[0], F_DUPFD_CLOEXEC, 10);
  const int high_answer = ::fcntl(answers[1], F_DUPFD_CLOEXEC, 10);
  ::posix_spawn_file_actions_adddup2(&actions, high_request, request_fd);
  ::posix_spawn_file_actions_adddup2(&actions, high_answer, answer_fd);

  std::string program = "dovetail";
  std::string command = "worker";
  std::string seed_option = "--seed";
  std::string seed_text = std::to_string(seed);
  std::array<char*, 5> arguments{program.data(), command.data(), seed_option.data(),
                                 seed_text.data(), nullptr};
  std::vector<std::string> variables = environment_with(layer);
  std::vector<char*> variable_pointers;
  variable_pointers.reserve(variables.size() + 1);
  for (std::string& variable : variables) variable_pointers.push_back(variable.data());
  variable_pointers.push_back(nullptr);

  const int failure = ::posix_spawn(&pid_, "/proc/self/exe", &actions, nullptr, arguments.data(),
                                    variable_pointers.data());
  ::posix_spawn_file_actions_destroy(&actions);
  for (const int fd : {requests[0], answers[1], high_request, high_answer}) ::close(fd);
  to_worker_ = requests[1];
  from_worker_ = answers[0];
  if (failure != 0) {
    pid_ = -1;
    throw Error(fmt::format("[worker] cannot start a worker process: {}", std::strerror(failure)));
  }
}

Worker::~Worker() {
  ::close(to_worker_);
  ::close(from_worker_);
  if (pid_ > 0) ::waitpid(pid_, nullptr, 0);
}

void Worker::send(const Json& request) {
  if (!write_line(to_worker_, request)) {
    throw Error(fmt::format("[worker] process {} is gone: {}", pid_, std::strerror(errno)));
  }
}

Json Worker::receive() {
  const auto line = read_line(from_worker_);
  if (!line) {
    throw Error(
        fmt::format("[worker] process {} ended without an answer; its messages are above.", pid_));
  }
  return checked_answer(Json::parse(*line));
}

Json Worker::ask(const Json& request) {
  send(request);
  return receive();
}

std::unique_ptr<Worker> start_counting_worker(std::uint64_t seed, std::string_view what,
                                              Results& results) {
  const auto skip = [&](const char* why) {
    results.skip(std::string(what), why);
    return nullptr;
  };
  const auto layer = find_layer();
  if (!layer) {
    return skip(
        "no file libDovetailLayer.so, the counting layer, was found; name it in DOVETAIL_LAYER");
  }
  auto worker = std::make_unique<Worker>(seed, layer);
  if (!worker->ask({{"do", "worker.is_counting"}}).get<bool>()) {
    return skip(
        "this OpenCL loader takes no layers; ocl-icd 2.3 or newer does (package "
        "ocl-icd-libopencl1)");
  }
  return worker;
}

int serve_as_worker(const Requests& requests) {
  if (::fcntl(request_fd, F_GETFD) == -1 || ::fcntl(answer_fd, F_GETFD) == -1) {
    fmt::print(stderr, "dovetail worker: only the tool itself starts workers.\n");
    return 2;
  }
  while (const auto line = read_line(request_fd)) {
    const Json request = Json::parse(*line, nullptr, false);
    if (!write_line(answer_fd, answer(requests, request))) break;
  }
  return 0;
}

}  // namespace dovetail::tool
