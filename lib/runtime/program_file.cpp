// SPDX-License-Identifier: Apache-2.0
#include "lib/runtime/program_file.hpp"

#include <cstring>

#include "lib/core/file.hpp"

namespace dovetail::detail {
namespace {

constexpr std::string_view magic = "dovetail program 1\n";
constexpr std::size_t largest_file = std::size_t{256} << 20;

void put(std::string& out, std::uint64_t value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof(value));
}
void put(std::string& out, std::string_view text) {
  put(out, text.size());
  out.append(text);
}

/// Reads what `put` wrote; once it ran past the end, everything is empty and `good` is false.
struct Reader {
  std::string_view rest;
  bool good = true;

  std::string_view take(std::size_t size) {
    if (size > rest.size()) {
      good = false;
      rest = {};
      return {};
    }
    const std::string_view taken = rest.substr(0, size);
    rest.remove_prefix(size);
    return taken;
  }
  std::uint64_t number() {
    std::uint64_t value = 0;
    const std::string_view bytes = take(sizeof(value));
    if (good) std::memcpy(&value, bytes.data(), sizeof(value));
    return value;
  }
  std::string text() { return std::string(take(number())); }
};

std::string serialise(const ProgramFile& file) {
  std::string body;
  put(body, file.key);
  put(body, file.signatures.size());
  for (const KernelSignature& signature : file.signatures) {
    put(body, signature.name);
    put(body, signature.parameters.size());
    for (const KernelParameter& parameter : signature.parameters) {
      put(body, parameter.name);
      put(body, parameter.type);
      put(body, static_cast<std::uint64_t>(parameter.address_space));
      put(body, static_cast<std::uint64_t>(parameter.is_const));
    }
  }
  put(body,
      std::string_view(reinterpret_cast<const char*>(file.binary.data()), file.binary.size()));
  std::string out(magic);
  put(out, fnv1a(body));
  return out + body;
}

std::optional<ProgramFile> parse(std::string_view bytes) {
  if (!bytes.starts_with(magic)) return std::nullopt;
  Reader reader{bytes.substr(magic.size())};
  const std::uint64_t checksum = reader.number();
  if (!reader.good || fnv1a(reader.rest) != checksum) return std::nullopt;

  ProgramFile file;
  file.key = reader.text();
  for (std::uint64_t kernels = reader.number(); reader.good && kernels > 0; --kernels) {
    KernelSignature signature{.name = reader.text(), .parameters = {}};
    for (std::uint64_t count = reader.number(); reader.good && count > 0; --count) {
      KernelParameter parameter;
      parameter.name = reader.text();
      parameter.type = reader.text();
      parameter.address_space = static_cast<AddressSpace>(reader.number());
      parameter.is_const = reader.number() != 0;
      signature.parameters.push_back(std::move(parameter));
    }
    file.signatures.push_back(std::move(signature));
  }
  const std::string_view binary = reader.take(reader.number());
  file.binary.assign(binary.begin(), binary.end());
  return reader.good ? std::optional(std::move(file)) : std::nullopt;
}

}  // namespace

std::uint64_t fnv1a(std::string_view bytes) noexcept {
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (const char byte : bytes) hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001b3U;
  return hash;
}

ReadResult read_program_file(const std::filesystem::path& path) {
  const auto bytes = read_file(path, largest_file);
  if (!bytes) return {};
  auto file = parse(*bytes);
  const bool damaged = !file.has_value();
  return {std::move(file), damaged};
}

bool write_program_file(const std::filesystem::path& path, const ProgramFile& file) noexcept try {
  const std::string bytes = serialise(file);
  return bytes.size() <= largest_file && write_file(path, bytes);
} catch (...) {
  return false;  // the cache only saves time
}

}  // namespace dovetail::detail
