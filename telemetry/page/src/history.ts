// What the page remembers of its readings: for the plots, figures derived from each two readings;
// for the tables, the readings of the last minute. Both are bounded. Nothing is stored elsewhere.
//
// Counters count since the server's process started. When it started anew, or its clock went back,
// two readings cannot be compared: then the plots have a gap, and the minute begins afresh.

import type { Method, State } from "./api.js";
import { difference, quantile } from "./histogram.js";

/** Fifteen minutes at one reading a second. */
export const SAMPLES = 900;
/** What "the last minute" means, by the server's clock. */
const WINDOW_MS = 60_000;
const WINDOW_READINGS = 90;

/** The figures of one moment by name; a name that is missing was not known then. */
export interface Sample {
  time_ms: number;
  values: Map<string, number>;
}

export function methodName(method: Method): string {
  return `${method.service.slice(method.service.lastIndexOf(".") + 1)}/${method.method}`;
}

/** True if counters of `later` count on from those of `earlier`. */
export function comparable(later: State, earlier: State): boolean {
  return later.started_ms === earlier.started_ms && later.node === earlier.node &&
    later.time_ms > earlier.time_ms && later.transfers.committed >= earlier.transfers.committed;
}

function measured(state: State): Map<string, number> {
  const values = new Map<string, number>([
    ["calls_in_flight", state.calls_in_flight],
    ["waiting_for_locks", state.waiting_for_locks],
    ["keys_in_flight", state.keys_in_flight],
  ]);
  const nodes = state.cluster?.nodes ?? [];
  const leader = nodes.find((node) => node.id === state.cluster?.leader);
  for (const node of nodes) {
    if (leader?.log_index == null || node.log_index === null || node === leader) continue;
    values.set(`lag ${node.id}`, Math.max(0, leader.log_index - node.log_index));
  }
  return values;
}

function addRates(values: Map<string, number>, later: State, earlier: State): void {
  const seconds = (later.time_ms - earlier.time_ms) / 1000;
  for (const name of ["committed", "refused", "unknown"] as const) {
    values.set(name, (later.transfers[name] - earlier.transfers[name]) / seconds);
  }
  for (const method of later.calls) {
    const before = sameMethod(earlier, method);
    const between = before && difference(method.duration, before.duration);
    for (const percent of [50, 99]) {
      const found = between && quantile(between, percent / 100);
      if (found) values.set(`${methodName(method)} p${percent}`, found.value);
    }
  }
}

export function sameMethod(state: State, wanted: Method): Method | undefined {
  return state.calls.find(
    (method) => method.method === wanted.method && method.service === wanted.service);
}

export class History {
  private samples: Sample[] = [];
  private readings: State[] = [];

  /** Takes a reading. One of the same moment as the last is the same, and left out. */
  add(state: State): void {
    const last = this.readings.at(-1);
    if (last?.time_ms === state.time_ms && last.started_ms === state.started_ms) return;
    const continues = last !== undefined && comparable(state, last);
    if (last && !continues) this.interrupt(state.time_ms);
    const values = measured(state);
    if (last && continues) addRates(values, state, last);
    const before = this.samples.at(-1);
    if (!before || state.time_ms > before.time_ms) {
      this.samples.push({ time_ms: state.time_ms, values });
    }
    this.readings.push(state);
    const oldest = state.time_ms - WINDOW_MS;
    while (this.readings.length > WINDOW_READINGS ||
           (this.readings[1] !== undefined && this.readings[1].time_ms <= oldest)) {
      this.readings.shift();
    }
    this.samples.splice(0, Math.max(0, this.samples.length - SAMPLES));
  }

  /** What follows cannot be compared with what was: the plots show a gap. */
  private interrupt(time_ms: number): void {
    this.readings = [];
    const last = this.samples.at(-1);
    if (!last) return;
    if (time_ms <= last.time_ms) this.samples = [];  // the server's clock went back
    else this.samples.push({ time_ms: last.time_ms + 1, values: new Map() });
  }

  /** The server did not answer: the plots show a gap. */
  missed(): void {
    const last = this.samples.at(-1);
    if (last && last.values.size > 0) {
      this.samples.push({ time_ms: last.time_ms + 1, values: new Map() });
    }
  }

  latest(): State | undefined {
    return this.readings.at(-1);
  }

  /** A figure as last known; undefined if it was not known at the last answer. */
  latestValue(name: string): number | undefined {
    for (let i = this.samples.length - 1; i >= 0; --i) {
      const values = this.samples[i]?.values;
      if (values && values.size > 0) return values.get(name);
    }
    return undefined;
  }

  /** The reading to compare the latest with for the last minute; undefined if there is none. */
  minuteBefore(): State | undefined {
    return this.readings.length > 1 ? this.readings[0] : undefined;
  }

  /** Times of the samples in seconds, ascending. */
  times(): number[] {
    return this.samples.map((sample) => sample.time_ms / 1000);
  }

  /** One figure over time; null where it was not known. */
  column(name: string): Array<number | null> {
    return this.samples.map((sample) => sample.values.get(name) ?? null);
  }
}
