// What a server would say: a ledger on one node or three, busy or empty, as JSON of the page's
// server. All of it follows from the number of the reading, so that tests see the same each time.

import type { Account, AccountHistory, AccountPage, Actor, Cluster, State }
  from "../../telemetry/page/src/api.js";
import type { Histogram } from "../../telemetry/page/src/histogram.js";

export const STARTED_MS = Date.UTC(2026, 10, 28, 9, 12, 44);
export const FIRST_READING_MS = Date.UTC(2026, 10, 28, 14, 3, 22);

const BOUNDS = [1, 2, 5].flatMap((n) => [n, n * 10, n * 100]).sort((a, b) => a - b)
  .flatMap((n) => [n * 1e3, n * 1e6]).sort((a, b) => a - b).filter((n, i, all) => n !== all[i - 1]);

/** `count` values around `typical` nanoseconds, some of them ten times as long. */
export function histogram(count: number, typical: number): Histogram {
  const counts = BOUNDS.map(() => 0).concat(0);
  const add = (value: number, share: number) => {
    const bucket = BOUNDS.findIndex((bound) => value <= bound);
    const place = bucket < 0 ? BOUNDS.length : bucket;
    counts[place] = (counts[place] ?? 0) + Math.floor(count * share);
  };
  for (const [factor, share] of [[0.5, 0.3], [1, 0.5], [2.2, 0.17], [9, 0.03]] as const) {
    add(typical * factor, share);
  }
  return { bounds: BOUNDS, counts, count: counts.reduce((a, b) => a + b, 0),
           sum: Math.round(count * typical * 1.2) };
}

/** Both together. */
function merged(a: Histogram, b: Histogram): Histogram {
  return { bounds: a.bounds, counts: a.counts.map((count, i) => count + (b.counts[i] ?? 0)),
           count: a.count + b.count, sum: a.sum + b.sum };
}

/** Transfers, of which at times more and at times fewer are slow. */
function swinging(reading: number): Histogram {
  const wave = Math.sin(reading / 7);
  return merged(histogram(9_000_000 + reading * 4000 + Math.round(10_000 * wave), 900_000),
                histogram(2_000_000 + reading * 1500 - Math.round(10_000 * wave), 3_400_000));
}

function actor(id: string, type: string, reading: number, children: Actor[] = []): Actor {
  return { id, type, state: "running", incarnation: 1, restarts_in_window: 0, last_exit: "",
           uptime_ms: FIRST_READING_MS - STARTED_MS + reading * 1000,
           mailbox: type === "supervisor" ? null : (reading * 7 + id.length) % 12, children };
}

export function tree(reading: number): Actor {
  const shards = [0, 1, 2, 3].map((n) => actor(`account_shard_${n}`, "worker", reading));
  const restarted = shards[2];
  if (restarted) {
    Object.assign(restarted, { incarnation: 3, restarts_in_window: 1, uptime_ms: 42_000,
                               last_exit: "exception: lock table is full" });
  }
  return actor("root", "supervisor", reading, [
    actor("storage", "supervisor", reading,
          [actor("journal", "worker", reading), actor("indexer", "worker", reading)]),
    actor("shards", "supervisor", reading, shards),
    actor("coordinator", "worker", reading),
    actor("queries", "worker", reading),
    actor("gateway", "worker", reading)]);
}

export function cluster(reading: number): Cluster {
  const index = 4_812_344 + reading * 31;
  const node = (id: number, role: string, lag: number) => ({
    id, address: `10.20.0.${id}:50061`, role, log_index: index - lag, sequence: index * 40 - lag,
    free_bytes: 412e9 - id * 9e9, connected: true, round_trip_us: 180 + id * 35, problem: "" });
  return { id: "6f1c9a52-0b7e-4f44-9a0e-2f3f5e5c7a10", name: "ledger-eu", node: 1, leader: 2,
           term: 7, level: 1,
           nodes: [node(1, "follower", (reading * 5) % 9), node(2, "leader", 0),
                   node(3, "follower", 20 + Math.round(18 * Math.sin(reading / 9)))] };
}

/** Transfers by then: a rate that swings about 42,000 a second. */
function committedBy(reading: number): number {
  return Math.round(731_204_118 + reading * 42_000 + 60_000 * Math.sin(reading / 11));
}

function calls(reading: number) {
  const ledger = "scalegraph.ledger.LedgerService";
  const call = (service: string, method: string, count: number, typical: number | Histogram,
                failed: Record<string, number> = {}) => ({
    service, method, codes: { OK: count, ...failed },
    duration: typeof typical === "number" ? histogram(count, typical) : typical });
  return [
    call(ledger, "Transfer", 9_000_000 + reading * 5200, swinging(reading),
         { FAILED_PRECONDITION: 12_000 + reading * 90, ABORTED: 410 + reading }),
    call(ledger, "TransferBatch", 210_000 + reading * 12, 9_400_000),
    call(ledger, "GetAccount", 4_400_000 + reading * 900, 160_000, { NOT_FOUND: 87 }),
    call(ledger, "ListTransactions", 12_000 + reading * 2, 2_100_000),
    call("scalegraph.ledger.AdminService", "GetSupervisionTree", 311 + reading, 700_000)];
}

