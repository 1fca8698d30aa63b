/** A client against real ledgers: what it asks, what it is refused, how it gets in. */
import assert from "node:assert/strict";
import {test} from "node:test";

import {create, toBinary} from "@bufbuild/protobuf";

import {AccountType, AdminService, AlreadyExistsError, atLeast, BalanceOverflowError, Client,
        IdempotencyMismatchError, InsufficientFundsError, InvalidArgumentError, LedgerService,
        NotFoundError, OutcomeUnknownError, ParticipantRole, type Read, stale,
        TransferBatchRequestSchema, UnauthenticatedError, UnavailableError} from "../src/index.js";
import {all, AT, clientOf, IMPATIENT, newName, pairOf} from "./ledgers.js";

test("participants, accounts and transfers", async (t) => {
  const {ledger} = clientOf(t, AT.plain);
  const owner = newName();
  const made = await ledger.createParticipant(owner, "Acme", ParticipantRole.SUPPLIER,
                                              {metadata: {k: "v"}});
  assert.deepEqual(await ledger.getParticipant(owner), made);
  const ids = async (role?: ParticipantRole) =>
    (await all(ledger.listParticipants(role))).map((one) => one.id);
  assert.ok((await ids()).includes(owner));
  assert.ok(!(await ids(ParticipantRole.ACCESS_PROVIDER)).includes(owner));
  const operating = await ledger.createParticipantAccount(owner, undefined, {initialBalance: 500n});
  const fees = await ledger.createParticipantAccount(owner, AccountType.FEES, {floor: -10n});
  assert.deepEqual([operating.id, fees.id], [`${owner}:operating`, `${owner}:fees`]);
  assert.deepEqual(await all(ledger.listParticipantAccounts(owner)), [operating, fees]);
  assert.deepEqual(await ledger.getAccount(fees.id), fees);

  const paid = await ledger.transfer([{accountId: operating.id, amount: -100n},
                                      {accountId: fees.id, amount: 100n}], {reference: "r"});
  await ledger.credit(operating.id, 7n);
  await ledger.debit(fees.id, 110n);
  assert.deepEqual([paid.type, paid.reference], ["transfer", "r"]);
  assert.deepEqual(await ledger.getTransaction(paid.id), paid);
  assert.deepEqual([await ledger.getBalance(operating.id), await ledger.getBalance(fees.id)],
                   [407n, -10n]);
});

test("amounts have 64 bits", async (t) => {
  const {ledger} = clientOf(t, AT.plain);
  const [full, largest] = [newName(), 2n ** 63n - 1n];
  await ledger.createAccount(full, {initialBalance: largest});
  assert.equal(await ledger.getBalance(full), largest);
  await assert.rejects(ledger.credit(full, 1n), BalanceOverflowError);
  await assert.rejects(ledger.credit(full, 2n ** 63n), /invalid int64/);
});

test("lists are read page by page, and a batch goes over the channel", async (t) => {
  const {ledger, attempts} = clientOf(t, AT.plain);
  const accountId = newName();
  await ledger.createAccount(accountId);
  const batch = create(TransferBatchRequestSchema, {
    transfers: Array.from({length: 1201}, () => ({entries: [{accountId, amount: 1n}]}))});
  const headers = await ledger.headers();
  await new Promise<void>((resolve, reject) => ledger.channel.makeUnaryRequest(
    `/${LedgerService.typeName}/TransferBatch`, (bytes: Buffer) => bytes, (bytes: Buffer) => bytes,
    Buffer.from(toBinary(TransferBatchRequestSchema, batch)), headers,
    (error) => error ? reject(error) : resolve()));
  const before = attempts.length;
  const listed = await all(ledger.listTransactions(accountId));
  assert.equal(new Set(listed.map((one) => one.id)).size, 1201);
  assert.ok(attempts.length - before > 1);
  const [newest, oldest] = [listed[0]!.timestamp, listed[1200]!.timestamp];
  assert.deepEqual(await all(ledger.listTransactions(accountId, {end: oldest})), []);
  assert.ok((await all(ledger.listTransactions(accountId, {begin: newest}))).length > 0);
});

test("any other read", async (t) => {
  const {ledger} = clientOf(t, AT.plain);
  await ledger.createAccount(newName());
  const {accounts} = await ledger.ask(AdminService.method.listAccounts, {limit: 1});
  assert.equal(accounts.length, 1);
});

test("how fresh a read has to be", async (t) => {
  const {ledger} = clientOf(t, AT.plain);
  const one = newName();
  await ledger.createAccount(one, {initialBalance: 5n});
  for (const read of ["linearizable", atLeast(ledger.sequence), stale(100)] as Read[]) {
    assert.equal(await ledger.getBalance(one, {read}), 5n);
  }
  await assert.rejects(ledger.getBalance(one, {read: "newest" as Read}), (error) =>
    error instanceof InvalidArgumentError && error.field === "x-scalegraph-read");
});

