// SPDX-License-Identifier: Apache-2.0
#include "lib/ops/matmul/tuning/tuning_table.hpp"

#include <gtest/gtest.h>

#include "dovetail/core/error.hpp"
#include "tests/support/thrown.hpp"

namespace dovetail::detail {
namespace {

using test::expect_throws;

constexpr std::string_view header =
    "device,dtype,transpose_a,transpose_b,batch,m,n,k,backend,choice\n";

TuningEntry entry(const MatmulCase& product, std::string choice) {
  return {.device = "gpu", .product = product, .tuning = {.choice = std::move(choice)}};
}

TEST(TuningTable, ReadsWhatItWrote) {
  TuningTable table;
  table.set(
      {.device = "Some (R) Device",
       .product = {.dtype = DType::bf16, .transpose_b = true, .batch = 3, .m = 4, .n = 5, .k = 6},
       .tuning = {.backend = MatmulBackend::clblast, .choice = "panel rows=8 steps=256"}});
  table.set(entry({.dtype = DType::i8, .transpose_a = true, .m = 7, .n = 8, .k = 9}, ""));
  const std::string text = table.text();
  EXPECT_EQ(text, std::string(header) +
                      "Some (R) Device,bfloat16,n,t,3,4,5,6,clblast,panel rows=8 steps=256\n"
                      "gpu,int8,t,n,1,7,8,9,kernel,\n");
  EXPECT_EQ(TuningTable::parse(text, "x").text(), text);
}

TEST(TuningTable, ReadsLinesThatEndAsOnWindows) {
  const auto table = TuningTable::parse(
      "device,dtype,transpose_a,transpose_b,batch,m,n,k,backend,choice\r\n"
      "gpu,float32,n,n,1,2,3,4,kernel,panel rows=8\r\n\r\n",
      "test");
  ASSERT_EQ(table.entries().size(), 1U);
  EXPECT_EQ(table.entries()[0].tuning.choice, "panel rows=8");
}

TEST(TuningTable, TakesCommentsAndEmptyLines) {
  const auto table = TuningTable::parse("# by hand\n\ngpu,float32,n,n,1,1,1,1,kernel,x", "f.csv");
  ASSERT_EQ(table.entries().size(), 1u);
  EXPECT_EQ(table.entries()[0].tuning.choice, "x");
  EXPECT_TRUE(TuningTable::parse("", "f.csv").entries().empty());
}

TEST(TuningTable, NamesALineThatIsNone) {
  for (const std::string_view line :
       {"gpu", "gpu,float32,n,n,1,1,1,1,kernel", "gpu,float32,n,n,1,1,1,1,kernel,x,y",
        ",float32,n,n,1,1,1,1,kernel,x", "gpu,int32,n,n,1,1,1,1,kernel,x",
        "gpu,float32,y,n,1,1,1,1,kernel,x", "gpu,float32,n,,1,1,1,1,kernel,x",
        "gpu,float32,n,n,0,1,1,1,kernel,x", "gpu,float32,n,n,1,-1,1,1,kernel,x",
        "gpu,float32,n,n,1,1,1x,1,kernel,x", "gpu,float32,n,n,1,1,1,,kernel,x",
        "gpu,float32,n,n,1,1,1,99999999999999999999,kernel,x",
        "gpu,float32,n,n,1,1,1,1,automatic,x", "gpu,float32,n,n,1,1,1,1,reference,x"}) {
    expect_throws<InvalidArgument>(
        [&] { TuningTable::parse(std::string(header) + std::string(line), "my.csv"); },
        "[load_matmul_tuning] my.csv:2: '" + std::string(line) + "'", "tune again");
  }
}

TEST(TuningTable, TakesAFileOfTheLargestSize) {
  std::string text;
  for (int m = 1; m <= 300'000; ++m) {
    text += "cpu,float32,n,n,1," + std::to_string(m) + ",8,8,kernel,reference\n";
  }
  EXPECT_EQ(TuningTable::parse(text, "test").entries().size(), 300'000u);  // in linear time
}

TEST(TuningTable, ReplacesAnEntryOfTheSameCase) {
  TuningTable table, other;
  table.set(entry({.m = 2}, "old"));
  other.set(entry({.m = 2}, "new"));
  other.set(entry({.m = 3}, "three"));
  table.merge(other);
  ASSERT_EQ(table.entries().size(), 2u);
  EXPECT_EQ(table.find("gpu", {.m = 2})->choice, "new");
}

TEST(TuningTable, FindsTheNearestCase) {
  TuningTable table;
  table.set(entry({.m = 100, .n = 100, .k = 100}, "small"));
  table.set(entry({.m = 200, .n = 200, .k = 200}, "large"));
  EXPECT_EQ(table.find("gpu", {.m = 100, .n = 100, .k = 100})->choice, "small");
  EXPECT_EQ(table.find("gpu", {.m = 110, .n = 105, .k = 95})->choice, "small");
  EXPECT_EQ(table.find("gpu", {.m = 180, .n = 190, .k = 199})->choice, "large");
  EXPECT_EQ(table.find("gpu", {.m = 141, .n = 100, .k = 100})->choice, "small");
  EXPECT_EQ(table.find("gpu", {.m = 142, .n = 100, .k = 100}), nullptr);
  EXPECT_EQ(table.find("gpu", {.m = 120, .n = 120, .k = 120}), nullptr);  // 1.2 times each
}

TEST(TuningTable, TellsWhatIsNotAlikeApart) {
  TuningTable table;
  table.set(entry({.m = 2, .n = 64, .k = 64}, "thin"));
  EXPECT_EQ(table.find("cpu/16", {.m = 2, .n = 64, .k = 64}), nullptr);
  EXPECT_EQ(table.find("gpu", {.m = 1, .n = 64, .k = 64}), nullptr);  // a vector
  EXPECT_EQ(table.find("gpu", {.dtype = DType::f64, .m = 2, .n = 64, .k = 64}), nullptr);
  EXPECT_EQ(table.find("gpu", {.transpose_a = true, .m = 2, .n = 64, .k = 64}), nullptr);
  EXPECT_EQ(table.find("gpu", {.transpose_b = true, .m = 2, .n = 64, .k = 64}), nullptr);
  EXPECT_EQ(table.find("gpu", {.batch = 3, .m = 2, .n = 64, .k = 64}), nullptr);
  EXPECT_EQ(table.find("gpu", {.batch = 2, .m = 2, .n = 64, .k = 64}), nullptr);
  EXPECT_NE(table.find("gpu", {.m = 2, .n = 80, .k = 64}), nullptr);
}

}  // namespace
}  // namespace dovetail::detail
