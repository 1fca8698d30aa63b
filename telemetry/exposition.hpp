// A page of metrics in Prometheus' text format: https://prometheus.io/docs/instrumenting/
// exposition_formats/. Names and units follow Prometheus' conventions: seconds and bytes, `_total`
// for what only rises.
//
//   Exposition page;
//   page.counter("scalegraph_groups_total", "Groups that the journal has written.", {}, 12);
//   respond(page.text());
//
// Samples of one name belong together and may be added in any order. Not thread-safe.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "telemetry/metrics.hpp"

namespace sg::telemetry {

class Exposition {
 public:
  using Labels = std::vector<std::pair<std::string, std::string>>;

  Exposition();
  ~Exposition();

  void counter(std::string_view name, std::string_view help, const Labels& labels, double value);
  void gauge(std::string_view name, std::string_view help, const Labels& labels, double value);
  // `unit`: what one of the histogram's values is in the unit of the name. 1e-9 makes seconds of
  // nanoseconds.
  void histogram(std::string_view name, std::string_view help, const Labels& labels,
                 const Histogram& histogram, double unit);

  std::string text() const;

 private:
  struct Families;
  std::unique_ptr<Families> families_;
};

// All that actors have measured. `reasons`: the names of refusals, in the order in which they are
// counted.
void expose(const Metrics& metrics, std::span<const std::string> reasons, Exposition& page);
// This process: memory, processor time, threads, open files. Names as Prometheus' own clients have
// them.
void expose_process(Exposition& page);

}  // namespace sg::telemetry
