// SPDX-License-Identifier: Apache-2.0
#include "tests/oracles/model_program.hpp"

#include <exception>
#include <memory>
#include <utility>
#include <vector>

#include "tests/oracles/model_thread.hpp"
#include "tests/support/threads.hpp"

namespace dovetail::test {
namespace {

/// Returns the last lines of `text`.
std::string tail(const std::string& text, std::size_t lines) {
  std::size_t at = text.size();
  for (std::size_t i = 0; i <= lines && at != 0 && at != std::string::npos; ++i) {
    at = text.rfind('\n', at - 1);
  }
  return at == 0 || at == std::string::npos ? text : "..." + text.substr(at);
}

class ModelProgram {
 public:
  ModelProgram(const StepKernel& kernel, const Context& context, const ModelOptions& options)
      : options_(options), world_(context, kernel, options.seed), gatherer_(context) {
    for (int i = 0; i < options.threads; ++i) {
      const ModelThreadOptions own{
          .index = i,
          .seed = options.seed * 1'000'003 + static_cast<std::uint64_t>(i) + 1,
          .is_alone = options.threads == 1};
      threads_.push_back(std::make_unique<ModelThread>(world_, own, options.threads));
    }
  }

  void run() {
    const auto act = [&](int index) {
      ModelThread& thread = *threads_[static_cast<std::size_t>(index)];
      try {
        for (int i = 0; i < options_.actions; ++i) thread.act();
      } catch (...) {
        thread.release_gates();  // other threads may wait for them
        throw;
      }
      thread.release_gates();
    };
    if (options_.threads == 1) {
      act(0);
    } else {
      on_threads(options_.threads, act);
    }
    for (const auto& thread : threads_) {
      thread->gather(gatherer_,
                     thread == threads_.front() ? world_.buffers : std::vector<ModelBuffer>{});
    }
    gatherer_.synchronize();
    for (const auto& thread : threads_) thread->end();
    for (const ModelStream& shared : world_.streams) shared.stream.synchronize();
  }

  /// Runs the record's steps on the host. Returns what is wrong with them.
  std::string replay(const OrderRecord& record) {
    std::size_t given = 0, replayed = 0, reads = 0;
    for (const auto& thread : threads_) given += thread->steps().size();
    for (const OrderEntry& entry : record) {
      const auto* const command = std::get_if<CommandEntry>(&entry);
      if (command == nullptr) continue;
      if (command->what == "read to host") {
        const std::string wrong = compare_read(reads++);
        if (!wrong.empty()) return wrong;
        continue;
      }
      if (command->uses.empty() || command->uses[0].end - command->uses[0].begin != 1) continue;
      const std::size_t tag = command->uses[0].begin;
      const GivenStep& step =
          threads_.at(tag / ModelThread::most_steps)->steps().at(tag % ModelThread::most_steps);
      replay(step.step);
      for (const Step& raw : step.raw) replay(raw);
      ++replayed;
    }
    if (replayed == given) return "";
    return std::to_string(given) + " steps were given, but the record has " +
           std::to_string(replayed) + "\n";
  }

  /// Compares the buffers with the host's.
  std::string compare() {
    std::string text;
    std::vector<ModelBuffer> all = world_.buffers;
    for (const auto& thread : threads_) {
      for (const ModelBuffer& buffer : thread->buffers()) all.push_back(buffer);
    }
    for (const ModelBuffer& buffer : all) {
      text += difference(buffer.number, read_words(gatherer_, buffer), "at the end");
    }
    return text;
  }

 private:
  std::vector<cl_uint>& words_of(int number) {
    std::vector<cl_uint>& words = memory_[number];
    if (words.empty()) words = initial_words(number, world_.words);
    return words;
  }

  void replay(const Step& step) {
    words_of(step.out);
    words_of(step.in);
    apply(step, memory_);
  }

  std::string compare_read(std::size_t index) {
    const auto& reads = threads_.front()->host_reads();
    if (index >= reads.size()) return "";
    return difference(reads[index].buffer, reads[index].words, "when read back");
  }

  std::string difference(int number, const std::vector<cl_uint>& words, const char* when) {
    const std::vector<cl_uint>& expected = words_of(number);
    for (std::size_t i = 0; i < words.size(); ++i) {
      if (words[i] == expected[i]) continue;
      return "buffer " + std::to_string(number) + " " + when + ": word " + std::to_string(i) +
             " is " + std::to_string(words[i]) + ", but should be " + std::to_string(expected[i]) +
             "\n";
    }
    return "";
  }

  ModelOptions options_;
  World world_;
  Stream gatherer_;
  std::vector<std::unique_ptr<ModelThread>> threads_;
  HostMemory memory_;
};

}  // namespace

ModelOptions ModelOptions::of_seed(std::uint64_t seed) {
  Dice dice(seed ^ 0x9e3779b97f4a7c15u);
  const int threads = dice.chance(70) ? 1 : 2 + static_cast<int>(dice.below(4));
  return {.seed = seed, .threads = threads, .actions = 10 + static_cast<int>(dice.below(50))};
}

std::string ModelOptions::str() const {
  return "seed " + std::to_string(seed) + ": " + std::to_string(threads) + " threads, " +
         std::to_string(actions) + " actions";
}

ModelResult run_model_program(const StepKernel& kernel, const Context& context,
                              const ModelOptions& options) {
  OrderRecorder recorder;
  ModelResult result;
  OrderRecord record;
  try {
    ModelProgram program(kernel, context, options);
    program.run();
    record = recorder.take();
    result.failure = program.replay(record);
    result.failure += program.compare();
  } catch (const std::exception& error) {
    result.failure += std::string("threw: ") + error.what() + "\n";
    const OrderRecord rest = recorder.take();
    record.insert(record.end(), rest.begin(), rest.end());
  }
  const OrderCheck check = check_order(record);
  result.figures = check.figures;
  result.failure += check.str();
  if (!result.failure.empty()) {
    result.failure =
        options.str() + "\n" + result.failure + "The record:\n" + tail(explain(record), 300);
  }
  return result;
}

}  // namespace dovetail::test
