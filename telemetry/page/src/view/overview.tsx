// What happens now: throughput, latency, where a write spends its time, what is refused, and who is
// busiest.

import { useState } from "preact/hooks";
import type { Method, State } from "../api.js";
import { allWell, findings } from "../attention.js";
import { bytes, compact, counted, duration, durationTick, integer, NOTHING, percent, rate } from "../format.js";
import { difference, mean, quantile, type Histogram } from "../histogram.js";
import { type History, methodName, sameMethod } from "../history.js";
import { AccountLink, Bar, Figure, Mark, Scroller } from "./parts.js";
import { Plot } from "./plot.js";

const LEAST_SPAN_SECONDS = 120;

/** What tables are about: the last minute, or all since the server's process started. */
type Period = "minute" | "start";

export function Overview({ state, history }: { state: State; history: History }) {
  const [period, setPeriod] = useState<Period>("minute");
  const earlier = history.minuteBefore();
  const times = history.times();
  const view = { state, earlier: period === "minute" ? earlier : undefined, period };
  const nothing = state.transfers.committed + state.transfers.refused === 0;
  return (
    <>
      <h1 class="unseen" tabIndex={-1}>Overview</h1>
      <Findings state={state} earlier={earlier} />
      <Figures state={state} history={history} />
      {nothing && <p class="quiet">No transfer has been asked for since this process started.</p>}
      <div class="pair">
        <Plot title="Throughput" times={times} format={rate} axis={compact}
              leastSpan={LEAST_SPAN_SECONDS} series={[
                { name: "committed", values: history.column("committed"), color: 1 },
                { name: "refused", values: history.column("refused"), color: 2 }]} />
        <Latency state={state} history={history} times={times} />
      </div>
      <fieldset class="period">
        <legend>Tables show</legend>
        {(["minute", "start"] as const).map((choice) => (
          <label key={choice}>
            <input type="radio" name="period" checked={period === choice}
                   onChange={() => setPeriod(choice)} />
            <span>{choice === "minute" ? "the last minute" : "all since the start"}</span>
          </label>))}
      </fieldset>
      <div class="pair">
        <Stages {...view} />
        <Refusals {...view} />
      </div>
      <div class="pair">
        <Plot title="Waiting and in flight" times={times} format={integer} axis={compact}
              leastSpan={LEAST_SPAN_SECONDS} series={[
                { name: "calls in flight", values: history.column("calls_in_flight"), color: 1 },
                { name: "waiting for locks", values: history.column("waiting_for_locks"), color: 2 },
                { name: "keys in flight", values: history.column("keys_in_flight"), color: 3 }]} />
        <HotAccounts state={state} />
      </div>
      <Calls {...view} />
    </>
  );
}

function Findings({ state, earlier }: { state: State; earlier: State | undefined }) {
  const found = findings(state, earlier);
  return (
    <section class="findings" aria-label="What needs attention">
      {found.length === 0 ? <p><Mark tone="good">{allWell(state)}</Mark></p> :
        <ul>{found.map((finding) => (
          <li key={finding.text}>
            <a href={finding.href}><Mark tone={finding.severity}>{finding.text}</Mark></a>
          </li>))}</ul>}
    </section>
  );
}

function Figures({ state, history }: { state: State; history: History }) {
  const earlier = history.minuteBefore();
  const groups = earlier ? state.groups - earlier.groups : 0;
  const transfers = earlier ? state.transfers.committed - earlier.transfers.committed : 0;
  const behind = state.sequence - state.checkpoint_sequence;
  return (
    <dl class="figures">
      <Figure name="Committed" value={rate(history.latestValue("committed"))}
              note={`${integer(state.transfers.committed)} since the start`} />
      <Figure name="Refused" value={rate(history.latestValue("refused"))}
              note={`${integer(state.transfers.refused)} since the start`} />
      <Figure name="Transfers a group" value={groups > 0 ? integer(transfers / groups) : NOTHING}
              note="in the last minute" />
      <Figure name="Calls in flight" value={integer(state.calls_in_flight)}
              note={`${bytes(state.in_flight_bytes)}, ${counted(state.open_streams, "stream")}`} />
      <Figure name="Waiting for locks" value={integer(state.waiting_for_locks)}
              note={`${counted(state.keys_in_flight, "key")} in flight`} />
      <Figure name="Sequence" value={integer(state.sequence)}
              note={`checkpoint ${integer(Math.max(0, behind))} behind`} />
    </dl>
  );
}

