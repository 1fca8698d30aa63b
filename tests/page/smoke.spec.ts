// What any server's page must do: against the fake one, or the one that SCALEGRAPH_PAGE_URL names,
// with the bearer token of SCALEGRAPH_PAGE_TOKEN.

import { expect, test as base } from "@playwright/test";
import { FakeServer } from "./fake_server.js";

const given = process.env["SCALEGRAPH_PAGE_URL"];
const token = given ? process.env["SCALEGRAPH_PAGE_TOKEN"] : "fake-token";

const test = base.extend<{ address: string }>({
  httpCredentials: async ({}, use) => {
    await use(token ? { username: "token", password: token } : undefined);
  },
  address: async ({}, use) => {
    if (given) {
      await use(given);
      return;
    }
    const server = await FakeServer.open(process.env["PAGE_FILES"] ?? "");
    server.token = "fake-token";
    await use(server.url);
    await server.close();
  },
});

test("every view opens with live figures, from this server alone", async ({ page, address }) => {
  const complaints: string[] = [];
  const foreign: string[] = [];
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("request", (request) => {
    if (new URL(request.url()).origin !== new URL(address).origin) foreign.push(request.url());
  });
  const response = await page.goto(address);
  expect(response?.headers()["content-security-policy"]).toContain("default-src 'none'");
  expect(response?.headers()["content-security-policy"]).not.toContain("unsafe");
  await expect(page.locator("header .who")).toContainText(/live.*node \d+/);
  // A second reading gives a rate.
  await expect(page.locator(".figure", { hasText: "Committed" })).toContainText(/[0-9]\/s/);
  await expect(page.getByRole("table", { name: "Stages of a write" })).toBeVisible();
  for (const view of ["Actors", "Storage", "Accounts"]) {
    await page.getByRole("link", { name: view, exact: true }).click();
    await expect(page.locator("main table, main .quiet").first()).toBeVisible();
    await expect(page.locator("[role=alert]")).toHaveCount(0);
  }
  const account = page.locator("tbody a").first();
  await expect(page.getByText(/Asking for the accounts/)).toHaveCount(0);
  if (await account.count() > 0) {
    await account.click();
    await expect(page.locator(".figure", { hasText: "Balance" })).toBeVisible();
  }
  expect(complaints).toEqual([]);
  expect(foreign).toEqual([]);
});
