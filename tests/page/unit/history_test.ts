import assert from "node:assert/strict";
import { test } from "node:test";
import { findings } from "../../../telemetry/page/src/attention.js";
import { History, SAMPLES } from "../../../telemetry/page/src/history.js";
import { delayAfter, LONGEST_DELAY_MS } from "../../../telemetry/page/src/poller.js";
import { busy, cluster, FIRST_READING_MS } from "../ledger.js";

function after(...readings: number[]): History {
  const history = new History();
  for (const reading of readings) history.add(busy(reading));
  return history;
}

test("one reading gives no rate, two do", () => {
  assert.deepEqual(after(0).column("committed"), [null]);
  const [, rate] = after(0, 2).column("committed");
  assert.equal(rate, (busy(2).transfers.committed - busy(0).transfers.committed) / 2);
});

test("a server that started anew leaves a gap, and no rate below zero", () => {
  const history = after(0, 1);
  history.add({ ...busy(2), started_ms: FIRST_READING_MS,
                transfers: { committed: 5, refused: 0, unknown: 0 } });
  const column = history.column("committed");
  assert.equal(column.length, 4);
  assert.deepEqual(column.slice(2), [null, null]);
  assert.equal(history.minuteBefore(), undefined);
});

test("a clock that went back begins the plots anew", () => {
  const history = after(5, 6);
  history.add(busy(2));
  assert.deepEqual(history.times(), [busy(2).time_ms / 1000]);
});

test("a reading that was missed is a gap, however many were", () => {
  const history = after(0, 1);
  history.missed();
  history.missed();
  assert.equal(history.times().length, 3);
  assert.equal(history.column("calls_in_flight")[2], null);
});

test("times ascend strictly, whatever comes", () => {
  const history = after(0, 1, 1, 2);
  history.missed();
  for (const reading of [3, 2, 3, 9]) history.add(busy(reading));
  const times = history.times();
  assert.ok(times.every((time, i) => i === 0 || time > (times[i - 1] ?? 0)), String(times));
});

test("what is remembered is bounded, and the minute is a minute", () => {
  const history = new History();
  for (let reading = 0; reading < SAMPLES + 100; ++reading) history.add(busy(reading));
  assert.equal(history.times().length, SAMPLES);
  const seconds = ((history.latest()?.time_ms ?? 0) - (history.minuteBefore()?.time_ms ?? 0)) / 1000;
  assert.equal(seconds, 60);
});

test("lag counts from the leader's log, and the leader has none", () => {
  const history = new History();
  history.add({ ...busy(1), cluster: cluster(1) });
  assert.deepEqual(history.column("lag 1"), [5]);
  assert.deepEqual(history.column("lag 2"), [null]);
});

test("the page asks ever more seldom, within a bound", () => {
  assert.deepEqual([1, 2, 3, 4, 5, 6, 1000].map(delayAfter),
                   [1000, 2000, 4000, 8000, LONGEST_DELAY_MS, LONGEST_DELAY_MS, LONGEST_DELAY_MS]);
});

test("what is critical comes before what is a warning", () => {
  const state = busy(0);
  state.rocksdb.writes_are_stopped = true;
  const found = findings({ ...state, cluster: { ...cluster(0), leader: 0 } }, undefined);
  assert.deepEqual(found.map(({ severity, text }) => `${severity}: ${text}`), [
    "critical: The cluster has no leader", "critical: RocksDB has stopped writes",
    "warning: account_shard_2: 1 restart in the window"]);
});

test("a node that is not connected is told, except the one that tells", () => {
  const ours = cluster(0);
  for (const node of ours.nodes) node.connected = false;
  const found = findings({ ...busy(0), cluster: ours }, undefined).map(({ text }) => text);
  assert.ok(found.includes("Node 3 is not connected"));
  assert.ok(!found.includes("Node 1 is not connected"));
});