test("refusals have types and facts", async (t) => {
  const {ledger} = clientOf(t, AT.plain);
  const one = newName();
  await ledger.createAccount(one, {initialBalance: 400n});
  await ledger.credit(one, 1n, {key: `${one}-credit`});
  const cases = [
    [InsufficientFundsError, "INSUFFICIENT_FUNDS",
     () => ledger.debit(one, 402n, {key: `${one}-debit`})],
    [NotFoundError, "ACCOUNT_NOT_FOUND", () => ledger.getAccount("nobody")],
    [AlreadyExistsError, "ACCOUNT_EXISTS", () => ledger.createAccount(one)],
    [InvalidArgumentError, "AMOUNT_NOT_POSITIVE", () => ledger.credit(one, -1n)],
    [InvalidArgumentError, "NO_ENTRIES", () => ledger.transfer([])],
    [InvalidArgumentError, "ENUM_VALUE_UNKNOWN",
     () => ledger.createParticipantAccount("nobody", 99 as AccountType)],
    [IdempotencyMismatchError, "IDEMPOTENCY_MISMATCH",
     () => ledger.credit(one, 2n, {key: `${one}-credit`})],
  ] as const;
  for (const [kind, reason, call] of cases) {
    const error = await call().then(() => undefined, (refused: unknown) => refused);
    assert.ok(error instanceof kind, `${reason}: ${String(error)}`);
    assert.deepEqual([error.name, error.reason, error.outcome, error.attempts],
                     [kind.name, reason, "none", 1]);
    if (error instanceof InsufficientFundsError) {
      assert.deepEqual([error.accountId, error.balance, error.amount, error.key],
                       [one, 401n, -402n, `${one}-debit`]);
    }
    if (reason === "AMOUNT_NOT_POSITIVE") assert.equal(error.metadata["field"], "amount");
  }
  assert.equal(await ledger.getBalance(one), 401n);
});

test("what is wrong before it is sent", async (t) => {
  const {ledger, attempts} = clientOf(t, AT.plain);
  await assert.rejects(ledger.credit("alice", 1n, {key: ""}), /key is empty/);
  for (const timeout of [0, -1, NaN]) {
    await assert.rejects(ledger.getBalance("alice", {timeout}), /more than 0 ms/);
  }
  assert.deepEqual(attempts, []);
  for (const none of ["", [], ["127.0.0.1:1", ""]]) {
    assert.throws(() => new Client(none), /address/);
  }
});

test("addresses that do not answer are left", async (t) => {
  const {ledger: direct} = clientOf(t, AT.plain);
  const {ledger, attempts} = clientOf(t, [AT.refuses, AT.silent, AT.plain], {retry: IMPATIENT});
  const pair = await pairOf(direct);
  await ledger.transfer(pair.move(10n));
  const before = attempts.length;
  assert.equal(await ledger.getBalance(pair.to), 10n);
  assert.deepEqual([...attempts.slice(0, 3), attempts[before]!].map((one) => one.address),
                   [AT.refuses, AT.silent, AT.plain, AT.plain]);
  assert.equal((await pair.moved()).listed.length, 1);
  const {ledger: listed} = clientOf(t, `${AT.refuses},${AT.plain}`);
  assert.equal(await listed.getBalance(pair.to), 10n);
});

test("no address that answers", async (t) => {
  const {ledger} = clientOf(t, AT.refuses);
  await assert.rejects(ledger.getBalance("alice", {timeout: 300}), (error) =>
    error instanceof UnavailableError && error.outcome === "none");
  await assert.rejects(ledger.credit("alice", 1n, {timeout: 300}), OutcomeUnknownError);
});

test("TLS and a token", async (t) => {
  const {ledger} = clientOf(t, AT.secured, {tls: {ca: AT.ca}, token: AT.token});
  assert.equal((await ledger.createAccount(newName(), {initialBalance: 4n})).balance, 4n);
});

test("a token is asked for anew", async (t) => {
  const tokens = ["old", AT.token];
  const {ledger} = clientOf(t, AT.secured, {tls: {ca: AT.ca}, token: () => tokens.shift()!});
  await assert.rejects(ledger.getBalance("alice"), (error) =>
    error instanceof UnauthenticatedError && error.reason === "UNAUTHENTICATED");
  await assert.rejects(ledger.getBalance("alice"), NotFoundError);
});

test("a server that is another", async (t) => {
  const {ledger} = clientOf(t, AT.secured, {tls: {ca: AT.ca, serverName: "other.example"},
                                            token: AT.token});
  await assert.rejects(ledger.getBalance("alice", {timeout: 500}), UnavailableError);
});

test("a token never goes in the clear", () => {
  for (const address of ["ledger.example:50051", "127.evil.example:1", "10.0.0.1:50051"]) {
    assert.throws(() => new Client(["127.0.0.1:1", address], {token: "secret"}), /in the clear/);
  }
  for (const address of ["unix:/run/ledger", "localhost:1", "127.0.0.9:1", "[::1]:1"]) {
    new Client(address, {token: "secret"}).close();
  }
});

test("a certificate without its key", () => {
  assert.throws(() => new Client("127.0.0.1:1", {tls: {certificate: AT.ca}}), /belong together/);
});

test("a leader that is killed costs a pause", {skip: AT.cluster === undefined}, async (t) => {
  const {ledger, attempts} = clientOf(t, AT.cluster!, {retry: {deadline: 60_000}});
  const pair = await pairOf(ledger);
  assert.equal(ledger.sequence, attempts.at(-1)!.sequence);
  let first = attempts.at(-1)!;
  for (let n = 0; n < 40; ++n) {
    if (n === 10) {
      first = attempts.at(-1)!;
      process.kill(AT.leader_pid!, "SIGKILL");
    }
    await ledger.transfer(pair.move(1n));
  }
  const last = attempts.at(-1)!;
  assert.notEqual(last.node, first.node);
  assert.ok(last.sequence > first.sequence);
  const {left, arrived, listed} = await pair.moved();
  assert.deepEqual([left, arrived, listed.length], [960n, 40n, 40]);
  assert.equal(await ledger.getBalance(pair.to, {read: atLeast(ledger.sequence)}), 40n);
});
