/** Calls of a ledger that are repeated until their outcome is definite. */
import {randomBytes} from "node:crypto";
import {performance} from "node:perf_hooks";
import {setTimeout as sleep} from "node:timers/promises";

import {create, type DescMessage, type DescMethodUnary, equals, fromBinary, type MessageInitShape,
        type MessageShape, toBinary} from "@bufbuild/protobuf";
import {type Client as Channel, type Metadata, status, type StatusObject} from "@grpc/grpc-js";

import {Channels, type Tls, type Token} from "./channels.js";
import {AlreadyExistsError, errorOf, type Failure, failureOf, LedgerError, OutcomeUnknownError} from
  "./errors.js";
import {type Account, AccountSchema, AccountType, LedgerService, type Participant, ParticipantRole,
        ParticipantSchema, ParticipantService, type Transaction} from "./gen/ledger_pb.js";
import {asksElsewhere, judge, type Retry, retryOf, waitAfter} from "./retry.js";

const READ = "x-scalegraph-read";
const NODE = "x-scalegraph-node";
const SEQUENCE = "x-scalegraph-sequence";

const KEY_BYTES = 24;
const PAGE_ROWS = 500;
const PAGE_BYTES = 1024 * 1024;

/** How fresh a read has to be: see atLeast() and stale(). */
export type Read = "linearizable" | `at-least=${bigint}` | `stale=${number}`;

/** Of a read that has to show what an answer with this sequence showed. */
export function atLeast(sequence: bigint): Read {
  return `at-least=${sequence}`;
}

/** Of a read that may show what is so old. */
export function stale(milliseconds: number): Read {
  return `stale=${milliseconds}`;
}

/** An idempotency key that nobody guesses. */
export function newKey(): string {
  return randomBytes(KEY_BYTES).toString("base64url");
}

/** One attempt of a call, as `onAttempt` is told of it. */
export interface Attempt {
  /** Such as "LedgerService/Transfer". */
  method: string;
  address: string;
  /** The first is 1. */
  number: number;
  failure: Failure | undefined;
  /** That answered; empty if it stands alone, or nobody answered. */
  node: string;
  /** That its answer may show; 0 without a node. */
  sequence: bigint;
}

export interface ClientOptions {
  tls?: Tls;
  token?: Token;
  retry?: Partial<Retry>;
  onAttempt?: (attempt: Attempt) => void;
}

export interface CallOptions {
  /** In milliseconds, in the place of `retry.deadline`. */
  timeout?: number;
}

export interface ReadOptions extends CallOptions {
  /** "linearizable" unless set. */
  read?: Read;
}

export interface TransferOptions extends CallOptions {
  reference?: string;
  /** Of a request that is repeated, over processes too; without one it is made. */
  key?: string;
}

export interface CreationOptions extends CallOptions {
  metadata?: Record<string, string>;
}

export interface AccountOptions extends CreationOptions {
  initialBalance?: bigint;
  floor?: bigint;
}

export interface ListTransactionsOptions extends ReadOptions {
  /** Milliseconds since 1970; `end` is exclusive. */
  begin?: bigint;
  end?: bigint;
}

/** In minor units: + credits the account, - debits it. */
export interface Entry {
  accountId: string;
  amount: bigint;
}

/** The answer, or why there is none. */
type Ended<T> = {answer: T; failure?: undefined} | {failure: Failure};

/** What a creation makes. */
type Made<O extends DescMessage> =
  MessageShape<O> & {id: string; createdAt: bigint; balance?: bigint};

// What follows from a creation, or changes later: it is not compared.
const FOLLOWS = ["createdAt", "ceiling", "status", "debitsFrozen", "creditsFrozen", "available",
                 "sequence", "$unknown"];

/** Makes `wanted` what was made, in all that its creation does not decide. */
function takeOver(found: object, wanted: object): void {
  for (const name of FOLLOWS) {
    if (name in found) Object.assign(wanted, {[name]: found[name as keyof typeof found]});
  }
}

/**
 * A ledger at one or more addresses, each of which takes every call. Opens no connection before the
 * first call. Every call may reject with a LedgerError.
 */
