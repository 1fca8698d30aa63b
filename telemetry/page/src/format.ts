// Numbers, sizes and times as text for people. Units stand after a narrow space; thousands are
// separated by commas; "–" stands for what is not known.

export const NOTHING = "–";
const SPACE = "\u202f";

/** Three significant digits, and never an exponent: "1.23", "12.3", "123". */
function threeDigits(value: number): string {
  if (value >= 99.95) return integer(Math.round(value));
  return value >= 9.995 ? value.toFixed(1) : value.toFixed(2);
}

/** The largest unit in which the value is at least 1 after rounding. */
function inUnits(value: number, step: number, units: readonly string[]): string {
  let unit = 0;
  let rest = value;
  while (unit + 1 < units.length && rest >= step - 0.5) {
    rest /= step;
    ++unit;
  }
  const number = unit === 0 && Number.isInteger(rest) ? integer(rest) : threeDigits(rest);
  return `${number}${SPACE}${units[unit]}`;
}

/** With separators between thousands: "1,234,567". */
export function integer(value: number): string {
  return Math.round(value).toString().replace(/\B(?=(\d{3})+$)/g, ",");
}

/** "1,234/s", and one decimal below ten: "3.4/s". */
export function rate(per_second: number | undefined | null): string {
  if (per_second === undefined || per_second === null) return NOTHING;
  const plain = per_second === 0 || per_second >= 9.95;
  return `${plain ? integer(per_second) : per_second.toFixed(1)}/s`;
}

/** Short, for an axis: "12", "1.5k", "20M", "4.5bn". */
export function compact(value: number): string {
  const size = Math.abs(value);
  for (const [unit, name] of [[1e12, "tn"], [1e9, "bn"], [1e6, "M"], [1e3, "k"]] as const) {
    if (size >= unit) return trimmed(value / unit) + name;
  }
  return trimmed(value);
}

function trimmed(value: number): string {
  return Number(value.toPrecision(4)).toString().replace("-", "\u2212");
}

/** A latency: "850 ns", "12.3 µs", "1.24 ms", "2.00 s". */
export function duration(nanoseconds: number | undefined | null): string {
  if (nanoseconds === undefined || nanoseconds === null) return NOTHING;
  if (nanoseconds === 0) return `0${SPACE}ns`;
  return inUnits(nanoseconds, 1000, ["ns", "µs", "ms", "s"]);
}

/** A latency for an axis: as duration(), without zeros behind the point. */
export function durationTick(nanoseconds: number): string {
  if (nanoseconds === 0) return "0";
  return duration(nanoseconds).replace(/(\.[0-9]*?)0+(?=\D)/, (_, rest: string) =>
    (rest === "." ? "" : rest));
}

/** A size in binary units: "512 B", "1.20 GiB". */
export function bytes(count: number | undefined | null): string {
  if (count === undefined || count === null) return NOTHING;
  return inUnits(count, 1024, ["B", "KiB", "MiB", "GiB", "TiB", "PiB"]);
}

/** A share of one: "12.3 %". */
export function percent(share: number): string {
  return `${(share * 100).toFixed(1)}${SPACE}%`;
}

/** A long time, in its two largest units: "3 d 4 h", "5 min 3 s". */
export function span(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  const parts: Array<[number, string]> = [
    [Math.floor(seconds / 86400), "d"], [Math.floor(seconds / 3600) % 24, "h"],
    [Math.floor(seconds / 60) % 60, "min"], [seconds % 60, "s"]];
  const first = parts.findIndex(([value]) => value > 0);
  if (first < 0) return `0${SPACE}s`;
  return parts.slice(first, first + 2).filter(([value]) => value > 0)
    .map(([value, unit]) => `${value}${SPACE}${unit}`).join(" ");
}

function padded(value: number, digits: number): string {
  return value.toString().padStart(digits, "0");
}

/** The time of day where the reader is: "14:03:22". */
export function clock(time_ms: number): string {
  const at = new Date(time_ms);
  return [at.getHours(), at.getMinutes(), at.getSeconds()].map((n) => padded(n, 2)).join(":");
}

/** The day where the reader is: "2026-11-28". */
export function day(time_ms: number): string {
  const at = new Date(time_ms);
  return `${padded(at.getFullYear(), 4)}-${padded(at.getMonth() + 1, 2)}-${padded(at.getDate(), 2)}`;
}

/** To the millisecond: "2026-11-28 14:03:22.123". */
export function moment(time_ms: number): string {
  return `${day(time_ms)} ${clock(time_ms)}.${padded(new Date(time_ms).getMilliseconds(), 3)}`;
}

/** "1 account", "1,200 accounts". */
export function counted(count: number, noun: string, plural = `${noun}s`): string {
  return `${integer(count)} ${count === 1 ? noun : plural}`;
}
