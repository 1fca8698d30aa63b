#include "telemetry/exposition.hpp"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <limits>

namespace sg::telemetry {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

struct Exposition::Families {
  std::vector<MetricFamily> all;

  // A new sample of that name.
  ClientMetric& add(std::string_view name, std::string_view help, MetricType type,
                    const Labels& labels) {
    auto family = std::find_if(all.rbegin(), all.rend(),
                               [name](const MetricFamily& one) { return one.name == name; });
    if (family == all.rend()) {
      all.push_back({std::string(name), std::string(help), type, {}});
      family = all.rbegin();
    }
    auto& sample = family->metric.emplace_back();
    for (const auto& [label, value] : labels) sample.label.push_back({label, value});
    return sample;
  }
};

Exposition::Exposition() : families_(std::make_unique<Families>()) {}
Exposition::~Exposition() = default;

void Exposition::counter(std::string_view name, std::string_view help, const Labels& labels,
                         double value) {
  families_->add(name, help, MetricType::Counter, labels).counter.value = value;
}

void Exposition::gauge(std::string_view name, std::string_view help, const Labels& labels,
                       double value) {
  families_->add(name, help, MetricType::Gauge, labels).gauge.value = value;
}

void Exposition::histogram(std::string_view name, std::string_view help, const Labels& labels,
                           const Histogram& histogram, double unit) {
  const auto reading = histogram.read();
  auto& told = families_->add(name, help, MetricType::Histogram, labels).histogram;
  told.sample_count = reading.count;
  told.sample_sum = static_cast<double>(reading.sum) * unit;
  std::uint64_t up_to = 0;
  for (std::size_t i = 0; i < Histogram::kBounds; ++i) {
    up_to += reading.counts[i];
    told.bucket.push_back({up_to, static_cast<double>(histogram.bounds()[i]) * unit});
  }
  told.bucket.push_back({reading.count, std::numeric_limits<double>::infinity()});
}

std::string Exposition::text() const {
  return prometheus::TextSerializer().Serialize(families_->all);
}

}  // namespace sg::telemetry
