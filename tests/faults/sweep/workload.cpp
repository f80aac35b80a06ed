// SPDX-License-Identifier: Apache-2.0
#include "tests/faults/sweep/workload.hpp"

#include <exception>
#include <typeinfo>

#include "dovetail/core/error.hpp"

namespace dovetail::sweep {

std::vector<Failure> Workload::run() {
  std::vector<Failure> failures;
  for (const auto* sections :
       {&stream_sections, &runtime_sections, &tensor_sections, &interop_sections}) {
    for (const Section& section : *sections) {
      const auto note = [&](Failing how, const std::exception& error) {
        failures.push_back({.how = how,
                            .text = std::string(section.name) + ": " + typeid(error).name() + ", " +
                                    error.what()});
      };
      try {
        section.run(fixture_);
      } catch (const Error& error) {
        note(Failing::typed, error);
      } catch (const InvalidArgument& error) {
        note(Failing::typed, error);
      } catch (const WrongResult& error) {
        note(Failing::wrong, error);
      } catch (const std::exception& error) {
        note(Failing::foreign, error);
      }
    }
  }
  return failures;
}

}  // namespace dovetail::sweep
