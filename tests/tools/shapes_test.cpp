// SPDX-License-Identifier: Apache-2.0
#include "tools/commands/matmul/shapes.hpp"

#include <gtest/gtest.h>

#include <set>

#include "dovetail/core/error.hpp"
#include "tests/support/thrown.hpp"

namespace dovetail::tool {
namespace {

using test::text_thrown;

constexpr const char* header = "set,name,batch,m,n,k,transpose_a,transpose_b\n";

std::string refusal_of(const std::string& text) {
  return text_thrown<InvalidArgument>([&] { (void)parse_shapes(text, "f.csv"); });
}

TEST(Shapes, ReadsEveryField) {
  const auto shapes = parse_shapes(std::string(header) + "s,x,12,128,32,64,n,t\r\n\n", "f.csv");
  ASSERT_EQ(shapes.size(), 1U);
  EXPECT_EQ(shapes[0].set, "s");
  EXPECT_EQ(shapes[0].name, "x");
  EXPECT_EQ(shapes[0].batch, 12U);
  EXPECT_EQ(shapes[0].m, 128U);
  EXPECT_EQ(shapes[0].n, 32U);
  EXPECT_EQ(shapes[0].k, 64U);
  EXPECT_FALSE(shapes[0].transpose_a);
  EXPECT_TRUE(shapes[0].transpose_b);
  EXPECT_EQ(shapes[0].flops(), 2.0 * 12 * 128 * 32 * 64);
}

TEST(Shapes, BuiltinListHasEverySet) {
  std::set<std::string> sets;
  for (const MatmulShape& shape : builtin_shapes()) sets.insert(shape.set);
  EXPECT_EQ(sets, (std::set<std::string>{"founding", "minilm-l6", "bert-base", "llama-3.2-1b",
                                         "vit-b16", "resnet50", "deepbench", "square", "odd"}));
}

TEST(Shapes, RefusalNamesFileLineAndField) {
  EXPECT_EQ(
      refusal_of(std::string(header) + "s,x,1,4,4,4,n,n\ns,y,1,4,four,4,n,n\n"),
      "[shapes] f.csv:3: 's,y,1,4,four,4,n,n': n is 'four', and must be a whole number from 1 to "
      "16777216.");
}

TEST(Shapes, RefusesOtherMistakes) {
  EXPECT_NE(refusal_of("m,n,k\n1,2,3\n").find("the first line must be: set,name"),
            std::string::npos);
  EXPECT_NE(refusal_of(std::string(header) + "s,x,1,4,4\n").find("5 fields, and must have 8"),
            std::string::npos);
  EXPECT_NE(refusal_of(std::string(header) + "s,x,1,4,4,-4,n,n\n").find("k is '-4'"),
            std::string::npos);
  EXPECT_NE(refusal_of(std::string(header) + "s,x,0,4,4,4,n,n\n").find("batch is '0'"),
            std::string::npos);
  EXPECT_NE(refusal_of(std::string(header) + "s,x,1,4,4,4,y,n\n").find("transpose_a is 'y'"),
            std::string::npos);
  EXPECT_NE(refusal_of(header).find("f.csv: no shapes"), std::string::npos);
}

TEST(Shapes, RefusesFileThatCannotBeRead) {
  EXPECT_EQ(text_thrown<InvalidArgument>([] { (void)read_shapes("/nonexistent/shapes.csv"); }),
            "[shapes] cannot read the file '/nonexistent/shapes.csv'.");
}

TEST(Shapes, SelectionKeepsTheSetsThatItNames) {
  EXPECT_EQ(select_shapes().size(), builtin_shapes().size());
  const auto shapes = select_shapes({}, {"odd", "founding"});
  EXPECT_FALSE(shapes.empty());
  for (const MatmulShape& shape : shapes) {
    EXPECT_TRUE(shape.set == "odd" || shape.set == "founding") << shape.set;
  }
}

TEST(Shapes, SelectionRefusesASetThatIsNotThereAndListsThoseThatAre) {
  EXPECT_EQ(text_thrown<InvalidArgument>([] {
              (void)select_shapes({}, {"odd", "even"});
            }),
            "--sets: there is no set 'even'; there are: founding, minilm-l6, bert-base, "
            "llama-3.2-1b, vit-b16, resnet50, deepbench, square, odd.");
}

}  // namespace
}  // namespace dovetail::tool
