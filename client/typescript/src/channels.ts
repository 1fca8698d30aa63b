/** Channels to the addresses of a ledger, with TLS and a token. */
import {readFileSync} from "node:fs";
import {BlockList, isIP, isIPv6} from "node:net";

import {type ChannelCredentials, type ChannelOptions, Client, credentials, Metadata} from
  "@grpc/grpc-js";

/** Answers of the ledger are bounded to this. */
const MAX_ANSWER_BYTES = 16 * 1024 * 1024;
/** A server that is back is found within this. */
const LONGEST_RECONNECT_MS = 1000;

/** A function is asked before each attempt, so that a new token is taken up. */
export type Token = string | (() => string | Promise<string>);

/** Paths of PEM files. Without `ca` the server needs a certificate that this machine trusts. */
export interface Tls {
  ca?: string;
  /** This client's own, and its key. */
  certificate?: string;
  key?: string;
  /** Of the certificate, if it is not the address's host. */
  serverName?: string;
}

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet("127.0.0.0", 8, "ipv4");
LOOPBACK.addAddress("::1", "ipv6");

/** A name such as 127.evil.example is not. */
function isOnThisMachine(address: string): boolean {
  if (address.startsWith("unix:")) return true;
  const host = address.slice(0, address.lastIndexOf(":")).replace(/^\[|\]$/g, "");
  if (host === "localhost") return true;
  return isIP(host) !== 0 && LOOPBACK.check(host, isIPv6(host) ? "ipv6" : "ipv4");
}

function credentialsOf(tls: Tls | undefined): ChannelCredentials {
  if (tls === undefined) return credentials.createInsecure();
  if ((tls.certificate === undefined) !== (tls.key === undefined)) {
    throw new Error("a client certificate and its key belong together");
  }
  const read = (path: string | undefined) => path === undefined ? null : readFileSync(path);
  return credentials.createSsl(read(tls.ca), read(tls.key), read(tls.certificate));
}

/** One for each address. All calls move to the next one together. */
export class Channels {
  readonly addresses: readonly string[];
  readonly #channels: readonly Client[];
  readonly #token: Token | undefined;
  #current = 0;

  constructor(addresses: readonly string[], tls: Tls | undefined, token: Token | undefined) {
    if (addresses.length === 0 || addresses.includes("")) {
      throw new Error("an address of the ledger is needed, as HOST:PORT or unix:PATH");
    }
    const exposed = addresses.find((address) => !isOnThisMachine(address));
    if (token !== undefined && tls === undefined && exposed !== undefined) {
      throw new Error(`the token would go to ${exposed} in the clear: set tls`);
    }
    const options: ChannelOptions = {
      "grpc.max_receive_message_length": MAX_ANSWER_BYTES,
      "grpc.max_reconnect_backoff_ms": LONGEST_RECONNECT_MS,
      "grpc.enable_retries": 0,  // retry.ts alone decides
      ...(tls?.serverName === undefined ? {} : {"grpc.ssl_target_name_override": tls.serverName}),
    };
    this.addresses = addresses;
    this.#token = token;
    this.#channels = addresses.map((address) => new Client(address, credentialsOf(tls), options));
  }

  /** The address that is asked next. */
  get current(): {address: string; channel: Client} {
    return {address: this.addresses[this.#current]!, channel: this.#channels[this.#current]!};
  }

  /** That address did not answer. Nothing happens if another call has left it already. */
  leave(address: string): void {
    if (this.addresses[this.#current] === address) {
      this.#current = (this.#current + 1) % this.addresses.length;
    }
  }

  /** What gets a call in. */
  async headers(): Promise<Metadata> {
    const metadata = new Metadata();
    const token = typeof this.#token === "function" ? await this.#token() : this.#token;
    if (token !== undefined) metadata.set("authorization", `Bearer ${token}`);
    return metadata;
  }

  close(): void {
    for (const channel of this.#channels) channel.close();
  }
}
