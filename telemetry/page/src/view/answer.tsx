// An answer that is asked for once, when a view opens, and again when the reader wants it.

import { useEffect, useState } from "preact/hooks";
import { Refused } from "../api.js";

export type Answer<T> =
  | { kind: "loading" }
  | { kind: "here"; value: T; at_ms: number }
  | { kind: "failed"; error: unknown };

/** Asks anew whenever `key` changes. While asked again for the same key, the old answer stays. */
export function useAnswer<T>(key: string, ask: () => Promise<T>): [Answer<T>, () => void] {
  const [answer, setAnswer] = useState<Answer<T>>({ kind: "loading" });
  const [round, setRound] = useState(0);
  useEffect(() => setAnswer({ kind: "loading" }), [key]);
  useEffect(() => {
    let current = true;
    ask().then(
      (value) => current && setAnswer({ kind: "here", value, at_ms: Date.now() }),
      (error: unknown) => current && setAnswer({ kind: "failed", error }));
    return () => {
      current = false;
    };
  }, [key, round]);
  return [answer, () => setRound((n) => n + 1)];
}

/** What failed, and a button to try again. */
export function Failure({ error, again }: { error: unknown; again: () => void }) {
  return (
    <div class="failure" role="alert">
      {error instanceof Refused ?
        <p><b class="code">{error.reason}</b> {error.message}</p> :
        <p><b>No answer:</b> {error instanceof Error ? error.message : String(error)}.</p>}
      <button type="button" onClick={again}>Try again</button>
    </div>
  );
}
