/** A client of a relay that loses answers: each call has one effect. */
import assert from "node:assert/strict";
import {test} from "node:test";

import {AlreadyExistsError, type Client, InsufficientFundsError, OutcomeUnknownError,
        ParticipantRole, PermissionDeniedError, UnavailableError} from "../src/index.js";
import {AT, clientOf, IMPATIENT, newName, pairOf, QUICK} from "./ledgers.js";

type Kind<T> = new (...parts: never[]) => T;

async function failureOf<T>(kind: Kind<T>, call: Promise<unknown>): Promise<T> {
  const error = await call.then(() => "it was not refused", (refused: unknown) => refused);
  assert.ok(error instanceof kind, String(error));
  return error;
}

const SCRIPTS = ["lost", "silence", "reset", "restarted", "lost,silence,reset",
                 "lost,overloaded,locked,away", "overloaded", "away"];
for (const script of SCRIPTS) {
  test(`a retry after ${script} has one effect`, async (t) => {
    const pair = await pairOf(clientOf(t, AT.plain).ledger);
    const isSilent = script.includes("silence");
    const {ledger, attempts} = clientOf(t, AT.relay, {retry: isSilent ? IMPATIENT : QUICK});
    const paid = await ledger.transfer(pair.move(10n), {reference: `script=${script}`});
    assert.deepEqual(await pair.moved(), {left: 990n, arrived: 10n, listed: [paid]});
    const sent = script.split(",").length + 1;
    assert.ok(isSilent ? attempts.length >= sent : attempts.length === sent);
    assert.deepEqual(attempts.map((one) => one.number), attempts.map((_, i) => i + 1));
  });
}

test("credits and debits too", async (t) => {
  const {ledger, attempts} = clientOf(t, AT.relay);
  const one = newName();
  await ledger.createAccount(one, {initialBalance: 100n});
  await ledger.credit(one, 5n, {reference: "script=lost,lost"});
  await ledger.debit(one, 1n, {reference: "script=lost"});
  assert.equal(attempts.length, 6);
  assert.equal(await ledger.getBalance(one), 104n);
});

test("a refusal after a lost answer is definite", async (t) => {
  const pair = await pairOf(clientOf(t, AT.plain).ledger);
  const {ledger} = clientOf(t, AT.relay);
  const refused = await failureOf(InsufficientFundsError, ledger.transfer(
    pair.move(1001n), {reference: "script=lost,lost"}));
  assert.deepEqual([refused.attempts, refused.outcome], [3, "none"]);
});

test("at the deadline the key is told and goes on", async (t) => {
  const {ledger: direct} = clientOf(t, AT.plain);
  const pair = await pairOf(direct);
  const {ledger} = clientOf(t, AT.relay, {retry: IMPATIENT});
  const reference = "script=lost,always";
  const lost = await failureOf(OutcomeUnknownError, ledger.transfer(pair.move(10n),
                                                                    {reference, timeout: 2500}));
  assert.equal(lost.outcome, "unknown");
  assert.ok(lost.attempts > 1);
  assert.ok(lost.key && lost.message.includes(lost.key));
  assert.ok(lost.cause instanceof UnavailableError);
  await direct.transfer(pair.move(10n), {reference, key: lost.key});
  assert.equal((await pair.moved()).arrived, 10n);
});

test("a token that cannot be had does not lose the key", async (t) => {
  const pair = await pairOf(clientOf(t, AT.plain).ledger);
  const tokens = ["first"];
  const token = () => tokens.pop() ?? Promise.reject(new Error("no token"));
  const {ledger} = clientOf(t, AT.relay, {token});
  const lost = await failureOf(OutcomeUnknownError, ledger.transfer(pair.move(10n),
                                                                    {reference: "script=lost"}));
  assert.ok(lost.key);
  assert.match(String(lost.cause), /no token/);
  assert.equal((await pair.moved()).arrived, 10n);
  await assert.rejects(ledger.transfer(pair.move(10n)), /^Error: no token$/);
});

test("a door that closes after a lost answer leaves it unknown", async (t) => {
  const {ledger: direct} = clientOf(t, AT.plain);
  const {ledger} = clientOf(t, AT.relay);
  for (const [script, attempts] of [["lost,denied", 2], ["too_large", 1]] as const) {
    const pair = await pairOf(direct);
    const lost = await failureOf(OutcomeUnknownError, ledger.transfer(
      pair.move(10n), {reference: `script=${script}`}));
    assert.equal(lost.attempts, attempts);
    assert.equal((await pair.moved()).arrived, 10n);
  }
  const pair = await pairOf(direct);
  await failureOf(PermissionDeniedError, ledger.transfer(pair.move(10n),
                                                         {reference: "script=denied"}));
});

test("what has changed nothing is no unknown outcome", async (t) => {
  const pair = await pairOf(clientOf(t, AT.plain).ledger);
  const {ledger} = clientOf(t, AT.relay);
  const refused = await failureOf(UnavailableError, ledger.transfer(
    pair.move(10n), {reference: "script=overloaded,always", timeout: 5000}));
  assert.deepEqual([refused.reason, refused.outcome], ["OVERLOADED", "none"]);
  assert.deepEqual(await pair.moved(), {left: 1000n, arrived: 0n, listed: []});
});

const LOST = {metadata: {about: "script=lost"}};

test("a creation whose answer was lost is found again", async (t) => {
  const {ledger: direct} = clientOf(t, AT.plain);
  const {ledger} = clientOf(t, AT.relay);
  const owner = newName();
  assert.deepEqual(await ledger.createParticipant(owner, "Acme", ParticipantRole.SUPPLIER, LOST),
                   await direct.getParticipant(owner));
  assert.deepEqual(
    await ledger.createParticipantAccount(owner, undefined, {...LOST, initialBalance: 7n}),
    await direct.getAccount(`${owner}:operating`));
  const id = newName();
  assert.deepEqual(await ledger.createAccount(id, {...LOST, initialBalance: 9n, floor: -3n}),
                   await direct.getAccount(id));
});

async function made(direct: Client, metadata: Record<string, string>): Promise<string> {
  return (await direct.createAccount(newName(), {initialBalance: 7n, metadata})).id;
}

test("what another made is not taken for one's own", async (t) => {
  const one = await made(clientOf(t, AT.plain).ledger, {});
  const {ledger} = clientOf(t, AT.relay);
  const refused = await failureOf(AlreadyExistsError, ledger.createAccount(
    one, {...LOST, initialBalance: 7n}));
  assert.deepEqual([refused.attempts, refused.outcome], [2, "none"]);
});

test("with another balance it may be one's own", async (t) => {
  const one = await made(clientOf(t, AT.plain).ledger, LOST.metadata);
  const {ledger} = clientOf(t, AT.relay);
  const lost = await failureOf(OutcomeUnknownError, ledger.createAccount(one, LOST));
  assert.match(lost.message, /balance of 7/);
  assert.ok(lost.cause instanceof AlreadyExistsError);
  assert.equal(lost.key, undefined);
});
