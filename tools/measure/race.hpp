// SPDX-License-Identifier: Apache-2.0
// Times contenders in samples that they take in turns.
#pragma once

#include <memory>
#include <vector>

namespace dovetail::tool {

/// One way to do something, ready to run again and again.
class Contender {
 public:
  virtual ~Contender() = default;
  /// Prepares a sample, untimed.
  virtual void enter() {}
  /// Starts a run, which need not be done at return.
  virtual void enqueue() = 0;
  virtual void synchronize() = 0;
  /// Ends a sample, untimed: leaves the machine quiet for the next contender.
  virtual void leave() {}
  /// Returns the result of the last run. Before any run it is wrong everywhere.
  virtual std::vector<double> result() = 0;
};

/// A contender, and the microseconds that its runs took.
class Runner {
 public:
  /// Takes a first sample, of a single run, by which it chooses the number of runs in a sample.
  /// @param seconds  Aim of one sample: as many runs in a row as fill it, 1000 at most.
  Runner(std::unique_ptr<Contender> contender, double seconds);

  /// Takes a sample. Untimed runs come first, unless a single one fills a sample.
  void sample();
  void forget_samples();

  /// One number for each sample: per run, until all are done.
  const std::vector<double>& us() const noexcept { return us_; }
  /// One number for each sample: per run, until all are enqueued.
  const std::vector<double>& enqueue_us() const noexcept { return enqueue_us_; }
  double median_us() const;

 private:
  std::unique_ptr<Contender> contender_;
  int runs_ = 1;  // of a sample
  std::vector<double> us_, enqueue_us_;
};

/// Calls `sample` for each of the contenders in turns, so that a drift of the machine's speed meets
/// all alike.
template <typename Contenders, typename Sample>
void race(std::size_t samples, Contenders& contenders, const Sample& sample) {
  for (std::size_t i = 0; i < samples; ++i) {
    for (auto& contender : contenders) sample(contender);
  }
}

}  // namespace dovetail::tool
