// Small parts that several views share.

import type { ComponentChildren } from "preact";
import { accountHash } from "../route.js";

/** A table that scrolls sideways by itself where it is too wide, by keyboard as well. */
export function Scroller({ label, children }: { label: string; children: ComponentChildren }) {
  return <div class="scroller" role="region" aria-label={label} tabIndex={0}>{children}</div>;
}

/** A bar of a share of one, beside its number. It says nothing that the number does not. */
export function Bar({ share, tone }: { share: number; tone?: string }) {
  const width = `${(Math.min(Math.max(share, 0), 1) * 100).toFixed(1)}%`;
  return <span class={`bar ${tone ?? ""}`} aria-hidden="true"><span style={{ width }} /></span>;
}

/** A word with a mark, so that colour is never alone in saying how things are. */
export function Mark({ tone, children }: { tone: "good" | "warning" | "critical" | "idle";
                                           children: ComponentChildren }) {
  const glyph = { good: "●", warning: "▲", critical: "■", idle: "○" }[tone];
  return <span class={`mark ${tone}`}><span aria-hidden="true">{glyph}</span>{children}</span>;
}

export function AccountLink({ id }: { id: string }) {
  return <a class="id" href={accountHash(id)}>{id}</a>;
}

export function Figure({ name, value, note }: {
  name: string; value: string; note?: string | undefined }) {
  return (
    <div class="figure">
      <dt>{name}</dt>
      <dd>{value}{note && <small>{note}</small>}</dd>
    </div>
  );
}

/** One value for each name, in two columns. */
export function Facts({ rows }: { rows: Array<[string, ComponentChildren]> }) {
  return (
    <dl class="facts">
      {rows.map(([name, value]) => <div key={name}><dt>{name}</dt><dd>{value}</dd></div>)}
    </dl>
  );
}
