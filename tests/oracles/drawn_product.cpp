// SPDX-License-Identifier: Apache-2.0
#include "tests/oracles/drawn_product.hpp"

#include <array>
#include <random>
#include <sstream>

namespace dovetail::test {
namespace {

class Draw {
 public:
  explicit Draw(std::uint32_t seed) : generator_(seed) {}
  /// From 0 to `end` - 1; the same on every system, which std::uniform_int_distribution is not.
  std::int64_t below(std::int64_t end) { return static_cast<std::int64_t>(generator_()) % end; }
  bool one_in(std::int64_t n) { return below(n) == 0; }
  template <typename T, std::size_t count>
  T of(const std::array<T, count>& values) {
    return values[static_cast<std::size_t>(below(count))];
  }

 private:
  std::mt19937 generator_;
};

std::int64_t draw_size(Draw& draw) {
  constexpr std::array<std::int64_t, 12> primes{2, 3, 5, 7, 13, 31, 61, 67, 97, 101, 127, 131};
  switch (draw.below(8)) {
    case 0:
      return draw.of(primes);
    case 1:
      return draw.of(std::array<std::int64_t, 6>{1, 1, 4, 8, 16, 64});
    default:
      return draw.below(71);
  }
}

void draw_sizes(Draw& draw, DrawnProduct& c) {
  c.m = draw_size(draw);
  c.n = draw_size(draw);
  c.k = draw_size(draw);
  switch (draw.below(10)) {
    case 0:  // several passes over k
      c.k = 2040 + draw.below(2600);
      break;
    case 1:  // the kernels' main path
      c.m = 128 + draw.below(140);
      c.n = 128 + draw.below(140);
      break;
    case 2:
      (draw.one_in(2) ? c.m : c.n) = 300 + draw.below(1000);
      break;
    case 3:  // whole blocks
      c.m = 64 * (1 + draw.below(3));
      c.n = 64 * (1 + draw.below(3));
      c.k = 64 * (1 + draw.below(3));
      break;
    default:
      break;
  }
  if (draw.one_in(2)) {
    c.batch = 2 + draw.below(4);
    if (draw.one_in(4)) c.m = 1;
  }
  // The host multiplies them too.
  while (c.m * c.n * c.k * c.batch > 8'000'000) (c.m > c.n ? c.m : c.n) /= 2;
  if (draw.one_in(40)) c.batch = 0;
  if (c.batch > 1) {
    c.batch_kind = draw.of(
        std::array{BatchKind::own, BatchKind::shared_a, BatchKind::shared_b, BatchKind::shared_b});
  }
}

void draw_epilogue(Draw& draw, DrawnProduct& c) {
  const bool is_int = c.in == DType::i8;
  if (draw.one_in(3)) return;  // the plain product has kernels of its own
  if (draw.one_in(2)) {
    c.alpha = is_int ? draw.of(std::array{0.0, -1.0, 3.0, -7.0})
                     : draw.of(std::array{0.0, -1.0, 0.5, 0.1, -2.75});
  }
  if (draw.one_in(2)) {
    c.beta = is_int ? draw.of(std::array{1.0, -1.0, 5.0})
                    : draw.of(std::array{1.0, -1.0, 0.25, -0.3, 1.7});
  }
  c.has_bias = draw.one_in(2);
  c.residual = draw.of(std::array{ResidualKind::none, ResidualKind::other, ResidualKind::out});
  c.activation = is_int ? draw.of(std::array{Activation::none, Activation::relu})
                        : draw.of(std::array{Activation::none, Activation::relu, Activation::gelu,
                                             Activation::gelu_tanh, Activation::silu});
}

}  // namespace

DrawnProduct draw_product(std::uint32_t number, MatmulBackend backend, DType in, DType out) {
  Draw draw(number);
  DrawnProduct c{.number = number, .backend = backend, .in = in, .out = out};
  draw_sizes(draw, c);
  c.transpose_a = draw.one_in(2);
  c.transpose_b = draw.one_in(2);
  draw_epilogue(draw, c);
  c.layout = draw.of(std::array{LayoutKind::packed, LayoutKind::strided, LayoutKind::heads,
                                LayoutKind::one_buffer});
  if (c.layout == LayoutKind::one_buffer && (in != out || c.transpose_a)) {
    c.layout = LayoutKind::strided;
  }
  if (c.layout == LayoutKind::heads && c.batch < 2) c.layout = LayoutKind::packed;
  c.gap = draw.of(std::array<std::int64_t, 4>{1, 3, 4, 16});
  c.offset = draw.of(std::array<std::int64_t, 4>{0, 0, 4, 5});
  c.data = draw.of(std::array{DataKind::plain, DataKind::cancelling, DataKind::special});
  return c;
}

std::string DrawnProduct::str() const {
  constexpr std::array batch_kinds{"", ", a shared", ", b shared"};
  constexpr std::array residuals{"", ", residual", ", residual in out"};
  constexpr std::array layouts{"packed", "strided", "heads", "one buffer"};
  constexpr std::array data_kinds{"plain", "cancelling", "special"};
  std::ostringstream text;
  text << "case " << number << ": " << to_string(backend) << ", " << to_string(in) << " to "
       << to_string(out) << ", " << batch << " x (" << m << "x" << k
       << (transpose_a ? " transposed" : "") << " * " << k << "x" << n
       << (transpose_b ? " transposed" : "") << ")"
       << batch_kinds[static_cast<std::size_t>(batch_kind)] << ", alpha " << alpha << ", beta "
       << beta << (has_bias ? ", bias" : "") << residuals[static_cast<std::size_t>(residual)]
       << ", " << to_string(activation) << "; " << layouts[static_cast<std::size_t>(layout)]
       << ", gap " << gap << ", offset " << offset << "; "
       << data_kinds[static_cast<std::size_t>(data)] << " values";
  return text.str();
}

}  // namespace dovetail::test
