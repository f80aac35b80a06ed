// SPDX-License-Identifier: Apache-2.0
// Runs the program as a user does, and reads what it wrote.
#pragma once

#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

namespace dovetail::tool {

using Json = nlohmann::json;

struct Outcome {
  int exit_code;
  std::string output;  ///< Standard output, then standard error, as they came.
};

inline Outcome run(const std::string& arguments, const std::string& environment = "") {
  const std::string command =
      environment + " '" + std::getenv("DOVETAIL_TOOL") + "' " + arguments + " 2>&1 </dev/null";
  std::FILE* pipe = ::popen(command.c_str(), "r");
  std::string output;
  std::array<char, 4096> part{};
  while (const std::size_t size = std::fread(part.data(), 1, part.size(), pipe)) {
    output.append(part.data(), size);
  }
  const int status = ::pclose(pipe);
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, std::move(output)};
}

inline Json read_json(const std::filesystem::path& path) {
  return Json::parse(std::ifstream(path));
}

}  // namespace dovetail::tool
