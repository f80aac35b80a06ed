// SPDX-License-Identifier: Apache-2.0
// The vendor path: CLBlast in the stream's own queue.
#include <clblast.h>
#include <fmt/format.h>

#include <memory>
#include <mutex>

#include "dovetail/core/error.hpp"
#include "dovetail/stream/memory_pool.hpp"
#include "lib/core/context_attachment.hpp"
#include "lib/ops/matmul_problem.hpp"
#include "lib/stream/submission.hpp"
#include "lib/stream/with_room.hpp"

namespace dovetail::detail {
namespace {

enum class Routine { gemm, gemm_strided_batched };

/// Which of CLBlast's routines have run once on a context.
struct FirstUse {
  std::once_flag gemm, gemm_strided_batched;
  std::once_flag& of(Routine routine) {
    return routine == Routine::gemm ? gemm : gemm_strided_batched;
  }
};

// Not in the template below, each instance of which would have one of its own.
std::mutex& one_first_use_at_a_time() {
  static std::mutex* const mutex = new std::mutex;
  return *mutex;
}

/// CLBlast fills its database and compiles at first use, without a lock, and crashes when threads
/// meet there. So the first calls, one for each routine and context, run one after the other in the
/// whole process, and no thread gets past its routine's before that is done.
template <typename Call>
void guarding_first_use(const Context& context, Routine routine, Call call) {
  bool was_first = false;
  FirstUse& first = attachment<FirstUse>(context, [] { return std::make_shared<FirstUse>(); });
  std::call_once(first.of(routine), [&] {
    const std::scoped_lock lock(one_first_use_at_a_time());
    call();
    was_first = true;
  });
  if (!was_first) call();
}

void check_clblast(clblast::StatusCode status, const char* routine, const MatmulProblem& problem) {
  if (status == clblast::StatusCode::kSuccess) return;
  throw VendorError(routine, static_cast<int>(status),
                    fmt::format("batch {}, m {}, n {}, k {}; see clblast::StatusCode.",
                                problem.batch, problem.m, problem.n, problem.k));
}

/// A call that failed halfway may be made again: the product does not depend on what `out` held.
template <typename Enqueue>
void run(const Stream& stream, const char* routine, const MatmulProblem& problem,
         const Enqueue& enqueue) {
  const cl_int status =
      enqueue_with_room(stream.context(), [&] { return static_cast<cl_int>(enqueue()); });
  check_clblast(static_cast<clblast::StatusCode>(status), routine, problem);
}

clblast::Transpose transpose(bool is_transposed) {
  return is_transposed ? clblast::Transpose::kYes : clblast::Transpose::kNo;
}

struct Operands {
  std::size_t a_offset, b_offset, out_offset;  // in elements
  std::size_t a_leading, b_leading;            // elements from row to row
  explicit Operands(const MatmulProblem& p)
      : a_offset(p.a.offset()),
        b_offset(p.b.offset()),
        out_offset(p.out.offset()),
        a_leading(p.a.row_stride),
        b_leading(p.b.row_stride) {}
};

cl_mem memory(const MatmulOperand& operand) { return handle_of(operand.storage->buffer).memory; }

void add_operands(TrackedUses& uses, const MatmulProblem& p) {
  add_use(uses, *p.a.storage, Access::read);
  add_use(uses, *p.b.storage, Access::read);
  add_use(uses, *p.out.storage, Access::write);
}

void gemm(const Stream& stream, const MatmulProblem& p) {
  constexpr auto row_major = clblast::Layout::kRowMajor;
  const Operands at(p);
  cl_command_queue queue = stream.get();
  std::size_t workspace_nbytes = 0;
  check_clblast(
      clblast::GemmTempBufferSize<float>(
          row_major, transpose(p.transpose_a), transpose(p.transpose_b), p.m, p.n, p.k, at.a_offset,
          at.a_leading, at.b_offset, at.b_leading, at.out_offset, p.n, &queue, workspace_nbytes),
      "CLBlast GemmTempBufferSize", p);
  // This call has it to itself: two calls in flight would write to a shared one, even on one queue.
  const Buffer workspace = MemoryPool::of(stream.context()).allocate(stream, workspace_nbytes);
  TrackedUses uses;
  add_operands(uses, p);
  add_use(uses, {workspace, 0, workspace_nbytes}, Access::write);
  const Submission submission(stream, uses, {"CLBlast", "Gemm"});
  const auto enqueue = [&] {
    return clblast::Gemm<float>(row_major, transpose(p.transpose_a), transpose(p.transpose_b), p.m,
                                p.n, p.k, 1.0f, memory(p.a), at.a_offset, at.a_leading, memory(p.b),
                                at.b_offset, at.b_leading, 0.0f, memory(p.out), at.out_offset, p.n,
                                &queue, nullptr, handle_of(workspace).memory);
  };
  run(stream, "CLBlast Gemm", p, enqueue);
}

void gemm_strided_batched(const Stream& stream, const MatmulProblem& p) {
  const Operands at(p);
  TrackedUses uses;
  add_operands(uses, p);
  const Submission submission(stream, uses, {"CLBlast", "GemmStridedBatched"});
  cl_command_queue queue = submission.queue();
  const auto enqueue = [&] {
    return clblast::GemmStridedBatched<float>(
        clblast::Layout::kRowMajor, transpose(p.transpose_a), transpose(p.transpose_b), p.m, p.n,
        p.k, 1.0f, memory(p.a), at.a_offset, at.a_leading, p.m * p.k, memory(p.b), at.b_offset,
        at.b_leading, p.k * p.n, 0.0f, memory(p.out), at.out_offset, p.n, p.m * p.n, p.batch,
        &queue, nullptr);
  };
  run(stream, "CLBlast GemmStridedBatched", p, enqueue);
}

}  // namespace

bool has_clblast() noexcept { return true; }

void matmul_clblast(const Stream& stream, const MatmulProblem& problem) {
  if (problem.batch == 1) {
    guarding_first_use(stream.context(), Routine::gemm, [&] { gemm(stream, problem); });
  } else {
    guarding_first_use(stream.context(), Routine::gemm_strided_batched,
                       [&] { gemm_strided_batched(stream, problem); });
  }
}

}  // namespace dovetail::detail
