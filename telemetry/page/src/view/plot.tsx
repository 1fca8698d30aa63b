// A plot of figures over time with its legend. The legend shows the latest values, or those under the
// pointer; the arrow keys move that pointer too.

import { useEffect, useRef, useState } from "preact/hooks";
import uPlot from "uplot";
import { clock, day, NOTHING } from "../format.js";

/** Colours are the custom properties --series-1 to --series-4 of the style sheet. */
export interface Series {
  name: string;
  values: Array<number | null>;
  color: 1 | 2 | 3 | 4;
}

interface Props {
  title: string;
  /** Seconds since 1970, ascending. */
  times: number[];
  series: Series[];
  format: (value: number) => string;
  /** For the axis, where it should be shorter. */
  axis?: (value: number) => string;
  /** The least span of time to show, in seconds. */
  leastSpan?: number;
  /** Values hold until the next one, as a balance does. */
  stepped?: boolean;
  /** The vertical axis need not begin at zero. */
  floating?: boolean;
  /** Said in place of the plot. */
  empty?: string | undefined;
}

const HEIGHT = 190;
const DASHES = [[], [6, 3], [2, 3], [8, 3, 2, 3]];

function property(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/** Times of day; the day stands below the first, and below each that begins another. */
function timeLabels(splits: number[], step_seconds: number): string[] {
  let before = "";
  const days = new Set(splits.map((split) => day(split * 1000)));
  return splits.map((split) => {
    const today = day(split * 1000);
    const time = step_seconds >= 86400 ? "" : clock(split * 1000).slice(0, step_seconds < 60 ? 8 : 5);
    const label = days.size > 1 && today !== before ? `${time}\n${today}` : time;
    before = today;
    return label;
  });
}

function rangeOfValues(low: number | null, high: number | null, floating: boolean): uPlot.Range.MinMax {
  if (low === null || high === null) return [0, 1];
  if (!floating || (low >= 0 && low < high / 2)) {
    return [Math.min(0, low * 1.1), high > 0 ? high * 1.1 : low < 0 ? 0 : 5];
  }
  const margin = (high - low) * 0.1 || Math.max(1, Math.abs(high) * 0.05);
  return [low - margin, high + margin];
}

function options(props: Props, width: number, moved: (index: number | null) => void): uPlot.Options {
  const line = property("--rule");
  const text = property("--muted");
  const font = `11px ${property("--sans") || "sans-serif"}`;
  const shared = {
    stroke: text, font, grid: { stroke: line, width: 1 }, ticks: { stroke: line, width: 1, size: 4 } };
  const axis = props.axis ?? props.format;
  return {
    width, height: HEIGHT,
    legend: { show: false },
    padding: [8, 12, 0, 0],
    cursor: { y: false, drag: { x: false, y: false }, points: { size: 7 } },
    scales: {
      x: { time: true, range: (_, low, high) => {
        const span = Math.max(props.leastSpan ?? 0, high - low);
        return span > 0 ? [high - span, high] : [low - 60, high + 60];
      } },
      y: { range: (_, low, high) => rangeOfValues(low, high, props.floating ?? false) },
    },
    axes: [
      { ...shared, space: 76,
        size: (_, labels) => (labels?.some((label) => label.includes("\n")) ? 34 : 21),
        values: (_, splits, _axis, _space, step) => timeLabels(splits, step) },
      { ...shared, space: 36, values: (_, splits) => splits.map(axis),
        size: (_, labels) => 18 + 6.6 * Math.max(3, ...(labels ?? []).map((label) => label.length)) },
    ],
    series: [{}, ...props.series.map((series): uPlot.Series => ({
      label: series.name,
      stroke: property(`--series-${series.color}`),
      width: 1.5,
      dash: DASHES[series.color - 1] ?? [],
      points: { show: props.stepped === true && props.times.length < 60, size: 5 },
      ...(props.stepped && uPlot.paths.stepped ? { paths: uPlot.paths.stepped({ align: 1 }) } : {}),
    }))],
    hooks: { setCursor: [(plot) => moved(plot.cursor.idx ?? null)] },
  };
}

function data(props: Props): uPlot.AlignedData {
  return [props.times, ...props.series.map((series) => series.values)];
}

/** Builds the plot anew when `shape` changes or the reader switches between light and dark. */
function usePlot(props: Props, shape: string, moved: (index: number | null) => void) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const [scheme, setScheme] = useState(0);
  useEffect(() => {
    const dark = matchMedia("(prefers-color-scheme: dark)");
    const switched = () => setScheme((n) => n + 1);
    dark.addEventListener("change", switched);
    return () => dark.removeEventListener("change", switched);
  }, []);
  useEffect(() => {
    const parent = place.current;
    if (!parent) return undefined;
    const made = new uPlot(options(props, Math.max(200, parent.clientWidth), moved), data(props), parent);
    plot.current = made;
    const sized = new ResizeObserver(() => {
      if (parent.clientWidth > 0) made.setSize({ width: parent.clientWidth, height: HEIGHT });
    });
    sized.observe(parent);
    return () => {
      sized.disconnect();
      made.destroy();
      plot.current = null;
    };
  }, [shape, scheme]);
  useEffect(() => plot.current?.setData(data(props)), [props.times]);
  return { place, plot };
}

