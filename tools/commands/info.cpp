// SPDX-License-Identifier: Apache-2.0
// `dovetail info`: the OpenCL devices.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "dovetail/version.hpp"
#include "tools/common_options.hpp"

namespace dovetail::tool {
namespace {

std::string describe(const Device& device) {
  return fmt::format(
      "{}\n     {}, {}, driver {}\n     {} compute units, {:.1f} GiB global, {} KiB local memory, "
      "groups of up to {}\n",
      device.name(), to_string(device.type()), device.platform_name(), device.driver_version(),
      device.compute_units(), static_cast<double>(device.global_memory()) / (1U << 30),
      device.local_memory() / 1024, device.max_work_group_size());
}

class InfoCommand : public Command {
 public:
  InfoCommand() : Command("info", "Lists the OpenCL devices") {}

  void add_options(CLI::App& app) override { common_.add_to(app); }

  ExitCode run() override {
    common_.apply();
    const std::vector<Device> devices = Device::all();
    const Device chosen = Device::default_device();
    auto text = fmt::format("Dovetail {}\n", DOVETAIL_VERSION);
    auto document = to_json(Results{}, chosen);
    for (std::size_t i = 0; i < devices.size(); ++i) {
      text += fmt::format("{} {}: {}", devices[i] == chosen ? "*" : " ", i, describe(devices[i]));
      document["devices"].push_back(to_json(devices[i]));
    }
    text += "* is the device that is used; --device or DOVETAIL_DEVICE chooses.\n";
    common_.show(text, document);
    return ExitCode::done;
  }

 private:
  CommonOptions common_;
};

}  // namespace

std::unique_ptr<Command> make_info_command() { return std::make_unique<InfoCommand>(); }

}  // namespace dovetail::tool
