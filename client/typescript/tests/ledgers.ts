/** The ledgers that these tests are given, and clients of them. */
import {Client, type Attempt, type ClientOptions} from "../src/index.js";

interface Ledgers {
  plain: string;
  relay: string;
  secured: string;
  ca: string;
  token: string;
  refuses: string;
  silent: string;
  cluster?: string[];
  leader_pid?: number;
}

export const AT = JSON.parse(process.env["SCALEGRAPH_TEST"] ?? "{}") as Ledgers;
/** Short waits, and all the time that an attempt may take on a busy machine. */
export const QUICK = {deadline: 20_000, attempt: 20_000, firstWait: 20, longestWait: 100};
/** For those that get no answer. */
export const IMPATIENT = {...QUICK, attempt: 1000};

let names = 0;
export function newName(): string {
  return `typescript-${process.pid}-${names++}`;  // each file of tests is a process
}

/** A client that is closed behind the test, and the attempts that it makes. */
export function clientOf(t: {after(done: () => void): void}, addresses: string | string[],
                         options: ClientOptions = {}): {ledger: Client; attempts: Attempt[]} {
  const attempts: Attempt[] = [];
  const ledger = new Client(addresses, {retry: QUICK, onAttempt: (one) => attempts.push(one),
                                        ...options});
  t.after(() => ledger.close());
  return {ledger, attempts};
}

export async function all<T>(of: AsyncIterable<T>): Promise<T[]> {
  const found = [];
  for await (const one of of) found.push(one);
  return found;
}

/** Two accounts, and what both of them have been through. */
export async function pairOf(direct: Client) {
  const [source, to] = [newName(), newName()];
  await direct.createAccount(source, {initialBalance: 1000n});
  await direct.createAccount(to);
  return {
    source, to,
    move: (amount: bigint) => [{accountId: source, amount: -amount}, {accountId: to, amount}],
    async moved() {
      return {left: await direct.getBalance(source), arrived: await direct.getBalance(to),
              listed: await all(direct.listTransactions(to))};
    },
  };
}
