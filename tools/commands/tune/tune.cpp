// SPDX-License-Identifier: Apache-2.0
#include "tools/commands/tune/tune.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "dovetail/core/context.hpp"
#include "tools/commands/tune/product_tuner.hpp"
#include "tools/terminal.hpp"

namespace dovetail::tool {
namespace {

std::string label(const MatmulCase& p) {
  const std::string sizes = fmt::format("{}x{}x{} {}{}", p.m, p.n, p.k, p.transpose_a ? 't' : 'n',
                                        p.transpose_b ? 't' : 'n');
  return p.batch == 1 ? sizes : fmt::format("{}*{}", p.batch, sizes);
}

void load_if_there(const std::filesystem::path& file) {
  if (std::filesystem::exists(file)) load_matmul_tuning(file);
}

}  // namespace

void keep(const TuneRow& row, const std::filesystem::path& file) {
  load_if_there(file);
  set_matmul_tuning(Context::default_context().device(), row.product, row.tuning);
  save_matmul_tuning(file);
}

std::vector<TuneRow> run_tune(const TuneOptions& options, Results& results) {
  load_if_there(options.file);
  save_matmul_tuning(options.file);  // fails before hours of measuring rather than after
  const Device& device = Context::default_context().device();
  std::vector<TuneRow> rows;
  Progress progress("tune", options.shapes.size());
  for (const MatmulShape& shape : options.shapes) {
    progress.step(fmt::format("{} {}", shape.set, shape.name));
    if (!options.again && has_matmul_tuning(device, case_of(shape, options.dtype))) continue;
    rows.push_back(ProductTuner(shape, options, results).run());
    keep(rows.back(), options.file);
  }
  return rows;
}

nlohmann::json to_json(const std::vector<TuneRow>& rows) {
  auto list = nlohmann::json::array();
  for (const auto& [p, tuning, choices, us_by_rule, us, us_clblast] : rows) {
    nlohmann::json row{{"dtype", to_string(p.dtype)},
                       {"m", p.m},
                       {"n", p.n},
                       {"k", p.k},
                       {"batch", p.batch},
                       {"transpose_a", p.transpose_a},
                       {"transpose_b", p.transpose_b},
                       {"backend", to_string(tuning.backend)},
                       {"choice", tuning.choice},
                       {"choices_timed", choices},
                       {"us_by_rule", us_by_rule},
                       {"us", us}};
    if (us_clblast != 0) row["us_clblast"] = us_clblast;
    list.push_back(std::move(row));
  }
  return list;
}

std::string table(const std::vector<TuneRow>& rows) {
  std::string text = fmt::format("\n{:<24} {:>11} {:>11} {:>6} {:>11}  {}\n", "Product",
                                 "by rule us", "tuned us", "ratio", "CLBlast us", "taken");
  for (const TuneRow& row : rows) {
    text += fmt::format("{:<24} {:>11.2f} {:>11.2f} {:>6.2f} {:>11.2f}  {}: {}\n",
                        label(row.product), row.us_by_rule, row.us, row.us_by_rule / row.us,
                        row.us_clblast, to_string(row.tuning.backend), row.tuning.choice);
  }
  return text;
}

}  // namespace dovetail::tool
