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

/// OpenCL C text, and the name by which messages call it.
struct ProgramSource {
  std::string name;
  std::string text;
};

/// A program that is built for one context: a copyable handle.
///
/// A handle that was moved from returns null from `get()` and `context()`; whatever else it is
/// asked for, or given to, throws InvalidArgument. Thread-safe.
class DOVETAIL_EXPORT Program {
 public:
  /// Compiles and links `source`. Its `#include`s are looked for in the options' folders.
  /// @throws BuildError   it does not build; carries the log, the options and the log's places.
  /// @throws OutOfMemory  the compiler has no memory.
  [[nodiscard]] static Program from_source(const Context& context, const ProgramSource& source,
                                           const BuildOptions& options = {});

  /// Loads what `binary()` gave on the same device and driver.
  /// @param signatures  What `signatures()` gave beside it. Drivers may not keep the signatures in
  ///                    the binary; without them arguments are checked for their count only.
  /// @throws OpenCLError  the driver refuses the binary, when it loads or when it links it; carries
  ///                      the log, if there is one.
  [[nodiscard]] static Program from_binary(const Context& context, std::string name,
                                           std::span<const unsigned char> binary,
                                           std::vector<KernelSignature> signatures = {});

  /// Builds a SPIR-V module, where the device takes SPIR-V.
  /// @param name       By which messages call it.
  /// @param module     Its bytes, in words of 4.
  /// @param constants  Values for its specialization constants.
  /// @throws InvalidArgument  `module` is no SPIR-V; the device takes none; a constant is not in
  ///                          the module or of another size.
  /// @throws BuildError       it does not build.
  [[nodiscard]] static Program from_spirv(const Context& context, std::string name,
                                          std::span<const unsigned char> module,
                                          const SpecializationConstants& constants = {});

  /// The device's code, in the driver's own format.
  std::vector<unsigned char> binary() const;

  /// The kernels in this program, in no particular order.
  const std::vector<KernelSignature>& signatures() const;

  const std::string& name() const;
  const Device& device() const;
  cl_program get() const noexcept;
  /// The context that the program belongs to.
  cl_context context() const noexcept;

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
