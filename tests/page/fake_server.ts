// A server in place of scalegraphd: it serves the built files with the headers that the build asks
// for, and the JSON that a test wants. It counts what it was asked.

import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type { State } from "../../telemetry/page/src/api.js";
import { account, accounts, busy, history } from "./ledger.js";

interface Manifest {
  policy: string;
  files: Array<{ path: string; type: string; etag: string; file: string }>;
}

/** What the server does with a question for JSON. */
export type Manner =
  | { kind: "answers" }
  | { kind: "hangs" }
  | { kind: "breaks" }
  | { kind: "babbles" }
  | { kind: "refuses"; status: number; reason: string; message: string };

export class FakeServer {
  manner: Manner = { kind: "answers" };
  state: (reading: number) => State = busy;
  account_count = 100_000;
  entry_count = 500;
  /** How many readings were given; the next one is that of this second. */
  reading = 0;
  /** How often the state was asked for, answered or not. */
  asked = 0;
  /** The token that a caller must give as its password; empty: none. */
  token = "";

  private constructor(private readonly server: Server, private readonly folder: string,
                      private readonly manifest: Manifest) {}

  static async open(folder: string): Promise<FakeServer> {
    const manifest = JSON.parse(readFileSync(join(folder, "manifest.json"), "utf8")) as Manifest;
    const server = createServer();
    const fake = new FakeServer(server, folder, manifest);
    server.on("request", (request, response) => fake.serve(request, response));
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    return fake;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/`;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((done) => this.server.close(done));
  }

  refuse(status: number, reason: string, message: string): void {
    this.manner = { kind: "refuses", status, reason, message };
  }

  private serve(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? "/", "http://fake");
    if (url.pathname.startsWith("/api/")) {
      this.serveJson(request, url, response);
      return;
    }
    const file = this.manifest.files.find(({ path }) => path === url.pathname);
    if (!file) {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, {
      "content-type": file.type, etag: file.etag, "cache-control": "no-cache",
      "content-security-policy": this.manifest.policy, "x-content-type-options": "nosniff" });
    response.end(readFileSync(join(this.folder, file.file)));
  }

  private serveJson(request: IncomingMessage, url: URL, response: ServerResponse): void {
    if (url.pathname === "/api/state") ++this.asked;
    const password = Buffer.from((request.headers.authorization ?? "").replace("Basic ", ""), "base64")
      .toString().split(":")[1];
    if (this.token !== "" && password !== this.token) {
      response.setHeader("www-authenticate", 'Basic realm="scalegraph"');
      answer(response, 401, failure("TOKEN_MISSING", "Give a bearer token as the password."));
    } else if (this.manner.kind === "refuses") {
      answer(response, this.manner.status, failure(this.manner.reason, this.manner.message));
    } else if (this.manner.kind === "breaks") {
      response.destroy();
    } else if (this.manner.kind === "babbles") {
      response.writeHead(200, { "content-type": "text/html" }).end("<h1>Welcome</h1>");
    } else if (this.manner.kind === "answers") {
      this.answerAbout(url, response);
    }
  }

  private answerAbout(url: URL, response: ServerResponse): void {
    const asked = url.searchParams;
    if (url.pathname === "/api/state") {
      answer(response, 200, this.state(this.reading++));
    } else if (url.pathname === "/api/accounts") {
      const limit = Number(asked.get("limit"));
      answer(response, 200, accounts(this.account_count, limit, asked.get("token") ?? ""));
    } else {
      const id = asked.get("id") ?? "";
      const found = /^account-(\d{6})$/.exec(id);
      const named = { ...account(1), id };
      if (!found && !["fees:eu", "settlement/visa"].includes(id)) {
        answer(response, 404, failure("ACCOUNT_NOT_FOUND", `There is no account "${id}".`));
        return;
      }
      const shown = found ? account(Number(found[1])) : named;
      answer(response, 200, history(shown, this.entry_count, this.entry_count >= 500));
    }
  }
}

function failure(reason: string, message: string) {
  return { error: { reason, message } };
}

function answer(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { "content-type": "application/json", "cache-control": "no-store" });
  response.end(JSON.stringify(value));
}
