// What each view shows, and how the reader moves between them.

import { expect, test } from "./fixtures.js";
import { accountId, busy, cluster } from "./ledger.js";

test("the overview has stages, refusals, hot accounts and calls", async ({ page, visit }) => {
  await visit.open();
  await visit.read(3);
  await expect(page.getByRole("table", { name: "Stages of a write" }).getByRole("rowheader"))
    .toHaveText(["queue", "vote", "lock", "journal", "commit", "reply"]);
  const reasons = page.getByRole("table", { name: "Refusals by reason" });
  await expect(reasons.getByRole("rowheader").first()).toHaveText("INSUFFICIENT_FUNDS");
  await expect(reasons).not.toContainText("DUPLICATE_ACCOUNT");
  await page.getByLabel("all since the start").check();
  await expect(reasons).toContainText("DUPLICATE_ACCOUNT");
  const calls = page.getByRole("table", { name: "Calls" });
  await expect(calls.getByRole("row", { name: /LedgerService\/Transfer / })).toContainText("ABORTED");
  const hot = page.getByRole("table", { name: "Hottest accounts" });
  await expect(hot).toContainText("21.3");
  await hot.getByRole("link", { name: "settlement/visa" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toContainText("settlement/visa");
  expect(page.url()).toContain("#/accounts/settlement%2Fvisa");
});

test("plots can be read by keyboard", async ({ page, visit }) => {
  await visit.open();
  await visit.read(4);
  const plot = page.getByRole("img", { name: /^Throughput at 14:0\d:\d\d: committed 4/ });
  await plot.focus();
  await page.keyboard.press("ArrowLeft");
  await expect(page.getByText(/^Throughput at 14:0\d:\d\d: committed 4/)).toBeAttached();
  await page.keyboard.press("Home");
  await expect(page.getByText("Throughput at 14:03:22: committed –, refused –")).toBeAttached();
});

test("the latency plot follows the chosen method", async ({ page, visit }) => {
  await visit.open();
  await visit.read(2);
  const latency = page.getByRole("img", { name: /^Latency at/ });
  const before = await latency.getAttribute("aria-label");
  await page.getByLabel("Latency of calls of").selectOption("LedgerService/GetAccount");
  await expect(latency).not.toHaveAttribute("aria-label", before ?? "");
});

test("the supervision tree shows levels, restarts and last exits", async ({ page, visit }) => {
  await visit.open("#/actors");
  const shard = page.getByRole("row", { name: /account_shard_2/ });
  await expect(shard).toContainText("exception: lock table is full");
  await expect(shard.getByRole("rowheader")).toContainText("level 2");
  await expect(shard.getByRole("cell").nth(3)).toHaveText("3");
  await expect(page.getByText("12 actors, 1 restart")).toBeVisible();
});

test("a supervisor that does not answer is said", async ({ page, visit }) => {
  visit.server.state = (reading) => ({ ...busy(reading), tree: null });
  await visit.open("#/actors");
  await expect(page.locator("main")).toContainText("The supervisor did not answer.");
});

test("the cluster shows roles, lag and which node is asked", async ({ page, visit }) => {
  visit.server.state = (reading) => ({ ...busy(reading), cluster: cluster(reading) });
  await visit.open("#/cluster");
  await expect(page.getByRole("row", { name: /^2 / })).toContainText("leader");
  await expect(page.getByRole("row", { name: /^1 this node/ })).toContainText("follower");
  await expect(page.getByRole("row", { name: /^3 / }).getByRole("cell").nth(2)).toHaveText("20");
});

test("one node alone has no cluster, and the menu none either", async ({ page, visit }) => {
  await visit.open();
  await expect(page.getByRole("link", { name: "Cluster" })).toHaveCount(0);
  await visit.enter("#/cluster");
  await expect(page.locator("main")).toContainText("no member of a cluster");
});

test("tables come by size, with their sums", async ({ page, visit }) => {
  await visit.open("#/storage");
  const table = page.getByRole("table", { name: "Tables" });
  await expect(table.getByRole("rowheader").first()).toHaveText("blocks");
  await expect(table.locator("tfoot")).toContainText(/2,488,[0-9]{3}.*130.GiB/);
});

test("100,000 accounts are read page by page, there and back", async ({ page, visit }) => {
  await visit.open("#/accounts");
  const rows = page.locator("tbody tr");
  await expect(rows).toHaveCount(100);
  await page.getByRole("link", { name: "Next" }).click();
  await expect(rows.first()).toContainText(accountId(100));
  await page.getByRole("link", { name: "Next" }).click();
  await expect(rows.first()).toContainText(accountId(200));
  await page.getByRole("link", { name: "Previous" }).click();
  await expect(rows.first()).toContainText(accountId(100));
  await page.goBack();
  await expect(rows.first()).toContainText(accountId(200));
  await visit.enter("#/accounts?token=99900");
  await expect(rows.first()).toContainText(accountId(99_900));
  await expect(page.getByText("100 accounts on this page, the last")).toBeVisible();
  await expect(page.getByRole("link", { name: "Next" })).toHaveCount(0);
});

test("an account is found by its exact ID", async ({ page, visit }) => {
  await visit.open("#/accounts");
  await page.getByLabel("Account ID").fill(accountId(40_404));
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { level: 1 })).toContainText(accountId(40_404));
  await expect(page.getByRole("img", { name: /^Balance over time at/ })).toBeVisible();
  await expect(page.getByRole("table", { name: "Entries, newest first" }).locator("tbody tr"))
    .toHaveCount(500);
  await expect(page.getByText("Shows the newest 500 entries")).toBeVisible();
});

test("an ID that no account has is said, as it was typed", async ({ page, visit }) => {
  await visit.open("#/accounts/<b>Alice%20");
  await expect(page.getByRole("alert")).toContainText("There is no account with the ID <b>Alice .");
});

test("amounts keep their last digit", async ({ page, visit }) => {
  await visit.open();
  await page.route("**/api/history*", (route) => route.fulfill({ json: {
    account: { id: "big", participant_id: "", type: "standalone", balance: "9007199254740993",
               floor: "-9223372036854775808" },
    sequence: 3, truncated: false, entries: [
      { transaction_id: "t1", sequence: 3, time_ms: 1_700_000_000_123, type: "transfer", reference: "",
        amount: "9007199254740993", balance: "9007199254740993" }] } }));
  await visit.enter("#/accounts/big");
  const figure = page.locator(".figure", { hasText: "Balance" });
  await expect(figure).toContainText("9,007,199,254,740,993");
  await expect(figure).toContainText("floor −9,223,372,036,854,775,808");
  await expect(page.getByRole("row", { name: /2023-11-14 22:13:20.123/ }))
    .toContainText("+9,007,199,254,740,993");
});

test("a history that fails can be asked for again", async ({ page, visit }) => {
  await visit.open();
  visit.server.refuse(503, "QUERY_TIMED_OUT", "The queries actor did not answer in time.");
  await visit.enter("#/accounts/account-000017");
  await expect(page.getByRole("alert")).toContainText("QUERY_TIMED_OUT");
  visit.server.manner = { kind: "answers" };
  await page.getByRole("button", { name: "Try again" }).click();
  await expect(page.getByRole("table", { name: "Entries, newest first" })).toBeVisible();
});

test("an address without a view says so", async ({ page, visit }) => {
  await visit.open("#/nothing");
  await expect(page.locator("main")).toContainText("This page has no view #/nothing.");
});
