// Latency histograms as the server counts them: one count for each bucket, not cumulated, and one
// more for what lies above the last bound. Counters only grow, so that the difference of two
// readings is the histogram of what happened between them.

export interface Histogram {
  /** Upper bounds of the buckets, ascending, in nanoseconds. */
  bounds: number[];
  /** One more than `bounds`: the last counts what lies above the last bound. */
  counts: number[];
  count: number;
  /** Sum of all that was counted, in nanoseconds. */
  sum: number;
}

export interface Quantile {
  /** Nanoseconds. */
  value: number;
  /** True if the quantile lies above the last bound; `value` is then that bound. */
  beyond: boolean;
}

/**
 * What was counted between two readings. Returns undefined if they are not of the same run of the
 * server: a counter fell, or the buckets are others.
 */
export function difference(later: Histogram, earlier: Histogram): Histogram | undefined {
  if (later.counts.length !== earlier.counts.length) return undefined;
  if (later.bounds.some((bound, i) => bound !== earlier.bounds[i])) return undefined;
  const counts = later.counts.map((count, i) => count - (earlier.counts[i] ?? 0));
  if (counts.some((count) => count < 0)) return undefined;
  return {
    bounds: later.bounds,
    counts,
    count: counts.reduce((total, count) => total + count, 0),
    sum: Math.max(0, later.sum - earlier.sum),
  };
}

/**
 * The value that a share `q` (0 to 1) of the counted values does not exceed. Values are taken to be
 * spread evenly within their bucket. Returns undefined for an empty histogram.
 */
export function quantile(histogram: Histogram, q: number): Quantile | undefined {
  const total = histogram.counts.reduce((sum, count) => sum + count, 0);
  if (total === 0) return undefined;
  const rank = Math.min(Math.max(q, 0), 1) * total;
  let below = 0;
  let lower = 0;
  for (const [i, upper] of histogram.bounds.entries()) {
    const count = histogram.counts[i] ?? 0;
    if (count > 0 && below + count >= rank) {
      return { value: lower + ((rank - below) / count) * (upper - lower), beyond: false };
    }
    below += count;
    lower = upper;
  }
  return { value: lower, beyond: true };
}

/** The mean in nanoseconds, or undefined for an empty histogram. */
export function mean(histogram: Histogram): number | undefined {
  return histogram.count > 0 ? histogram.sum / histogram.count : undefined;
}
