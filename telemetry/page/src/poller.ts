// Asks the server for its state once a second. While there is no answer it goes on asking, ever more
// seldom, up to once in LONGEST_DELAY_MS.

import { fetchState, NoAnswer, Refused } from "./api.js";
import { History } from "./history.js";

export const PERIOD_MS = 1000;
export const LONGEST_DELAY_MS = 15_000;

export type Connection =
  | { kind: "loading" }
  | { kind: "live" }
  /** No answer since `since_ms`; `retry_ms` is when the page asks again, by the browser's clock. */
  | { kind: "stale"; since_ms: number; problem: string; retry_ms: number }
  /** The server says no. Without `retry_ms` only the reader can change that. */
  | { kind: "refused"; since_ms: number; refusal: Refused; retry_ms: number | undefined };

/** How long to wait after this many failures in a row, at least one. */
export function delayAfter(failures: number): number {
  return Math.min(LONGEST_DELAY_MS, PERIOD_MS * 2 ** Math.min(failures - 1, 10));
}

export class Poller {
  connection: Connection = { kind: "loading" };
  readonly history = new History();
  private failures = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private asking = false;

  /** `changed` is called after each answer, and after each time that there was none. */
  constructor(private readonly changed: () => void) {}

  /** Asks now, and from then on by itself. */
  async ask(): Promise<void> {
    if (this.asking) return;
    this.asking = true;
    clearTimeout(this.timer);
    const began_ms = performance.now();
    try {
      this.history.add(await fetchState());
      this.failures = 0;
      this.connection = { kind: "live" };
      this.again(Math.max(50, PERIOD_MS - (performance.now() - began_ms)));
    } catch (error) {
      this.failed(error);
    }
    this.asking = false;
    this.changed();
  }

  private failed(error: unknown): void {
    if (!(error instanceof Refused || error instanceof NoAnswer)) throw error;
    const delay_ms = delayAfter(++this.failures);
    const retry_ms = Date.now() + delay_ms;
    const was = this.connection;
    const since_ms = "since_ms" in was ? was.since_ms : Date.now();
    this.history.missed();
    if (error instanceof NoAnswer) {
      this.connection = { kind: "stale", since_ms, problem: error.message, retry_ms };
      this.again(delay_ms);
    } else if (error.status === 401) {
      // Asking again would open the browser's password window again and again.
      this.connection = { kind: "refused", since_ms, refusal: error, retry_ms: undefined };
    } else {
      this.connection = { kind: "refused", since_ms, refusal: error, retry_ms };
      this.again(delay_ms);
    }
  }

  private again(delay_ms: number): void {
    this.timer = setTimeout(() => void this.ask(), delay_ms);
  }
}
