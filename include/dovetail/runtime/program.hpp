// SPDX-License-Identifier: Apache-2.0
// Programs: built OpenCL C or SPIR-V.
#pragma once

#include <CL/cl.h>

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dovetail/core/context.hpp"
#include "dovetail/core/export.hpp"
#include "dovetail/runtime/build_options.hpp"
#include "dovetail/runtime/kernel_signature.hpp"
#include "dovetail/runtime/specialization_constants.hpp"

namespace dovetail {

/// OpenCL C text, and its name in messages.
struct ProgramSource {
  std::string name;
  std::string text;
};

/// A copyable handle to a program that is built for one context.
///
/// After a move, `get()` and `context()` return null, and every other use of the handle throws
/// InvalidArgument. Thread-safe.
class DOVETAIL_EXPORT Program {
 public:
  /// Compiles and links `source`. Looks for its `#include`s in the options' folders.
  /// @throws BuildError   it does not build; has the log, the options and the lines at fault.
  /// @throws OutOfMemory  the compiler has no memory.
  [[nodiscard]] static Program from_source(const Context& context, const ProgramSource& source,
                                           const BuildOptions& options = {});

  /// Loads the result of `binary()` on the same device and driver.
  /// @param signatures  The result of `signatures()` beside it. Drivers may not keep signatures in
  ///                    the binary; without them launches check only the number of arguments.
  /// @throws OpenCLError  the driver cannot load or link the binary; has the log, if there is one.
  [[nodiscard]] static Program from_binary(const Context& context, std::string name,
                                           std::span<const unsigned char> binary,
                                           std::vector<KernelSignature> signatures = {});

  /// Builds a SPIR-V module, if the device takes SPIR-V.
  /// @param name       Its name in messages.
  /// @param module     Its bytes, in words of 4.
  /// @param constants  Values for its specialization constants.
  /// @throws InvalidArgument  `module` is no SPIR-V; the device takes none; a constant is not in
  ///                          the module or has another size.
  /// @throws BuildError       it does not build.
  [[nodiscard]] static Program from_spirv(const Context& context, std::string name,
                                          std::span<const unsigned char> module,
                                          const SpecializationConstants& constants = {});

  /// Returns the device's code in the driver's own format.
  std::vector<unsigned char> binary() const;

  /// Returns the program's kernels, in no particular order.
  const std::vector<KernelSignature>& signatures() const;

  const std::string& name() const;      ///< Returns the name in messages.
  const Device& device() const;         ///< Returns the device.
  cl_program get() const noexcept;      ///< Returns the native handle.
  cl_context context() const noexcept;  ///< Returns the context's native handle.

 private:
  friend class ProgramCache;  // lives inside a context, and so must not hold a handle to it
  static Program from_source(cl_context context, const Device& device, const ProgramSource& source,
                             const BuildOptions& options);
  static Program from_binary(cl_context context, const Device& device, std::string name,
                             std::span<const unsigned char> binary,
                             std::vector<KernelSignature> signatures);

  struct State;
  explicit Program(std::shared_ptr<const State> state);
  /// @throws InvalidArgument  the handle was moved from.
  const State& state(std::string_view function) const;
  std::shared_ptr<const State> state_;
};

}  // namespace dovetail