function busiest(state: State): Method | undefined {
  return state.calls.find((call) => call.method === "Transfer" && call.duration.count > 0) ??
    [...state.calls].sort((a, b) => b.duration.count - a.duration.count)[0];
}

function Latency({ state, history, times }: { state: State; history: History; times: number[] }) {
  const [chosen, setChosen] = useState<string | undefined>(undefined);
  const names = state.calls.map(methodName).sort();
  const first = busiest(state);
  const name = chosen !== undefined && names.includes(chosen) ? chosen : first && methodName(first);
  return (
    <div class="with-choice">
      <Plot title="Latency" times={times} format={duration} axis={durationTick}
            leastSpan={LEAST_SPAN_SECONDS}
            empty={name === undefined ? "No call has been answered since this process started." : undefined}
            series={[
              { name: "median", values: history.column(`${name} p50`), color: 1 },
              { name: "p99", values: history.column(`${name} p99`), color: 2 }]} />
      {name !== undefined && <label class="choice">
        <span class="unseen">Latency of calls of</span>
        <select value={name} onChange={(event) => setChosen(event.currentTarget.value)}>
          {names.map((method) => <option key={method} value={method}>{method}</option>)}
        </select>
      </label>}
    </div>
  );
}

interface View {
  state: State;
  /** What to subtract; undefined for figures since the start. */
  earlier: State | undefined;
  period: Period;
}

/** The histogram of the period; undefined if nothing is known of it. */
function ofPeriod({ earlier, period }: View, now: Histogram, before: Histogram | undefined) {
  if (period === "start") return now;
  return earlier && before ? difference(now, before) : undefined;
}

function quantileText(histogram: Histogram | undefined, q: number): string {
  const found = histogram && quantile(histogram, q);
  return found ? (found.beyond ? `over ${duration(found.value)}` : duration(found.value)) : NOTHING;
}

function Stages(view: View) {
  const rows = view.state.stages.map((stage) => ({
    name: stage.name,
    histogram: ofPeriod(view, stage,
                        view.earlier?.stages.find((before) => before.name === stage.name)),
  }));
  const means = rows.map(({ histogram }) => (histogram && mean(histogram)) ?? 0);
  const total = means.reduce((sum, value) => sum + value, 0);
  return (
    <section>
      <h2 id="stages">Stages of a write</h2>
      <Scroller label="Stages of a write">
        <table aria-labelledby="stages">
          <thead><tr>
            <th scope="col">Stage</th><th scope="col" class="number">Mean</th>
            <th scope="col" class="wide"><span class="unseen">Share of the sum of means</span></th>
            <th scope="col" class="number">Median</th><th scope="col" class="number">p99</th>
          </tr></thead>
          <tbody>{rows.map(({ name, histogram }, i) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td class="number">{duration(histogram && mean(histogram))}</td>
              <td class="wide bar-cell"><Bar share={total > 0 ? (means[i] ?? 0) / total : 0} /></td>
              <td class="number">{quantileText(histogram, 0.5)}</td>
              <td class="number">{quantileText(histogram, 0.99)}</td>
            </tr>))}
          </tbody>
        </table>
      </Scroller>
    </section>
  );
}

