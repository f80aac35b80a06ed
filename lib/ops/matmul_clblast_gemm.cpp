// SPDX-License-Identifier: Apache-2.0
#include "lib/ops/matmul_clblast_gemm.hpp"

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
  throw VendorError(name_of(routine), static_cast<int>(status),
                    fmt::format("{}, batch {}, m {}, n {}, k {}; see clblast::StatusCode.",
                                to_string(p.a.dtype), p.batch, p.m, p.n, p.k));
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

cl_mem memory(const MatmulOperand& operand) { return handle_of(operand.storage->buffer).memory; }

/// Of a matrix of the batch.
std::size_t offset(const MatmulOperand& operand, std::size_t index) {
  return operand.offset() + index * operand.batch_stride;
}

void add_uses(TrackedUses& uses, const MatmulProblem& p) {
  add_use(uses, *p.a.storage, Access::read);
  add_use(uses, *p.b.storage, Access::read);
  add_use(uses, *p.out.storage, p.beta != 0.0 ? Access::read_write : Access::write);
}

/// @param offsets  Of a, b and out.
template <typename T>
std::size_t workspace_nbytes(const Stream& stream, const MatmulProblem& p,
                             const std::array<std::size_t, 3>& offsets) {
  cl_command_queue queue = stream.get();
  std::size_t nbytes = 0;
  check(
      clblast::GemmTempBufferSize<T>(row_major, transpose(p.transpose_a), transpose(p.transpose_b),
                                     p.m, p.n, p.k, offsets[0], p.a.row_stride, offsets[1],
                                     p.b.row_stride, offsets[2], p.out.row_stride, &queue, nbytes),
      Routine::gemm_temp_buffer_size, p);
  return nbytes;
}

template <typename T>
clblast::StatusCode gemm(const MatmulProblem& p, std::size_t index, cl_command_queue queue,
                         cl_mem workspace) {
  return clblast::Gemm<T>(row_major, transpose(p.transpose_a), transpose(p.transpose_b), p.m, p.n,
                          p.k, scalar<T>(p.alpha), memory(p.a), offset(p.a, index), p.a.row_stride,
                          memory(p.b), offset(p.b, index), p.b.row_stride, scalar<T>(p.beta),
                          memory(p.out), offset(p.out, index), p.out.row_stride, &queue, nullptr,
                          workspace);
}

/// One product after the other; they share a workspace, as they share the queue with nobody.
template <typename T>
void gemms(const Stream& stream, const MatmulProblem& p) {
  // The last needs the most room: a matrix at its buffer's start may be used in place.
  const std::size_t last = p.batch - 1;
  const std::size_t nbytes =
      workspace_nbytes<T>(stream, p, {offset(p.a, last), offset(p.b, last), offset(p.out, last)});
  // This call has it to itself: two calls in flight would write to a shared one, even on one queue.
  const Buffer workspace = MemoryPool::of(stream.context()).allocate(stream, nbytes);
  TrackedUses uses;
  add_uses(uses, p);
  add_use(uses, {workspace, 0, nbytes}, Access::write);
  const Submission submission(stream, uses, {"CLBlast", "Gemm"});
  for (std::size_t i = 0; i < p.batch; ++i) {
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
        row_major, transpose(p.transpose_a), transpose(p.transpose_b), p.m, p.n, p.k,
        scalar<T>(p.alpha), memory(p.a), p.a.offset(), p.a.row_stride, p.a.batch_stride,
        memory(p.b), p.b.offset(), p.b.row_stride, p.b.batch_stride, scalar<T>(p.beta),
        memory(p.out), p.out.offset(), p.out.row_stride, p.out.batch_stride, p.batch, &queue,
        nullptr);
  });
}

/// Whether GemmStridedBatched may take the operand for one packed matrix after the other from the
/// buffer's start on, which it is not: its fast kernel looks neither at offset nor at stride where
/// rows follow each other.
bool is_misread(const MatmulOperand& operand, std::size_t rows, std::size_t columns) {
  return operand.row_stride == columns &&
         (operand.offset() != 0 || operand.batch_stride != rows * columns);
}

template <typename T>
bool takes_strided_batched(const Stream& stream, const MatmulProblem& p) {
  const auto of_op = [](const MatmulOperand& operand, bool transposed, std::size_t rows,
                        std::size_t columns) {
    return transposed ? is_misread(operand, columns, rows) : is_misread(operand, rows, columns);
  };
  if (!of_op(p.a, p.transpose_a, p.m, p.k) && !of_op(p.b, p.transpose_b, p.k, p.n) &&
      !is_misread(p.out, p.m, p.n)) {
    return true;
  }
  // Only the fast kernel needs a workspace, and one for matrices that do not start a buffer.
  const auto nbytes = [&] { return workspace_nbytes<T>(stream, p, {1, 1, 1}); };
  use_first(stream.context(), Routine::gemm_temp_buffer_size, p.a.dtype, nbytes);
  return nbytes() == 0;
}

/// Has CLBlast compile what it will run: all kernels of the routine, whatever the product's size.
template <typename T>
void compile(const Context& context, Routine routine, DType dtype) {
  use_first(context, routine, dtype, [&] {
    const Stream own(context);
    const Tensor ones = Tensor::full(own, {2}, 1.0, dtype), sums = Tensor::zeros(own, {2}, dtype);
    const BufferView &in = ones.storage(), &out = sums.storage();
    MatmulProblem tiny{};
    tiny.batch = 2;
    tiny.m = tiny.n = tiny.k = 1;
    tiny.alpha = 1.0;
    tiny.a = tiny.b = {&in, dtype, 1, 1};
    tiny.out = {&out, dtype, 1, 1};
    if (routine == Routine::gemm_strided_batched) {
      gemm_strided_batched<T>(own, tiny);
    } else {
      gemms<T>(own, tiny);
    }
  });
}

template <typename T>
void run(const Stream& stream, const MatmulProblem& p) {
  if (p.batch > 1 && takes_strided_batched<T>(stream, p)) {
    compile<T>(stream.context(), Routine::gemm_strided_batched, p.a.dtype);
    gemm_strided_batched<T>(stream, p);
  } else {
    compile<T>(stream.context(), Routine::gemm, p.a.dtype);
    gemms<T>(stream, p);
  }
}

}  // namespace

void clblast_gemm(const Stream& stream, const MatmulProblem& problem) {
  switch (problem.a.dtype) {
    case DType::f64:
      return run<cl_double>(stream, problem);
    case DType::f16:
      return run<cl_half>(stream, problem);
    default:
      return run<cl_float>(stream, problem);
  }
}

}  // namespace dovetail::detail
