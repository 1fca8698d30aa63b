// What the server answers, and how it is asked. Paths are relative to the page, so that the page
// works behind a proxy that serves it under another path.

import type { Histogram } from "./histogram.js";

export interface State {
  version: string;
  node: number;
  time_ms: number;
  started_ms: number;
  sequence: number;
  checkpoint_sequence: number;
  free_bytes: number;
  transfers: { committed: number; refused: number; unknown: number };
  refusals: Record<string, number>;
  calls_in_flight: number;
  in_flight_bytes: number;
  open_streams: number;
  waiting_for_locks: number;
  keys_in_flight: number;
  groups: number;
  stages: Stage[];
  calls: Method[];
  tables: Array<{ name: string; rows: number; bytes: number }>;
  rocksdb: RocksDb;
  hot_accounts: Array<{ id: string; share: number }>;
  tree: Actor | null;
  cluster: Cluster | null;
}

export interface Stage extends Histogram {
  name: string;
}

export interface Method {
  service: string;
  method: string;
  codes: Record<string, number>;
  duration: Histogram;
}

export interface RocksDb {
  block_cache_bytes: number;
  memtable_bytes: number;
  pending_compaction_bytes: number;
  running_compactions: number;
  running_flushes: number;
  writes_are_stopped: boolean;
}

export interface Actor {
  id: string;
  type: string;
  state: string;
  incarnation: number;
  restarts_in_window: number;
  last_exit: string;
  uptime_ms: number;
  mailbox: number | null;
  children: Actor[];
}

export interface Cluster {
  id: string;
  name: string;
  node: number;
  leader: number;
  term: number;
  level: number;
  nodes: ClusterNode[];
}

export interface ClusterNode {
  id: number;
  address: string;
  role: string;
  log_index: number | null;
  sequence: number | null;
  free_bytes: number | null;
  connected: boolean;
  round_trip_us: number;
  problem: string;
}

export interface Account {
  id: string;
  participant_id: string;
  type: string;
  balance: string;
  floor: string;
}

export interface AccountPage {
  accounts: Account[];
  /** The token of the page after this one; empty on the last. */
  next: string;
}

export interface Entry {
  transaction_id: string;
  sequence: number;
  time_ms: number;
  type: string;
  reference: string;
  amount: string;
  /** The balance after this entry. */
  balance: string;
}

export interface AccountHistory {
  account: Account;
  sequence: number;
  /** True if there are older entries than these. */
  truncated: boolean;
  /** Newest first. */
  entries: Entry[];
}

/** The server answered, and said no. */
export class Refused extends Error {
  constructor(readonly status: number, readonly reason: string, message: string) {
    super(message);
  }
}

/** The server did not answer, or with something that is not its JSON. */
export class NoAnswer extends Error {}

/** How long an answer may take. The server's own limit is shorter. */
const TIMEOUT_MS = 5000;

async function ask<T>(path: string, looksRight: (value: T) => boolean): Promise<T> {
  const control = new AbortController();
  const timer = setTimeout(() => control.abort(), TIMEOUT_MS);
  try {
    const response = await fetch(path, {
      cache: "no-store", headers: { accept: "application/json" }, signal: control.signal });
    const text = await response.text();
    if (!response.ok) throw refusal(response, text);
    return parsed(text, looksRight);
  } catch (error) {
    if (error instanceof Refused || error instanceof NoAnswer) throw error;
    throw new NoAnswer(control.signal.aborted
      ? `no answer within ${TIMEOUT_MS / 1000} seconds` : "the connection failed");
  } finally {
    clearTimeout(timer);
  }
}

function parsed<T>(text: string, looksRight: (value: T) => boolean): T {
  let value: T | null = null;
  try {
    value = JSON.parse(text) as T | null;
  } catch {
    // Said below.
  }
  if (value === null || typeof value !== "object" || !looksRight(value)) {
    throw new NoAnswer("the answer is not the JSON of this page's server");
  }
  return value;
}

function refusal(response: Response, text: string): Refused {
  let error: { reason?: string; message?: string } = {};
  try {
    error = (JSON.parse(text) as { error?: typeof error }).error ?? {};
  } catch {
    // A proxy answers in HTML; its status says enough.
  }
  return new Refused(response.status, error.reason ?? `HTTP ${response.status}`,
                     error.message ?? (response.statusText || "no further word"));
}

export function fetchState(): Promise<State> {
  return ask<State>("api/state", (state) => typeof state.version === "string" &&
    Array.isArray(state.stages) && Array.isArray(state.calls) && Array.isArray(state.tables));
}

/** `token` is the `next` of the page before, or empty for the first page. */
export function fetchAccounts(limit: number, token: string): Promise<AccountPage> {
  const query = new URLSearchParams({ limit: String(limit) });
  if (token !== "") query.set("token", token);
  return ask<AccountPage>(`api/accounts?${query}`, (page) => Array.isArray(page.accounts));
}

export function fetchHistory(id: string, limit: number): Promise<AccountHistory> {
  const query = new URLSearchParams({ id, limit: String(limit) });
  return ask<AccountHistory>(`api/history?${query}`,
    (history) => Array.isArray(history.entries) && typeof history.account === "object");
}
