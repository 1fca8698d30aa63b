// Pictures of every state, for people to look at; no part of the tests. PAGE_SCREENS names the
// folder that they go to.

import { expect, test } from "./fixtures.js";
import { busy, cluster, empty, tree } from "./ledger.js";

const folder = process.env["PAGE_SCREENS"];

const inCluster = (reading: number) => ({ ...busy(reading), cluster: cluster(reading) });

test.setTimeout(120_000);

for (const scheme of ["light", "dark"] as const) {
  for (const [size, viewport] of [["desktop", { width: 1360, height: 900 }],
                                  ["phone", { width: 390, height: 844 }]] as const) {
    test.describe(`${scheme} ${size}`, () => {
      test.use({ colorScheme: scheme, viewport });
      const name = (view: string) => `${folder}/${view}-${size}-${scheme}.png`;

      for (const view of ["overview", "actors", "cluster", "storage"]) {
        test(view, async ({ page, visit }) => {
          visit.server.state = (reading) => inCluster(reading * 5);
          await visit.open(view === "overview" ? "#/" : `#/${view}`);
          await visit.read(view === "overview" || view === "cluster" ? 30 : 1);
          await page.screenshot({ path: name(view), fullPage: true });
        });
      }

      for (const [view, hash] of [["accounts", "#/accounts?token=50000"],
                                  ["account", "#/accounts/account-000017"],
                                  ["missing", "#/accounts/Alice"]] as const) {
        test(view, async ({ page, visit }) => {
          await visit.open(hash);
          await expect(page.locator("main table, main [role=alert]").first()).toBeVisible();
          await page.screenshot({ path: name(view) });
        });
      }

      test("states", async ({ page, visit }) => {
        visit.server.manner = { kind: "hangs" };
        await visit.enter();
        await page.screenshot({ path: name("loading") });
        visit.server.manner = { kind: "answers" };
        visit.server.state = empty;
        await visit.open();
        await visit.read(3);
        await page.screenshot({ path: name("empty"), fullPage: true });
        visit.server.account_count = 0;
        await visit.open("#/accounts");
        await page.screenshot({ path: name("no-accounts") });
        visit.server.refuse(403, "PERMISSION_DENIED", "The role teller may not read the state.");
        await visit.enter("#/storage");
        await expect(page.locator(".banner")).toBeVisible();
        await page.screenshot({ path: name("refused") });
      });

      test("stale", async ({ page, visit }) => {
        visit.server.state = (reading) => ({ ...inCluster(reading), tree: { ...tree(reading) } });
        await visit.open();
        await visit.read(20);
        visit.server.manner = { kind: "breaks" };
        await page.clock.runFor(4000);
        await expect(page.locator(".banner")).toContainText("has not answered");
        await page.screenshot({ path: name("stale") });
      });
    });
  }
}
