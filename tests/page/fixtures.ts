// What every test of the page starts from: a fake server of its own, and a browser whose clock the
// test moves, so that nothing waits for real time.

import { test as base, expect, type Page } from "@playwright/test";
import { FakeServer } from "./fake_server.js";
import { FIRST_READING_MS } from "./ledger.js";

/** The page of a test, and the server that it is asked from. */
export interface Visit {
  server: FakeServer;
  /** Opens a view and waits until the page has its first reading. */
  open(hash?: string): Promise<void>;
  /** Opens a view and waits for nothing. */
  enter(hash?: string): Promise<void>;
  /** Lets the page take `readings` more readings, one after the other. */
  read(readings: number): Promise<void>;
}

export const test = base.extend<{ visit: Visit; complaints: string[] }>({
  // What the browser complains of, among it each breach of the content security policy.
  complaints: async ({ page }, use) => {
    const complaints: string[] = [];
    page.on("pageerror", (error) => complaints.push(String(error)));
    page.on("console", (message) => {
      const fromServer = message.text().startsWith("Failed to load resource");
      if (message.type() === "error" && !fromServer) complaints.push(message.text());
    });
    await use(complaints);
    expect(complaints).toEqual([]);
  },

  visit: async ({ page, complaints: _ }, use) => {
    const server = await FakeServer.open(process.env["PAGE_FILES"] ?? "");
    await page.clock.install({ time: FIRST_READING_MS });
    const enter = async (hash = "#/") => {
      await page.goto(server.url + hash);
    };
    await use({
      server, enter,
      open: async (hash) => {
        await enter(hash);
        await expect(page.locator("header .who")).toContainText("node 1");
      },
      read: async (readings) => {
        for (let i = 0; i < readings; ++i) await askedAgain(page, server, 1);
      },
    });
    await server.close();
  },
});

/** Moves the page's clock until the server was asked for its state `times` times more. */
export async function askedAgain(page: Page, server: FakeServer, times: number): Promise<void> {
  const target = server.asked + times;
  await expect.poll(async () => {
    await page.clock.runFor(1000);
    return server.asked;
  }, { intervals: [20] }).toBeGreaterThanOrEqual(target);
}

export { expect };
