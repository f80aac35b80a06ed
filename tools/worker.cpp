// SPDX-License-Identifier: Apache-2.0
#include "tools/worker.hpp"

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
#include "tools/call_counts.hpp"
#include "tools/handoff/handoff.hpp"
#include "tools/matmul/product_calls.hpp"
#include "tools/scaling/cell_json.hpp"
#include "tools/scaling/run_cell.hpp"

extern char** environ;  // NOLINT(readability-redundant-declaration): POSIX declares it nowhere

namespace dovetail::tool {
namespace {

using Json = nlohmann::json;
using Clock = std::chrono::steady_clock;

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

/// One line, read byte by byte, since a process must not take what is behind it; lines are short.
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
    throw Error(fmt::format("[Worker] pipe2 failed: {}", std::strerror(errno)));
  }
  return ends;
}

Json cell_calls(CellRunner& runner, const Cell& cell) {
  const bool heavy = cell.work == Work::memory || cell.work == Work::compute;
  const std::uint64_t ops_per_thread = heavy ? 1 : 16;
  return runner.count_calls(cell, cell.threads * ops_per_thread);
}

Json answer(CellRunner& runner, const Json& request) {
  const std::string what = request.at("do");
  if (what == "is_counting") return snapshot_call_counts().has_value();
  if (what == "handoff") {
    return count_handoff(request.at("scenario").get<std::string>(),
                         request.at("queues").get<std::string>());
  }
  if (what == "matmul") return count_product_calls(request);
  const Cell cell = request.at("cell").get<Cell>();
  if (what == "prepare") {
    runner.prepare(cell);
    return Json::object();
  }
  if (what == "count") {
    runner.prepare(cell);
    return cell_calls(runner, cell);
  }
  const Clock::time_point start{Clock::duration(request.at("start").get<Clock::rep>())};
  const auto timing = runner.run(cell, request.at("ops").get<std::uint64_t>(), start);
  return {{"start", timing.start.time_since_epoch().count()},
          {"end", timing.end.time_since_epoch().count()}};
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
    throw Error(fmt::format("[Worker] cannot start a worker process: {}", std::strerror(failure)));
  }
}

Worker::~Worker() {
  ::close(to_worker_);
  ::close(from_worker_);
  if (pid_ > 0) ::waitpid(pid_, nullptr, 0);
}

void Worker::send(const Json& request) {
  if (!write_line(to_worker_, request)) {
    throw Error(fmt::format("[Worker] process {} is gone: {}", pid_, std::strerror(errno)));
  }
}

Json Worker::receive() {
  const auto line = read_line(from_worker_);
  if (!line) {
    throw Error(
        fmt::format("[Worker] process {} ended without an answer; its messages are above.", pid_));
  }
  Json reply = Json::parse(*line);
  if (!reply.is_object()) return reply;
  if (reply.contains("wrong_result"))
    throw VerificationFailed(reply["wrong_result"].get<std::string>());
  if (reply.contains("error")) throw Error(reply["error"].get<std::string>());
  return reply;
}

Json Worker::ask(const Json& request) {
  send(request);
  return receive();
}

std::unique_ptr<Worker> start_counting_worker(std::uint64_t seed, std::string_view what,
                                              Results& results) {
  const auto skip = [&](const char* why) {
    results.skipped.push_back({std::string(what), why});
    return nullptr;
  };
  const auto layer = find_layer();
  if (!layer) {
    return skip(
        "the counting layer, libDovetailLayer.so, was not found; name it in DOVETAIL_LAYER");
  }
  auto worker = std::make_unique<Worker>(seed, layer);
  if (!worker->ask({{"do", "is_counting"}}).get<bool>()) {
    return skip(
        "this OpenCL loader takes no layers; ocl-icd 2.3 or newer does (package "
        "ocl-icd-libopencl1)");
  }
  return worker;
}

int serve_as_worker(std::uint64_t seed) {
  if (::fcntl(request_fd, F_GETFD) == -1 || ::fcntl(answer_fd, F_GETFD) == -1) {
    fmt::print(stderr, "dovetail worker: started by the tool itself only.\n");
    return 2;
  }
  std::optional<CellRunner> runner;
  while (const auto line = read_line(request_fd)) {
    Json reply;
    try {
      if (!runner) runner.emplace(Context::default_context(), seed);
      reply = answer(*runner, Json::parse(*line));
    } catch (const VerificationFailed& failure) {
      reply = {{"wrong_result", failure.what()}};
    } catch (const std::exception& failure) {
      reply = {{"error", failure.what()}};
    }
    if (!write_line(answer_fd, reply)) break;
  }
  return 0;
}

}  // namespace dovetail::tool
