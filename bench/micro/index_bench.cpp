// Measures the indexes of records: filling a chunk of mentions, sorting it, and asking a filter.
// The argument is the number of different terms.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <random>
#include <span>
#include <vector>

#include "persistence/index/mention_chunk.hpp"
#include "persistence/index/term_filter.hpp"

namespace {

using namespace sg::persistence;

constexpr std::size_t kMentions = 500'000;

// Random mentions of `terms` terms, two for each record, as a two-party transfer makes them.
std::vector<Mention> some_mentions(std::uint64_t terms) {
  std::mt19937_64 random(1);
  std::vector<Mention> mentions;
  for (std::size_t i = 0; i < kMentions; ++i) mentions.push_back({random() % terms, i / 2 + 1});
  return mentions;
}

// Adds mentions in pieces, and sorts each piece when it is full, as the index does.
MentionChunk fill(std::span<const Mention> mentions) {
  MentionChunk chunk;
  while (!mentions.empty()) {
    const auto some = mentions.first(std::min(mentions.size(), chunk.room()));
    chunk.add(some);
    if (chunk.room() == 0) chunk.end_piece(chunk.tail_in_order());
    mentions = mentions.subspan(some.size());
  }
  return chunk;
}

void fill_chunk(benchmark::State& state) {
  const auto mentions = some_mentions(static_cast<std::uint64_t>(state.range(0)));
  for (auto _ : state) benchmark::DoNotOptimize(fill(mentions));
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kMentions));
}
BENCHMARK(fill_chunk)->Arg(10'000)->Arg(1'000'000);

void sort_chunk(benchmark::State& state) {
  const auto chunk = fill(some_mentions(static_cast<std::uint64_t>(state.range(0))));
  for (auto _ : state) benchmark::DoNotOptimize(chunk.sorted());
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(chunk.size()));
}
BENCHMARK(sort_chunk)->Arg(10'000)->Arg(1'000'000);

// Terms that were added are not asked for again, so nearly all answers are "no".
void ask_filter(benchmark::State& state) {
  const auto terms = static_cast<std::size_t>(state.range(0));
  TermFilter filter(terms);
  std::mt19937_64 random(1);
  for (std::size_t i = 0; i < terms; ++i) filter.add(sg::persistence::TermFilter::Probe(random()));
  for (auto _ : state)
    benchmark::DoNotOptimize(filter.may_have(sg::persistence::TermFilter::Probe(random())));
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(ask_filter)->Arg(200'000)->Arg(20'000'000);

}  // namespace
