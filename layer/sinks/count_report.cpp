// SPDX-License-Identifier: Apache-2.0
// Writes the table of call counts to the place that DOVETAIL_LAYER_REPORT names.
#include "layer/sinks/count_report.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <functional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "layer/sinks/count.hpp"

namespace dovetail::layer {
namespace {

struct Report {
  std::string path;
  pid_t process;
};

// Never destroyed: it is read after static destructors have run.
constinit Report* report = nullptr;

std::string with_process_id(std::string path) {
  for (std::size_t at = 0; (at = path.find("%p", at)) != std::string::npos;) {
    path.replace(at, 2, std::to_string(getpid()));
  }
  return path;
}

std::vector<dovetail_call_count> called_by_time() {
  std::vector<dovetail_call_count> rows;
  for (std::size_t i = 0; i < entry_point_count; ++i) {
    const dovetail_call_count row = counted(static_cast<EntryPoint>(i));
    if (row.calls != 0) rows.push_back(row);
  }
  std::ranges::stable_sort(rows, std::ranges::greater{}, &dovetail_call_count::nanoseconds);
  return rows;
}

void print_row(std::FILE* file, const dovetail_call_count& row) {
  const auto nanoseconds = static_cast<double>(row.nanoseconds);
  const double mean = row.calls == 0 ? 0.0 : nanoseconds / static_cast<double>(row.calls);
  std::fprintf(file,
               "%-42s %12" PRIu64 " %9" PRIu64 " %12.3f %14.3f %16" PRIu64 " %12" PRIu64
               " %12" PRIu64 "\n",
               row.name, row.calls, row.failures, mean * 1e-3, nanoseconds * 1e-6, row.bytes,
               row.wait_list_events, row.events);
}

void print_table(std::FILE* file) {
  std::fprintf(file, "# Dovetail layer: OpenCL calls of process %ld\n",
               static_cast<long>(getpid()));
  std::fprintf(file, "%-42s %12s %9s %12s %14s %16s %12s %12s\n", "entry_point", "calls",
               "failures", "mean_us", "total_ms", "bytes", "wait_events", "events");
  dovetail_call_count total{"total", 0, 0, 0, 0, 0, 0};
  for (const dovetail_call_count& row : called_by_time()) {
    print_row(file, row);
    total.calls += row.calls;
    total.failures += row.failures;
    total.nanoseconds += row.nanoseconds;
    total.bytes += row.bytes;
    total.wait_list_events += row.wait_list_events;
    total.events += row.events;
  }
  print_row(file, total);
}

void complain(const std::string& path, int error) {
  std::fprintf(stderr, "Dovetail layer: cannot write the report '%s' (DOVETAIL_LAYER_REPORT): %s\n",
               path.c_str(), std::strerror(error));
}

// Runs after the program's static destructors, so that the calls they make are in the table.
[[gnu::destructor]] void write_report() {
  // A child of fork carries its parent's counts; only the parent may print them.
  if (report == nullptr || report->process != getpid()) return;
  if (report->path == "stderr") return print_table(stderr);
  std::FILE* file = std::fopen(report->path.c_str(), "w");
  if (file == nullptr) return complain(report->path, errno);
  print_table(file);
  const bool written = std::ferror(file) == 0;
  if (std::fclose(file) != 0 || !written) complain(report->path, errno);
}

}  // namespace

void prepare_report() {
  const char* name = std::getenv("DOVETAIL_LAYER_REPORT");
  if (name == nullptr || *name == '\0' || report != nullptr) return;
  std::string path = with_process_id(name);
  // The program may change its working directory before it ends.
  std::error_code failed;
  const std::filesystem::path full = std::filesystem::absolute(path, failed);
  if (path != "stderr" && !failed) path = full.string();
  report = new Report{std::move(path), getpid()};
}

}  // namespace dovetail::layer