/** A busy ledger on one node, `reading` seconds after the first. */
export function busy(reading: number): State {
  const committed = committedBy(reading);
  const stage = (name: string, typical: number) =>
    ({ name, ...histogram(9_000_000 + reading * 5200, typical) });
  return {
    version: "0.1.0", node: 1, time_ms: FIRST_READING_MS + reading * 1000, started_ms: STARTED_MS,
    sequence: committed + 18_220, checkpoint_sequence: committed - 96_000, free_bytes: 412e9,
    transfers: { committed, refused: 1_201_338 + reading * 310, unknown: 0 },
    refusals: { INSUFFICIENT_FUNDS: 1_100_904 + reading * 290, ACCOUNT_NOT_FOUND: 91_004 + reading * 17,
                LOCK_TIMEOUT: 8_211 + reading * 3, DUPLICATE_ACCOUNT: 1_219 },
    calls_in_flight: 61 + (reading % 7), in_flight_bytes: 184_320 + reading * 40, open_streams: 3,
    waiting_for_locks: Math.max(0, Math.round(14 + 12 * Math.sin(reading / 5))),
    keys_in_flight: 240 + ((reading * 13) % 60), groups: 2_200_000 + reading * 96,
    stages: [stage("queue", 90_000), stage("vote", 41_000), stage("lock", 120_000),
             stage("journal", 610_000), stage("commit", 32_000), stage("reply", 48_000)],
    calls: calls(reading),
    tables: [{ name: "blocks", rows: 2_200_000 + reading * 96, bytes: 98_112_004_112 },
             { name: "index_runs", rows: 88_120, bytes: 41_220_118_004 },
             { name: "checkpoint", rows: 100_000, bytes: 9_120_004 },
             { name: "accounts", rows: 100_000, bytes: 12_400_222 },
             { name: "participants", rows: 240, bytes: 31_004 },
             { name: "meta", rows: 9, bytes: 712 }],
    rocksdb: { block_cache_bytes: 512 * 1024 ** 2, memtable_bytes: 41_200_118,
               pending_compaction_bytes: 0, running_compactions: 1, running_flushes: 0,
               writes_are_stopped: false },
    hot_accounts: [{ id: "fees:eu", share: 0.213 }, { id: "settlement/visa", share: 0.118 },
                   { id: accountId(17), share: 0.041 }, { id: accountId(40_404), share: 0.012 },
                   { id: accountId(9), share: 0.011 }],
    tree: tree(reading), cluster: null };
}

/** A server that has just begun, without an account. */
export function empty(reading: number): State {
  const nothing = histogram(0, 1);
  const now = busy(reading);
  return {
    ...now, started_ms: FIRST_READING_MS - 4000, sequence: 0, checkpoint_sequence: 0, groups: 0,
    transfers: { committed: 0, refused: 0, unknown: 0 }, refusals: {}, calls_in_flight: 0,
    in_flight_bytes: 0, open_streams: 0, waiting_for_locks: 0, keys_in_flight: 0, calls: [],
    stages: now.stages.map(({ name }) => ({ name, ...nothing })), hot_accounts: [],
    tables: now.tables.map(({ name }) => ({ name, rows: 0, bytes: 0 })),
    rocksdb: { ...now.rocksdb, block_cache_bytes: 0, memtable_bytes: 2048, running_compactions: 0 },
    tree: actor("root", "supervisor", reading, [actor("journal", "worker", reading)]) };
}

export function accountId(n: number): string {
  return `account-${n.toString().padStart(6, "0")}`;
}

export function account(n: number): Account {
  const types = ["standalone", "operating", "escrow", "fees"];
  return { id: accountId(n), type: types[n % 7] ?? "standalone",
           participant_id: n % 7 > 0 && n % 7 < 4 ? `bank-${n % 40}` : "",
           balance: (BigInt(n) * 7_919n * 104_729n % 9_000_000_000n - 1_000n).toString(),
           floor: n % 5 === 0 ? "-100000" : "0" };
}

/** A page of `total` accounts; the token is the number of its first. */
export function accounts(total: number, limit: number, token: string): AccountPage {
  const from = token === "" ? 0 : Number(token);
  const until = Math.min(total, from + limit);
  return { accounts: Array.from({ length: until - from }, (_, i) => account(from + i)),
           next: until < total ? String(until) : "" };
}

/** `count` entries that end in the account's balance, a few minutes apart. */
export function history(shown: Account, count: number, truncated: boolean): AccountHistory {
  let balance = BigInt(shown.balance);
  const entries = Array.from({ length: count }, (_, i) => {
    const wave = Math.round(Math.sin(i / 17) * 40_000_000) + ((i * 7_919) % 9_001) * 1_000;
    const amount = BigInt(i % 3 === 0 ? -wave - 1 : wave + 12);
    const entry = {
      transaction_id: `01HF${(0xabcdef0123 - i * 7919).toString(16).toUpperCase()}`,
      sequence: 731_222_000 - i * 40, time_ms: FIRST_READING_MS - 1_000 - i * 173_331,
      type: "transfer", reference: i % 4 === 0 ? `invoice ${20_260_000 + i}` : "",
      amount: amount.toString(), balance: balance.toString() };
    balance -= amount;
    return entry;
  });
  return { account: shown, sequence: 731_222_338, truncated, entries };
}