/** The last time with a value; gaps at the end are passed over. */
function latestIndex(props: Props): number {
  let index = props.times.length - 1;
  while (index > 0 && props.series.every((series) => series.values[index] == null)) --index;
  return index;
}

function valueAt(props: Props, series: Series, index: number): string {
  const value = series.values[index];
  return value === null || value === undefined ? NOTHING : props.format(value);
}

function sentence(props: Props, index: number): string {
  const time = props.times[index];
  if (time === undefined) return `${props.title}: no values yet`;
  const values = props.series.map((series) => `${series.name} ${valueAt(props, series, index)}`);
  return `${props.title} at ${clock(time * 1000)}: ${values.join(", ")}`;
}

export function Plot(props: Props) {
  const [index, setIndex] = useState<number | null>(null);
  const [spoken, setSpoken] = useState("");
  const shape = props.empty ?? props.series.map((s) => `${s.name} ${s.color}`).join("|");
  const { place, plot } = usePlot(props, shape, setIndex);
  const shown = index !== null && index < props.times.length ? index : latestIndex(props);

  function onKey(event: KeyboardEvent) {
    const step = { ArrowLeft: -1, ArrowRight: 1, PageUp: -10, PageDown: 10,
                   Home: -Infinity, End: Infinity }[event.key];
    const made = plot.current;
    if (step === undefined || !made || props.times.length === 0) return;
    event.preventDefault();
    const next = Math.min(latestIndex(props), Math.max(0, shown + step));
    made.setCursor({ left: made.valToPos(props.times[next] ?? 0, "x"), top: 0 });
    setSpoken(sentence(props, next));
  }

  const at = props.times[shown];
  return (
    <figure class="plot">
      <figcaption>
        <h2>{props.title}</h2>
        {!props.empty && <ul class="legend">
          {props.series.map((series) => (
            <li key={series.name}>
              <svg class={`swatch series-${series.color}`} viewBox="0 0 18 4" aria-hidden="true">
                <line x1="0" y1="2" x2="18" y2="2" stroke-dasharray={DASHES[series.color - 1]?.join(" ")} />
              </svg>
              {series.name} <b>{valueAt(props, series, shown)}</b>
            </li>))}
          {index !== null && at !== undefined && <li class="at">{clock(at * 1000)}</li>}
        </ul>}
      </figcaption>
      {props.empty ? <p class="quiet plot-empty">{props.empty}</p> :
        <div class="canvas" ref={place} role="img" tabIndex={0} onKeyDown={onKey}
             onBlur={() => plot.current?.setCursor({ left: -10, top: -10 })}
             aria-label={`${sentence(props, latestIndex(props))}. Arrow keys read earlier values.`} />}
      <span class="unseen" role="status">{spoken}</span>
    </figure>
  );
}
