// SPDX-License-Identifier: Apache-2.0
#include "tools/commands/matmul/openblas.hpp"

#include <dlfcn.h>

#include <cstdlib>

namespace dovetail::tool {
namespace {

constexpr int keep_the_users_choice = 0;

/// Chooses by features. OpenBLAS chooses kernels by the processor's model, and takes those of a
/// Pentium 4 for one that is newer than itself.
void choose_core_type() {
  if (__builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw")) {
    ::setenv("OPENBLAS_CORETYPE", "SkylakeX", keep_the_users_choice);
  } else if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
    ::setenv("OPENBLAS_CORETYPE", "Haswell", keep_the_users_choice);
  }
}

/// Shortens how long its threads spin after a call: the 2^26 cycles and more of its default would
/// slow the next contender, and 2^20 still bridge the gap between two calls in a row.
void choose_spinning_time() { ::setenv("OPENBLAS_THREAD_TIMEOUT", "20", keep_the_users_choice); }

template <typename T, typename Gemm>
void multiply(Gemm gemm, const MatmulShape& shape, std::span<const T> a, std::span<const T> b,
              std::span<T> out) {
  // The values of CBLAS' enumerations.
  constexpr int row_major = 101;
  constexpr int no_transpose = 111;
  constexpr int transpose = 112;
  const int m = static_cast<int>(shape.m);
  const int n = static_cast<int>(shape.n);
  const int k = static_cast<int>(shape.k);
  for (std::size_t i = 0; i < shape.batch; ++i) {
    gemm(row_major, shape.transpose_a ? transpose : no_transpose,
         shape.transpose_b ? transpose : no_transpose, m, n, k, T{1},
         a.data() + i * shape.m * shape.k, shape.transpose_a ? m : k,
         b.data() + i * shape.k * shape.n, shape.transpose_b ? k : n, T{0},
         out.data() + i * shape.m * shape.n, n);
  }
}

}  // namespace

std::unique_ptr<OpenBlas> OpenBlas::load() {
  choose_core_type();
  choose_spinning_time();
  void* library = ::dlopen("libopenblas.so.0", RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) return nullptr;
  const auto sgemm = reinterpret_cast<Gemm<float>>(::dlsym(library, "cblas_sgemm"));
  const auto dgemm = reinterpret_cast<Gemm<double>>(::dlsym(library, "cblas_dgemm"));
  const auto set_threads =
      reinterpret_cast<SetThreads>(::dlsym(library, "openblas_set_num_threads"));
  if (sgemm == nullptr || dgemm == nullptr || set_threads == nullptr) return nullptr;
  return std::unique_ptr<OpenBlas>(new OpenBlas(sgemm, dgemm, set_threads));
}

void OpenBlas::matmul(const MatmulShape& shape, std::span<const float> a, std::span<const float> b,
                      std::span<float> out) const {
  multiply(sgemm_, shape, a, b, out);
}

void OpenBlas::matmul(const MatmulShape& shape, std::span<const double> a,
                      std::span<const double> b, std::span<double> out) const {
  multiply(dgemm_, shape, a, b, out);
}

}  // namespace dovetail::tool
