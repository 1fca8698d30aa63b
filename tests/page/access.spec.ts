// Whether everybody can use the page: rules of WCAG 2.2 AA by axe-core, the keyboard, narrow screens
// and reduced motion.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { AxeResults } from "axe-core";
import type { Page } from "@playwright/test";
import { expect, test, type Visit } from "./fixtures.js";
import { busy, cluster } from "./ledger.js";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

async function breaches(page: Page): Promise<string[]> {
  await page.evaluate(axe);
  const results = await page.evaluate(() =>
    (window as unknown as { axe: { run(): Promise<AxeResults> } }).axe.run());
  return results.violations.flatMap(({ id, nodes }) =>
    nodes.map((node) => `${id}: ${node.html}: ${node.failureSummary}`));
}

const HASHES = ["#/", "#/actors", "#/cluster", "#/storage", "#/accounts", "#/accounts/account-000017",
                "#/accounts/none", "#/nothing"];

async function walk(page: Page, visit: Visit, check: (hash: string) => Promise<void>) {
  visit.server.entry_count = 30;
  visit.server.state = (reading) => ({ ...busy(reading), cluster: cluster(reading) });
  await visit.open();
  await visit.read(3);
  for (const hash of HASHES) {
    await visit.enter(hash);
    const title = page.locator("h1");
    await expect(title).toHaveCount(1);
    await expect(page.getByText(/^Asking for/)).toHaveCount(0);
    await check(hash);
  }
}

for (const colorScheme of ["light", "dark"] as const) {
  test.describe(colorScheme, () => {
    test.use({ colorScheme });

    test("axe finds nothing in any view", async ({ page, visit }) => {
      await walk(page, visit, async (hash) => {
        expect(await breaches(page), hash).toEqual([]);
      });
    });

    test("axe finds nothing while the server is silent or refuses", async ({ page, visit }) => {
      await visit.open();
      visit.server.manner = { kind: "breaks" };
      await page.clock.runFor(2000);
      await expect(page.locator(".banner.stale")).toBeVisible();
      expect(await breaches(page)).toEqual([]);
      visit.server.refuse(403, "PERMISSION_DENIED", "The role teller may not read the state.");
      await page.getByRole("button", { name: "Ask now" }).click();
      await expect(page.locator(".banner.refused")).toBeVisible();
      expect(await breaches(page)).toEqual([]);
    });
  });
}

test.describe("on a phone", () => {
  test.use({ viewport: { width: 320, height: 640 }, hasTouch: true });

  test("no view is wider than the screen, and axe finds nothing", async ({ page, visit }) => {
    await walk(page, visit, async (hash) => {
      expect(await page.evaluate(() => document.documentElement.scrollWidth), hash).toBe(320);
      expect(await breaches(page), hash).toEqual([]);
    });
  });
});

test("the keyboard alone reaches the content, the menu and an account", async ({ page, visit }) => {
  await visit.open();
  await page.keyboard.press("Tab");
  await expect(page.getByRole("link", { name: "Skip to the content" })).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(page.locator("main")).toBeFocused();
  for (const name of ["Accounts", "Storage"]) {
    await page.keyboard.press("Shift+Tab");
    await expect(page.getByRole("link", { name, exact: true })).toBeFocused();
  }
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { name: "Accounts" })).toBeFocused();
  await expect(page.getByRole("link", { name: "account-000000" })).toBeVisible();
  for (let i = 0; i < 4; ++i) await page.keyboard.press("Tab");  // field, button, table, account
  await expect(page.getByRole("link", { name: "account-000000" })).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { level: 1 })).toContainText("account-000000");
});

test("focus is seen, and a new reading leaves it where it is", async ({ page, visit }) => {
  await visit.open();
  const link = page.getByRole("link", { name: "fees:eu" });
  await link.focus();
  await page.keyboard.press("Shift+Tab");
  await page.keyboard.press("Tab");
  expect(await link.evaluate((element) => getComputedStyle(element).outlineStyle)).toBe("solid");
  await visit.read(3);
  await expect(link).toBeFocused();
});

test("with reduced motion nothing moves", async ({ page, visit }) => {
  await page.emulateMedia({ reducedMotion: "reduce" });
  visit.server.manner = { kind: "hangs" };
  await visit.enter();
  await expect(page.locator(".skeleton")).toBeVisible();
  expect(await page.evaluate(() => document.getAnimations().length)).toBe(0);
});

test("the plots change with the reader's scheme", async ({ page, visit }) => {
  await visit.open();
  await visit.read(5);
  const picture = () => page.locator(".plot canvas").first()
    .evaluate((canvas) => (canvas as HTMLCanvasElement).toDataURL());
  const light = await picture();
  await page.emulateMedia({ colorScheme: "dark" });
  await expect.poll(picture).not.toBe(light);
});
