// SPDX-License-Identifier: Apache-2.0
#include "lib/ops/matmul/backend/clblast_gemm.hpp"

#include <clblast.h>
#include <fmt/format.h>

#include <array>
#include <memory>
#include <mutex>

#include "dovetail/core/error.hpp"
#include "dovetail/core/float16.hpp"
#include "dovetail/stream/memory_pool.hpp"
#include "dovetail/tensor/tensor.hpp"
#include "lib/core/context_attachment.hpp"
#include "lib/stream/submit/submission.hpp"
#include "lib/stream/submit/with_room.hpp"

namespace dovetail::detail {
namespace {

enum class Routine : unsigned char { gemm, gemm_strided_batched, gemm_temp_buffer_size };

const char* name_of(Routine routine) {
  constexpr std::array names{"CLBlast Gemm", "CLBlast GemmStridedBatched",
                             "CLBlast GemmTempBufferSize"};
  return names[static_cast<std::size_t>(routine)];
}

/// Which of CLBlast's routines have run once on a context, for each type of element.
struct FirstUse {
  std::array<std::array<std::once_flag, 3>, 3> flags;
  std::once_flag& of(Routine routine, DType dtype) {
    const std::size_t type = dtype == DType::f32 ? 0 : dtype == DType::f64 ? 1 : 2;
    return flags[static_cast<std::size_t>(routine)][type];
  }
};

// Not in the template below, each instance of which would have one of its own.
std::mutex& one_first_use_at_a_time() {
  static std::mutex* const mutex = new std::mutex;
  return *mutex;
}

/// CLBlast fills its database and compiles at first use, without a lock, and crashes when threads
/// meet there. So the first calls, one for each routine, type and context, run one after the other
/// in the whole process, and no thread gets past its routine's before that is done.
/// @param call  A call that serves for nothing else, with no stream's lock held: it takes seconds.
template <typename Call>
void use_first(const Context& context, Routine routine, DType dtype, const Call& call) {
  FirstUse& first = attachment<FirstUse>(context, [] { return std::make_shared<FirstUse>(); });
  std::call_once(first.of(routine, dtype), [&] {
    const std::scoped_lock lock(one_first_use_at_a_time());
    call();
  });
}

void check(clblast::StatusCode status, Routine routine, const MatmulProblem& p) {
  if (status == clblast::StatusCode::kSuccess) return;
  throw VendorError(
      name_of(routine), static_cast<int>(status),
      fmt::format("{}, batch {}, m {}, n {}, k {}; see clblast::StatusCode.", to_string(p.sizes.in),
                  p.sizes.batch, p.sizes.m, p.sizes.n, p.sizes.k));
}

/// A call that failed halfway may be made again: its last kernel alone writes to `out`.
template <typename Enqueue>
void enqueue_checked(const Stream& stream, Routine routine, const MatmulProblem& p,
                     const Enqueue& enqueue) {
  const cl_int status =
      enqueue_with_room(stream.context(), [&] { return static_cast<cl_int>(enqueue()); });
  check(static_cast<clblast::StatusCode>(status), routine, p);
}

template <typename T>
T scalar(double value) {
  return static_cast<T>(value);
}
template <>
cl_half scalar<cl_half>(double value) {
  return Float16(static_cast<float>(value)).bits();
}

constexpr auto row_major = clblast::Layout::kRowMajor;

clblast::Transpose transpose(bool is_transposed) {
  return is_transposed ? clblast::Transpose::kYes : clblast::Transpose::kNo;
}

cl_mem memory(const MatrixView& matrix) { return handle_of(matrix.storage().buffer).memory; }

/// Of a matrix of the batch.
std::size_t offset(const MatrixView& matrix, std::size_t index) {
  return offset_of(matrix) + index * batch_stride_of(matrix);
}

void add_uses(TrackedUses& uses, const MatmulProblem& p) {
  add_use(uses, p.a.storage(), Access::read);
  add_use(uses, p.b.storage(), Access::read);
  add_use(uses, p.out.storage(), p.epilogue.beta != 0.0 ? Access::read_write : Access::write);
}

/// @param offsets  Of a, b and out.
template <typename T>
std::size_t workspace_nbytes(const Stream& stream, const MatmulProblem& p,
                             const std::array<std::size_t, 3>& offsets) {
  cl_command_queue queue = stream.get();
  std::size_t nbytes = 0;
  check(clblast::GemmTempBufferSize<T>(
            row_major, transpose(p.sizes.transpose_a), transpose(p.sizes.transpose_b), p.sizes.m,
            p.sizes.n, p.sizes.k, offsets[0], row_stride_of(p.a), offsets[1], row_stride_of(p.b),
            offsets[2], row_stride_of(p.out), &queue, nbytes),
        Routine::gemm_temp_buffer_size, p);
  return nbytes;
}

template <typename T>
clblast::StatusCode gemm(const MatmulProblem& p, std::size_t index, cl_command_queue queue,
                         cl_mem workspace) {
  return clblast::Gemm<T>(row_major, transpose(p.sizes.transpose_a), transpose(p.sizes.transpose_b),
                          p.sizes.m, p.sizes.n, p.sizes.k, scalar<T>(p.epilogue.alpha), memory(p.a),
                          offset(p.a, index), row_stride_of(p.a), memory(p.b), offset(p.b, index),
                          row_stride_of(p.b), scalar<T>(p.epilogue.beta), memory(p.out),
                          offset(p.out, index), row_stride_of(p.out), &queue, nullptr, workspace);
}

/// One product after the other; they share a workspace, as they share the queue with nobody.
template <typename T>
void gemms(const Stream& stream, const MatmulProblem& p) {
  // The last needs the most room: a matrix at its buffer's start may be used in place.
  const std::size_t last = p.sizes.batch - 1;
  const std::size_t nbytes =
      workspace_nbytes<T>(stream, p, {offset(p.a, last), offset(p.b, last), offset(p.out, last)});
  // This call has it to itself: two calls in flight would write to a shared one, even on one queue.
  const Buffer workspace = MemoryPool::of(stream.context()).allocate(stream, nbytes);
  TrackedUses uses;
  add_uses(uses, p);
  add_use(uses, {workspace, 0, nbytes}, Access::write);
  const Submission submission(stream, uses, {"CLBlast", "Gemm"});
  for (std::size_t i = 0; i < p.sizes.batch; ++i) {
    enqueue_checked(stream, Routine::gemm, p,
                    [&] { return gemm<T>(p, i, submission.queue(), handle_of(workspace).memory); });
  }
}

template <typename T>
void gemm_strided_batched(const Stream& stream, const MatmulProblem& p) {
  TrackedUses uses;
  add_uses(uses, p);
  const Submission submission(stream, uses, {"CLBlast", "GemmStridedBatched"});
  cl_command_queue queue = submission.queue();
  enqueue_checked(stream, Routine::gemm_strided_batched, p, [&] {
    return clblast::GemmStridedBatched<T>(
        row_major, transpose(p.sizes.transpose_a), transpose(p.sizes.transpose_b), p.sizes.m,
        p.sizes.n, p.sizes.k, scalar<T>(p.epilogue.alpha), memory(p.a), offset_of(p.a),
        row_stride_of(p.a), batch_stride_of(p.a), memory(p.b), offset_of(p.b), row_stride_of(p.b),
        batch_stride_of(p.b), scalar<T>(p.epilogue.beta), memory(p.out), offset_of(p.out),
        row_stride_of(p.out), batch_stride_of(p.out), p.sizes.batch, &queue, nullptr);
  });
}

/// Whether GemmStridedBatched may take the operand for one packed matrix after the other from the
/// buffer's start on, which it is not: its fast kernel looks neither at offset nor at stride where
/// rows follow each other.
bool is_misread(const MatrixView& matrix) {
  const auto columns = static_cast<std::size_t>(matrix.columns());
  return row_stride_of(matrix) == columns &&
         (offset_of(matrix) != 0 ||
          batch_stride_of(matrix) != static_cast<std::size_t>(matrix.rows()) * columns);
}

template <typename T>
bool takes_strided_batched(const Stream& stream, const MatmulProblem& p) {
  if (!is_misread(p.a) && !is_misread(p.b) && !is_misread(p.out)) return true;
  // Only the fast kernel needs a workspace, and one for matrices that do not start a buffer.
  const auto nbytes = [&] { return workspace_nbytes<T>(stream, p, {1, 1, 1}); };
  use_first(stream.context(), Routine::gemm_temp_buffer_size, p.sizes.in, nbytes);
  return nbytes() == 0;
}

/// Has CLBlast compile what it will run: all kernels of the routine, whatever the product's size.
template <typename T>
void compile(const Context& context, Routine routine, DType dtype) {
  use_first(context, routine, dtype, [&] {
    const Stream own(context);
    const Tensor ones = Tensor::full(own, {2}, 1.0, dtype), sums = Tensor::zeros(own, {2}, dtype);
    const auto two = [&](const Tensor& tensor) {
      return MatrixView(tensor.storage().buffer, {.rows = 1, .columns = 1, .batch = 2}, dtype);
    };
    const MatmulProblem tiny{
        .sizes = {.m = 1, .n = 1, .k = 1, .batch = 2, .in = dtype, .out = dtype},
        .a = two(ones),
        .b = two(ones),
        .out = two(sums),
        .epilogue = {}};
    if (routine == Routine::gemm_strided_batched) {
      gemm_strided_batched<T>(own, tiny);
    } else {
      gemms<T>(own, tiny);
    }
  });
}

template <typename T>
void run(const Stream& stream, const MatmulProblem& p) {
  if (p.sizes.batch > 1 && takes_strided_batched<T>(stream, p)) {
    compile<T>(stream.context(), Routine::gemm_strided_batched, p.sizes.in);
    gemm_strided_batched<T>(stream, p);
  } else {
    compile<T>(stream.context(), Routine::gemm, p.sizes.in);
    gemms<T>(stream, p);
  }
}

}  // namespace

const ClblastCodes clblast_codes{
    .not_implemented = static_cast<int>(clblast::StatusCode::kNotImplemented),
    .no_half_precision = static_cast<int>(clblast::StatusCode::kNoHalfPrecision)};

void clblast_gemm(const Stream& stream, const MatmulProblem& problem) {
  switch (problem.sizes.in) {
    case DType::f64:
      return run<cl_double>(stream, problem);
    case DType::f16:
      return run<cl_half>(stream, problem);
    default:
      return run<cl_float>(stream, problem);
  }
}

}  // namespace dovetail::detail
