// SPDX-License-Identifier: Apache-2.0
#include "dovetail/runtime/program.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "dovetail/core/error.hpp"
#include "lib/core/fork_guard.hpp"
#include "lib/core/moved_from.hpp"
#include "lib/core/opencl_check.hpp"
#include "lib/core/opencl_release.hpp"
#include "lib/runtime/spirv.hpp"

namespace dovetail {

struct Program::State {
  std::string name;
  Device device;
  cl_context context;
  detail::Owned<cl_program> program;
  std::vector<KernelSignature> signatures;
};

namespace {

AddressSpace address_space(cl_kernel_arg_address_qualifier qualifier) {
  switch (qualifier) {
    case CL_KERNEL_ARG_ADDRESS_GLOBAL:
      return AddressSpace::global;
    case CL_KERNEL_ARG_ADDRESS_CONSTANT:
      return AddressSpace::constant;
    case CL_KERNEL_ARG_ADDRESS_LOCAL:
      return AddressSpace::local;
    case CL_KERNEL_ARG_ADDRESS_PRIVATE:
      return AddressSpace::private_;
    default:
      return AddressSpace::unknown;
  }
}

/// Asks `query(size, value, needed)` for the size, and then for the text.
template <typename Query>
std::string text_of(std::string_view call, Query query) {
  std::size_t size = 0;
  detail::check(query(std::size_t{0}, nullptr, &size), call);
  std::string text(size, '\0');
  detail::check(query(size, text.data(), nullptr), call);
  text.resize(std::min(text.find('\0'), size));
  return text;
}

template <typename T>
T argument_info(cl_kernel kernel, cl_uint index, cl_kernel_arg_info what) {
  T value{};
  detail::check(clGetKernelArgInfo(kernel, index, what, sizeof(value), &value, nullptr),
                "clGetKernelArgInfo");
  return value;
}

std::string argument_text(cl_kernel kernel, cl_uint index, cl_kernel_arg_info what) {
  return text_of("clGetKernelArgInfo",
                 [&](auto... into) { return clGetKernelArgInfo(kernel, index, what, into...); });
}

KernelParameter read_parameter(cl_kernel kernel, cl_uint index) {
  const auto qualifiers =
      argument_info<cl_kernel_arg_type_qualifier>(kernel, index, CL_KERNEL_ARG_TYPE_QUALIFIER);
  // A pipe's type is that of its packets.
  const char* const prefix = (qualifiers & CL_KERNEL_ARG_TYPE_PIPE) != 0 ? "pipe " : "";
  return {.name = argument_text(kernel, index, CL_KERNEL_ARG_NAME),
          .type = prefix + argument_text(kernel, index, CL_KERNEL_ARG_TYPE_NAME),
          .address_space = address_space(argument_info<cl_kernel_arg_address_qualifier>(
              kernel, index, CL_KERNEL_ARG_ADDRESS_QUALIFIER)),
          .is_const = (qualifiers & CL_KERNEL_ARG_TYPE_CONST) != 0};
}

KernelSignature read_signature(cl_kernel kernel) {
  KernelSignature signature{
      .name = text_of(
          "clGetKernelInfo",
          [&](auto... into) { return clGetKernelInfo(kernel, CL_KERNEL_FUNCTION_NAME, into...); }),
      .parameters = {}};
  cl_uint count = 0;
  detail::check(clGetKernelInfo(kernel, CL_KERNEL_NUM_ARGS, sizeof(count), &count, nullptr),
                "clGetKernelInfo");
  for (cl_uint i = 0; i < count; ++i) {
    try {
      signature.parameters.push_back(read_parameter(kernel, i));
    } catch (const OpenCLError& error) {
      if (error.code() != CL_KERNEL_ARG_INFO_NOT_AVAILABLE) throw;
      signature.parameters.emplace_back();  // the driver does not tell: unknown
    }
  }
  return signature;
}

std::vector<KernelSignature> read_signatures(cl_program program) {
  cl_uint count = 0;
  detail::check(clCreateKernelsInProgram(program, 0, nullptr, &count), "clCreateKernelsInProgram");
  std::vector<cl_kernel> made(count);
  std::vector<detail::Owned<cl_kernel>> kernels(count);
  detail::check(clCreateKernelsInProgram(program, count, made.data(), nullptr),
                "clCreateKernelsInProgram");
  for (cl_uint i = 0; i < count; ++i) kernels[i].reset(made[i]);
  std::vector<KernelSignature> signatures;
  signatures.reserve(count);
  for (const auto& kernel : kernels) signatures.push_back(read_signature(kernel.get()));
  return signatures;
}

/// The build's error is the one to tell, so that of a log that cannot be had goes into its place.
std::string build_log(cl_program program, cl_device_id device) try {
  return text_of("clGetProgramBuildInfo", [&](auto... into) {
    return clGetProgramBuildInfo(program, device, CL_PROGRAM_BUILD_LOG, into...);
  });
} catch (const OpenCLError& error) {
  return fmt::format("(none: {})", error.what());
}

/// @param options  What messages tell; the compiler gets `option_text`.
void build(cl_program program, const Device& device, const ProgramSource& source,
           const std::string& options, const std::string& option_text) {
  const cl_device_id id = device.get();
  const cl_int status = clBuildProgram(program, 1, &id, option_text.c_str(), nullptr, nullptr);
  if (status == CL_SUCCESS) return;
  if (status == CL_OUT_OF_HOST_MEMORY) {  // which says nothing of the source
    detail::throw_opencl_error(status, "clBuildProgram", SourceLocation::current(),
                               fmt::format("program '{}' with options '{}'", source.name, options));
  }
  throw BuildError(status, source.name, options, build_log(program, id), SourceLocation::current(),
                   source.text);
}

detail::Owned<cl_program> build(cl_context context, const Device& device,
                                const ProgramSource& source, const BuildOptions& options,
                                const std::string& option_text) {
  const char* text = source.text.data();
  const std::size_t size = source.text.size();
  cl_int status = CL_SUCCESS;
  detail::Owned<cl_program> program(clCreateProgramWithSource(context, 1, &text, &size, &status));
  detail::check(status, "clCreateProgramWithSource");
  build(program.get(), device, source, options.str(), option_text);
  return program;
}

detail::Owned<cl_program> load(cl_context context, const Device& device,
                               std::span<const unsigned char> binary) {
  const cl_device_id id = device.get();
  const unsigned char* bytes = binary.data();
  const std::size_t size = binary.size();
  cl_int status = CL_SUCCESS;
  detail::Owned<cl_program> program(
      clCreateProgramWithBinary(context, 1, &id, &size, &bytes, nullptr, &status));
  detail::check(status, "clCreateProgramWithBinary");
  return program;
}

}  // namespace

Program::Program(std::shared_ptr<const State> state) : state_(std::move(state)) {}

const Program::State& Program::state(std::string_view function) const {
  detail::check_not_moved_from(function, "program", state_);
  return *state_;
}

Program Program::from_source(const Context& context, const ProgramSource& source,
                             const BuildOptions& options) {
  detail::check_not_moved_from("Program::from_source", "context", context);
  return from_source(context.get(), context.device(), source, options);
}

Program Program::from_source(cl_context context, const Device& device, const ProgramSource& source,
                             const BuildOptions& options) {
  detail::check_not_forked("Program::from_source");
  // Without the option drivers forget the signatures that arguments are checked against. With it,
  // some compilers refuse a program that they take otherwise (NVIDIA's, with a kernel that has no
  // parameters): then the program is built without, and its launches are checked for the count
  // only.
  detail::Owned<cl_program> program;
  try {
    program = build(context, device, source, options, options.str() + " -cl-kernel-arg-info");
  } catch (const BuildError& error) {
    if (error.code() != CL_BUILD_PROGRAM_FAILURE) throw;  // which says nothing of the option
    program = build(context, device, source, options, options.str());
  }
  auto signatures = read_signatures(program.get());
  return Program(std::make_shared<const State>(
      State{source.name, device, context, std::move(program), std::move(signatures)}));
}

Program Program::from_binary(const Context& context, std::string name,
                             std::span<const unsigned char> binary,
                             std::vector<KernelSignature> signatures) {
  detail::check_not_moved_from("Program::from_binary", "context", context);
  return from_binary(context.get(), context.device(), std::move(name), binary,
                     std::move(signatures));
}

Program Program::from_binary(cl_context context, const Device& device, std::string name,
                             std::span<const unsigned char> binary,
                             std::vector<KernelSignature> signatures) {
  detail::check_not_forked("Program::from_binary");
  const auto refuse = [&](const OpenCLError& error, const std::string& log) {
    detail::throw_opencl_error(
        error.code(), error.call(), SourceLocation::current(),
        fmt::format("[Program::from_binary] '{}' refuses the {} bytes of program '{}'; give what "
                    "Program::binary() gave on this device and driver, or build it from its "
                    "source{}{}",
                    device.name(), binary.size(), name, log.empty() ? "" : "; the log:\n", log));
  };
  detail::Owned<cl_program> program;
  try {  // each call may be the first that looks at the bytes
    program = load(context, device, binary);
    build(program.get(), device, {.name = name, .text = {}}, {}, {});
    if (signatures.empty()) signatures = read_signatures(program.get());
  } catch (const BuildError& error) {
    refuse(error, error.log());
  } catch (const OpenCLError& error) {
    refuse(error, {});
  }
  return Program(std::make_shared<const State>(
      State{std::move(name), device, context, std::move(program), std::move(signatures)}));
}

Program Program::from_spirv(const Context& context, std::string name,
                            std::span<const unsigned char> module,
                            const SpecializationConstants& constants) {
  detail::check_not_forked("Program::from_spirv");
  detail::check_not_moved_from("Program::from_spirv", "context", context);
  const Device& device = context.device();
  auto program = detail::create_spirv_program(context.get(), device, name, module, constants);
  build(program.get(), device, {.name = name, .text = {}}, {}, {});
  auto signatures = read_signatures(program.get());
  return Program(std::make_shared<const State>(
      State{std::move(name), device, context.get(), std::move(program), std::move(signatures)}));
}

std::vector<unsigned char> Program::binary() const {
  detail::check_not_forked("Program::binary");
  const cl_program native = state("Program::binary").program.get();
  const auto info = [&](cl_program_info what, std::size_t size, void* value, std::size_t* needed) {
    detail::check(clGetProgramInfo(native, what, size, value, needed), "clGetProgramInfo");
  };
  const auto all = [&]<typename T>(cl_program_info what, std::vector<T> values) {
    std::size_t nbytes = 0;
    info(what, 0, nullptr, &nbytes);
    values.resize(nbytes / sizeof(T));
    info(what, nbytes, values.data(), nullptr);
    return values;
  };
  const auto devices = all(CL_PROGRAM_DEVICES, std::vector<cl_device_id>());
  const auto sizes = all(CL_PROGRAM_BINARY_SIZES, std::vector<std::size_t>());
  // One for each device of the context; PoCL 3.1 tells of the one alone that it was built for.
  const auto place = sizes.size() == devices.size()
                         ? std::ranges::find(devices, device().get()) - devices.begin()
                         : 0;
  std::vector<std::vector<unsigned char>> binaries(sizes.begin(), sizes.end());
  std::vector<unsigned char*> into;
  into.reserve(binaries.size());
  for (auto& binary : binaries) into.push_back(binary.data());
  info(CL_PROGRAM_BINARIES, into.size() * sizeof(unsigned char*), into.data(), nullptr);
  return std::move(binaries.at(static_cast<std::size_t>(place)));
}

const std::vector<KernelSignature>& Program::signatures() const {
  return state("Program::signatures").signatures;
}
const std::string& Program::name() const { return state("Program::name").name; }
const Device& Program::device() const { return state("Program::device").device; }
cl_program Program::get() const noexcept { return state_ ? state_->program.get() : nullptr; }
cl_context Program::context() const noexcept { return state_ ? state_->context : nullptr; }

}  // namespace dovetail