export class Client {
  readonly #channels: Channels;
  readonly #retry: Retry;
  readonly #onAttempt: ((attempt: Attempt) => void) | undefined;
  #sequence = 0n;

  /** @param addresses one, several with commas between them, or a list */
  constructor(addresses: string | readonly string[], options: ClientOptions = {}) {
    this.#retry = retryOf(options.retry ?? {});
    this.#onAttempt = options.onAttempt;
    this.#channels = new Channels(
      typeof addresses === "string" ? addresses.split(",") : addresses, options.tls, options.token);
  }

  close(): void {
    this.#channels.close();
  }

  /** The highest that an answer had: atLeast(client.sequence) shows all that was seen. */
  get sequence(): bigint {
    return this.#sequence;
  }

  /**
   * Of the address that is asked next, for calls that Client has not, such as streams. Nothing is
   * repeated on it; headers() get a call in.
   */
  get channel(): Channel {
    return this.#channels.current.channel;
  }

  headers(): Promise<Metadata> {
    return this.#channels.headers();
  }

  // Transfers.

  /** All of the entries or none. */
  async transfer(entries: readonly Entry[], options: TransferOptions = {}): Promise<Transaction> {
    const idempotencyKey = keyOf(options.key);
    return this.#call(LedgerService.method.transfer,
                      {entries: [...entries], reference: options.reference ?? "", idempotencyKey},
                      options, {key: idempotencyKey});
  }

  async credit(accountId: string, amount: bigint, options: TransferOptions = {}):
      Promise<Transaction> {
    const idempotencyKey = keyOf(options.key);
    return this.#call(LedgerService.method.credit,
                      {accountId, amount, reference: options.reference ?? "", idempotencyKey},
                      options, {key: idempotencyKey});
  }

  async debit(accountId: string, amount: bigint, options: TransferOptions = {}):
      Promise<Transaction> {
    const idempotencyKey = keyOf(options.key);
    return this.#call(LedgerService.method.debit,
                      {accountId, amount, reference: options.reference ?? "", idempotencyKey},
                      options, {key: idempotencyKey});
  }

  // Creations. They have no key, but an id: the ledger makes it once. Where the outcome of an
  // attempt was unknown and the id exists afterwards, what is there is compared.

  async createAccount(accountId: string, options: AccountOptions = {}): Promise<Account> {
    const {initialBalance = 0n, floor = 0n, metadata = {}} = options;
    const wanted = create(AccountSchema, {id: accountId, accountType: AccountType.STANDALONE,
                                          balance: initialBalance, floor, metadata});
    return this.#create(LedgerService.method.createAccount,
                        {accountId, initialBalance, floor, metadata}, wanted, options,
                        (rest) => this.getAccount(accountId, rest));
  }

  /** Its id is PARTICIPANT:type, such as "acme:operating". */
  async createParticipantAccount(participantId: string,
                                 accountType: AccountType = AccountType.OPERATING,
                                 options: AccountOptions = {}): Promise<Account> {
    const {initialBalance = 0n, floor = 0n, metadata = {}} = options;
    const type = accountType || AccountType.OPERATING;
    // A type that this version does not know is the ledger's to refuse.
    const id = `${participantId}:${(AccountType[type] ?? "").toLowerCase()}`;
    const wanted = create(AccountSchema, {id, participantId, accountType: type,
                                          balance: initialBalance, floor, metadata});
    return this.#create(ParticipantService.method.createParticipantAccount,
                        {participantId, accountType, initialBalance, floor, metadata}, wanted,
                        options, (rest) => this.getAccount(id, rest));
  }

  async createParticipant(id: string, name: string, role: ParticipantRole,
                          options: CreationOptions = {}): Promise<Participant> {
    const {metadata = {}} = options;
    const wanted = create(ParticipantSchema, {id, name, role, metadata});
    return this.#create(ParticipantService.method.createParticipant, {id, name, role, metadata},
                        wanted, options, (rest) => this.getParticipant(id, rest));
  }

  // Reads.

  async getAccount(accountId: string, options: ReadOptions = {}): Promise<Account> {
    return this.ask(LedgerService.method.getAccount, {accountId}, options);
  }

  async getBalance(accountId: string, options: ReadOptions = {}): Promise<bigint> {
    return (await this.ask(LedgerService.method.getBalance, {accountId}, options)).balance;
  }

  async getParticipant(participantId: string, options: ReadOptions = {}): Promise<Participant> {
    return this.ask(ParticipantService.method.getParticipant, {participantId}, options);
  }

  async getTransaction(id: string, options: ReadOptions = {}): Promise<Transaction> {
    return this.ask(LedgerService.method.getTransaction, {id}, options);
  }

  /**
   * Newest first, of all accounts without an id. A page is read when it is needed; the timeout is
   * that of a page.
   */
  async *listTransactions(accountId = "", options: ListTransactionsOptions = {}):
      AsyncGenerator<Transaction, void, undefined> {
    const {begin = 0n, end = 0n} = options;
    for (let pageToken = "", isLast = false; !isLast; isLast = pageToken === "") {
      const page = await this.ask(LedgerService.method.listTransactions,
                                  {accountId, from: begin, to: end, limit: PAGE_ROWS,
                                   pageBytes: PAGE_BYTES, pageToken}, options);
      yield* page.transactions;
      pageToken = page.nextPageToken;
    }
  }

  async *listParticipants(role = ParticipantRole.PARTICIPANT_ROLE_UNSPECIFIED,
                          options: ReadOptions = {}): AsyncGenerator<Participant, void, undefined> {
    for (let pageToken = "", isLast = false; !isLast; isLast = pageToken === "") {
      const page = await this.ask(ParticipantService.method.listParticipants,
                                  {role, pageBytes: PAGE_BYTES, pageToken}, options);
      yield* page.participants;
      pageToken = page.nextPageToken;
    }
  }

  async *listParticipantAccounts(participantId: string, options: ReadOptions = {}):
      AsyncGenerator<Account, void, undefined> {
    for (let pageToken = "", isLast = false; !isLast; isLast = pageToken === "") {
      const page = await this.ask(ParticipantService.method.getParticipantAccounts,
                                  {participantId, pageBytes: PAGE_BYTES, pageToken}, options);
      yield* page.accounts;
      pageToken = page.nextPageToken;
    }
  }

  /** Any other unary method that only reads, such as AdminService.method.listAccounts. */
  async ask<I extends DescMessage, O extends DescMessage>(
      method: DescMethodUnary<I, O>, request: MessageInitShape<I>, options: ReadOptions = {}):
      Promise<MessageShape<O>> {
    return this.#call(method, request, options, {read: options.read ?? "linearizable"});
  }

  // How a call is made.

  #deadline({timeout = this.#retry.deadline}: CallOptions): number {
    if (!(timeout > 0)) throw new RangeError(`timeout is ${timeout}: it has to be more than 0 ms`);
    return timeout;
  }

  async #create<I extends DescMessage, O extends DescMessage>(
      method: DescMethodUnary<I, O>, request: MessageInitShape<I>, wanted: Made<O>,
      options: CallOptions, find: (rest: CallOptions) => Promise<Made<O>>):
      Promise<MessageShape<O>> {
    const end = performance.now() + this.#deadline(options);
    try {
      return await this.#call(method, request, options, {});
    } catch (error) {
      if (!(error instanceof AlreadyExistsError) || !error.afterUnknown) throw error;
      // One attempt at least, even if the deadline is over.
      const found = await this.#find(wanted.id, error, () =>
        find({timeout: Math.max(end - performance.now(), this.#retry.attempt)}));
      takeOver(found, wanted);
      if (equals(method.output, found, wanted)) return found;
      if (found.balance !== undefined) {
        wanted.balance = found.balance;
        if (equals(method.output, found, wanted)) {
          throw unknown(error, `${wanted.id} exists as asked for, but for its balance of ` +
            `${found.balance}: it has moved since, or another made it`, error);
        }
      }
      throw error;
    }
  }

  /** What stands under the id of a creation. */
  async #find<T>(id: string, exists: LedgerError, find: () => Promise<T>): Promise<T> {
    try {
      return await find();
    } catch (failed) {
      if (!(failed instanceof LedgerError)) throw failed;
      throw unknown(exists, `${id} exists, and could not be read to compare it: ` +
        failed.message, failed);
    }
  }

  async #call<I extends DescMessage, O extends DescMessage>(
      method: DescMethodUnary<I, O>, request: MessageInitShape<I>, options: CallOptions,
      {key, read}: {key?: string; read?: Read}): Promise<MessageShape<O>> {
    const deadline = this.#deadline(options);
    const end = performance.now() + deadline;
    const payload = Buffer.from(toBinary(method.input, create(method.input, request)));
    let wasUnknown = false;
    let failure: Failure | undefined;
    for (let attempts = 1; ; ++attempts) {
      const left = Math.min(this.#retry.attempt, end - performance.now());
      let ended: Ended<MessageShape<O>>;
      try {
        ended = await this.#attempt(method, payload, left, attempts, read);
      } catch (failed) {
        // The caller's own, such as a token that could not be had: the key is not lost.
        if (failure === undefined || !wasUnknown) throw failed;
        throw unknown(errorOf(failure), howToGoOn(key), failed);
      }
      if (ended.failure === undefined) return ended.answer;
      failure = ended.failure;
      Object.assign(failure, {attempts, key, afterUnknown: wasUnknown});
      const verdict = judge(failure, wasUnknown);
      wasUnknown ||= failure.outcome === "unknown";
      const wait = verdict === "again"
        ? waitAfter(attempts, end - performance.now(), deadline, this.#retry) : undefined;
      if (wait === undefined) {
        const error = errorOf(failure);
        if (wasUnknown && verdict !== "refused") throw unknown(error, howToGoOn(key), error);
        throw error;
      }
      await sleep(wait);
    }
  }

  async #attempt<I extends DescMessage, O extends DescMessage>(
      method: DescMethodUnary<I, O>, payload: Buffer, timeout: number, number: number,
      read: Read | undefined): Promise<Ended<MessageShape<O>>> {
    const headers = await this.#channels.headers();
    if (read !== undefined && read !== "linearizable") headers.set(READ, read);
    const {address, channel} = this.#channels.current;
    let answer: MessageShape<O> | undefined;
    const ended = await new Promise<StatusObject>((resolve) => {
      channel.makeUnaryRequest(
        `/${method.parent.typeName}/${method.name}`, (bytes: Buffer) => bytes,
        (bytes: Buffer) => fromBinary(method.output, bytes), payload, headers,
        {deadline: Date.now() + timeout},
        (_, told) => answer = told).on("status", resolve);
    });
    let failure: Failure | undefined;
    if (answer === undefined) {
      const isOk = ended.code === status.OK;
      failure = failureOf(isOk ? status.UNKNOWN : ended.code,
                          isOk ? "OK came without an answer" : ended.details, ended.metadata);
      if (read !== undefined) failure.outcome = "none";
      if (asksElsewhere(failure)) this.#channels.leave(address);
    }
    const trailer = (name: string) => String(ended.metadata.get(name)[0] ?? "");
    const sequence = BigInt(trailer(SEQUENCE));
    if (sequence > this.#sequence) this.#sequence = sequence;
    this.#onAttempt?.({method: `${method.parent.name}/${method.name}`, address, number, failure,
                       node: trailer(NODE), sequence});
    return failure === undefined ? {answer: answer!} : {failure};
  }
}

function keyOf(key: string | undefined): string {
  if (key === "") {
    throw new Error("the key is empty, so a retry would book twice: give one, or none to have " +
      "one made");
  }
  return key ?? newKey();
}

function howToGoOn(key: string | undefined): string {
  return key === undefined ? "call it again as it was: what exists is made once"
    : `call it again with the same content and key "${key}": it has one effect`;
}

/** The end of a call that may have had its effect. */
function unknown(error: LedgerError, text: string, cause: unknown): OutcomeUnknownError {
  const {code, reason, metadata, attempts, key} = error;
  const message = `the outcome is unknown after ${attempts} attempts: ${text}; the last one ` +
    `failed with: ${error.message}`;
  return new OutcomeUnknownError({code, reason, message, metadata, outcome: "unknown", attempts,
                                  key, afterUnknown: true}, {cause});
}
