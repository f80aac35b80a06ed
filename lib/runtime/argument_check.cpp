// SPDX-License-Identifier: Apache-2.0
#include "lib/runtime/argument_check.hpp"

#include <fmt/format.h>

#include "dovetail/core/error.hpp"

namespace dovetail::detail {
namespace {

KernelArgument::Kind wanted_kind(AddressSpace space) {
  switch (space) {
    case AddressSpace::global:
    case AddressSpace::constant:
      return KernelArgument::Kind::memory;
    case AddressSpace::local:
      return KernelArgument::Kind::local;
    default:
      return KernelArgument::Kind::value;
  }
}

void check_value(const KernelSignature& signature, std::size_t index, const ParameterCheck& check,
                 const KernelArgument& given) {
  if (check.nbytes == 0) return;
  if (given.nbytes() != check.nbytes) {
    throw InvalidArgument(fmt::format("{} takes {} bytes, but the value given has {}; cast it.",
                                      argument_label(signature, index), check.nbytes,
                                      given.nbytes()));
  }
  using ValueType = KernelArgument::ValueType;
  if (given.value_type() == (check.floating ? ValueType::integral : ValueType::floating)) {
    throw InvalidArgument(fmt::format("{} was given {} value; cast it.",
                                      argument_label(signature, index),
                                      check.floating ? "an integral" : "a floating-point"));
  }
}

}  // namespace

ParameterCheck::ParameterCheck(const KernelParameter& parameter)
    : known(parameter.address_space != AddressSpace::unknown),
      kind(wanted_kind(parameter.address_space)),
      nbytes(size_of_opencl_type(parameter.type)),
      floating(parameter.type == "float" || parameter.type == "double"),
      access(parameter.is_const || parameter.address_space == AddressSpace::constant
                 ? Access::read
                 : Access::read_write) {}

std::string argument_label(const KernelSignature& signature, std::size_t index) {
  const KernelParameter& parameter = signature.parameters[index];
  if (parameter.address_space == AddressSpace::unknown) {
    return fmt::format("[Kernel '{}'] argument {}", signature.name, index);
  }
  return fmt::format("[Kernel '{}'] argument {}, '{} {}',", signature.name, index, parameter.type,
                     parameter.name);
}

std::string_view kind_name(KernelArgument::Kind kind) {
  switch (kind) {
    case KernelArgument::Kind::value:
      return "a value";
    case KernelArgument::Kind::memory:
      return "a buffer";
    case KernelArgument::Kind::local:
      break;
  }
  return "local memory";
}

void check_argument(const KernelSignature& signature, std::size_t index,
                    const ParameterCheck& check, const KernelArgument& given, cl_context context) {
  if (given.context() != nullptr && given.context() != context) {
    throw InvalidArgument(
        fmt::format("{} was given a buffer of another context; copy it into the kernel's context.",
                    argument_label(signature, index)));
  }
  if (given.used_offset() > given.memory_nbytes() ||
      given.used_nbytes() > given.memory_nbytes() - given.used_offset()) {
    throw InvalidArgument(fmt::format("{} was given {} bytes at offset {} of a buffer that has {}.",
                                      argument_label(signature, index), given.used_nbytes(),
                                      given.used_offset(), given.memory_nbytes()));
  }
  if (given.kind() == KernelArgument::Kind::local && given.nbytes() == 0) {
    throw InvalidArgument(
        fmt::format("{} was given 0 bytes of local memory.", argument_label(signature, index)));
  }
  if (!check.known) return;
  if (given.kind() != check.kind) {
    throw InvalidArgument(fmt::format("{} takes {}, but was given {}.",
                                      argument_label(signature, index), kind_name(check.kind),
                                      kind_name(given.kind())));
  }
  if (given.kind() == KernelArgument::Kind::value) check_value(signature, index, check, given);
}

}  // namespace dovetail::detail