function Refusals({ state, earlier, period }: View) {
  const known = period === "start" || earlier !== undefined;
  const rows = Object.entries(state.refusals)
    .map(([reason, count]) => ({ reason, count: count - (earlier?.refusals[reason] ?? 0) }))
    .filter(({ count }) => count > 0)
    .sort((a, b) => b.count - a.count || a.reason.localeCompare(b.reason));
  const total = rows.reduce((sum, { count }) => sum + count, 0);
  return (
    <section>
      <h2 id="refusals">Refusals by reason</h2>
      {!known || rows.length === 0 ?
        <p class="quiet">{known ? "Nothing was refused." : "The first reading was just taken."}</p> :
        <table aria-labelledby="refusals">
          <thead><tr>
            <th scope="col">Reason</th><th scope="col" class="number">Count</th>
            <th scope="col"><span class="unseen">Share</span></th>
          </tr></thead>
          <tbody>{rows.map(({ reason, count }) => (
            <tr key={reason}>
              <th scope="row" class="code">{reason}</th>
              <td class="number">{integer(count)}</td>
              <td class="bar-cell"><Bar share={count / total} tone="second" /></td>
            </tr>))}
          </tbody>
        </table>}
    </section>
  );
}

function HotAccounts({ state }: { state: State }) {
  return (
    <section>
      <h2 id="hot">Hottest accounts</h2>
      {state.hot_accounts.length === 0 ?
        <p class="quiet">No account has had entries in the last moments.</p> :
        <table aria-labelledby="hot">
          <thead><tr>
            <th scope="col">Account</th><th scope="col" class="number">Of all entries</th>
            <th scope="col"><span class="unseen">Share</span></th>
          </tr></thead>
          <tbody>{state.hot_accounts.map(({ id, share }) => (
            <tr key={id}>
              <th scope="row"><AccountLink id={id} /></th>
              <td class="number">{percent(share)}</td>
              <td class="bar-cell"><Bar share={share / (state.hot_accounts[0]?.share || 1)} /></td>
            </tr>))}
          </tbody>
        </table>}
    </section>
  );
}

function Calls(view: View) {
  const { state, earlier } = view;
  const from_ms = earlier?.time_ms ?? state.started_ms;
  const seconds = Math.max(0.001, (state.time_ms - from_ms) / 1000);
  const rows = [...state.calls].map((call) => {
    const before = earlier && sameMethod(earlier, call);
    // A method that had no call a minute ago had none before it either.
    const histogram = ofPeriod(view, call.duration, before?.duration ?? (earlier && {
      ...call.duration, counts: call.duration.counts.map(() => 0), count: 0, sum: 0 }));
    const failed = Object.entries(call.codes)
      .map(([code, count]) => ({ code, count: count - (before?.codes[code] ?? 0) }))
      .filter(({ code, count }) => code !== "OK" && count > 0);
    return { call, histogram, failed };
  }).sort((a, b) => methodName(a.call).localeCompare(methodName(b.call)));
  return (
    <section>
      <h2 id="calls">Calls</h2>
      {rows.length === 0 ? <p class="quiet">No call has been answered since this process started.</p> :
        <Scroller label="Calls">
          <table aria-labelledby="calls">
            <thead><tr>
              <th scope="col">Method</th><th scope="col" class="number">Rate</th>
              <th scope="col" class="number">Calls</th><th scope="col" class="number">Median</th>
              <th scope="col" class="number">p99</th><th scope="col">Not OK</th>
            </tr></thead>
            <tbody>{rows.map(({ call, histogram, failed }) => (
              <tr key={methodName(call)}>
                <th scope="row" class="code">{methodName(call)}</th>
                <td class="number">{rate(histogram && histogram.count / seconds)}</td>
                <td class="number">{histogram ? integer(histogram.count) : NOTHING}</td>
                <td class="number">{quantileText(histogram, 0.5)}</td>
                <td class="number">{quantileText(histogram, 0.99)}</td>
                <td>{failed.length === 0 ? NOTHING : failed.map(({ code, count }) => (
                  <span key={code} class="code chip">{code} {integer(count)}</span>))}</td>
              </tr>))}
            </tbody>
          </table>
        </Scroller>}
    </section>
  );
}
