// The states that the page can be in, and what it says in each.

import { askedAgain, expect, test } from "./fixtures.js";
import { busy, cluster, empty } from "./ledger.js";

test("while it waits for the first answer it says so", async ({ page, visit }) => {
  visit.server.manner = { kind: "hangs" };
  await visit.enter();
  await expect(page.getByText("Asking the server…")).toBeVisible();
  await expect(page.locator("main")).toHaveAttribute("aria-busy", "true");
});

test("rates come with the second reading", async ({ page, visit }) => {
  await visit.open();
  const committed = page.locator(".figure", { hasText: "Committed" }).locator("dd");
  await expect(committed).toContainText("–");
  await visit.read(1);
  await expect(committed).toContainText(/^4[0-9],[0-9]{3}\/s/);
});

test("an empty ledger says that nothing has happened", async ({ page, visit }) => {
  visit.server.state = empty;
  visit.server.account_count = 0;
  await visit.open();
  await expect(page.getByText("No transfer has been asked for since")).toBeVisible();
  await expect(page.getByText("No call has been answered").first()).toBeVisible();
  await visit.enter("#/accounts");
  await expect(page.getByText("There is no account yet.")).toBeVisible();
});

test("a refusal is shown with its reason, and the page recovers", async ({ page, visit }) => {
  visit.server.refuse(403, "PERMISSION_DENIED", "The role teller may not read the state.");
  await visit.enter();
  const banner = page.locator(".banner.refused");
  await expect(banner).toContainText("PERMISSION_DENIED The role teller may not read the state.");
  visit.server.manner = { kind: "answers" };
  await askedAgain(page, visit.server, 1);
  await expect(page.locator("header")).toContainText("live");
  await expect(banner).toHaveCount(0);
});

test("without a token the page asks once, and again when told to", async ({ page, visit }) => {
  visit.server.refuse(401, "TOKEN_MISSING", "Give a bearer token as the password.");
  await visit.enter();
  await expect(page.locator(".banner")).toContainText("TOKEN_MISSING");
  const asked = visit.server.asked;
  await page.clock.runFor(60_000);
  expect(visit.server.asked).toBe(asked);
  visit.server.manner = { kind: "answers" };
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.locator("header")).toContainText("live");
});

for (const kind of ["breaks", "babbles", "hangs"] as const) {
  test(`a server that ${kind} leaves the old figures and says since when`, async ({ page, visit }) => {
    await visit.open();
    await visit.read(2);
    visit.server.manner = { kind };
    await askedAgain(page, visit.server, 1);
    if (kind === "hangs") await page.clock.runFor(5000);
    const banner = page.locator(".banner.stale");
    await expect(banner).toContainText(/has not answered since 14:0\d:\d\d: /);
    await expect(banner).toContainText("What you see is from before.");
    await expect(page.locator("header")).toContainText("no answer");
    const last = busy(visit.server.reading - 1).sequence.toLocaleString("en");
    await expect(page.locator(".figure", { hasText: "Sequence" })).toContainText(last);
    visit.server.manner = { kind: "answers" };
    await askedAgain(page, visit.server, 1);
    await expect(page.locator("header")).toContainText("live");
  });
}

test("without an answer it asks more seldom, but goes on", async ({ page, visit }) => {
  await visit.open();
  visit.server.manner = { kind: "breaks" };
  await askedAgain(page, visit.server, 6);
  await expect(page.locator(".banner")).toContainText(/Asks again in 1[0-5] s/);
  const asked = visit.server.asked;
  await page.clock.runFor(9_000);
  expect(visit.server.asked).toBe(asked);
  await askedAgain(page, visit.server, 1);
});

test("trouble stands on top, with a way to where it is", async ({ page, visit }) => {
  const ours = cluster(0);
  ours.nodes[2] = { ...ours.nodes[2]!, connected: false, log_index: null };
  visit.server.state = (reading) => ({ ...busy(reading), cluster: ours, free_bytes: 1e9 });
  await visit.open();
  const lines = page.locator(".findings li");
  await expect(lines).toHaveText([/Node 3 is not connected/, /account_shard_2: 1 restart/,
                                  /Only 954.MiB free on disk/]);
  await lines.first().getByRole("link").click();
  await expect(page.getByRole("heading", { name: "Cluster ledger-eu" })).toBeFocused();
  await expect(page.getByRole("row", { name: /^3 / })).toContainText("not connected");
});

test("a healthy ledger says so in one line", async ({ page, visit }) => {
  const quiet = { ...busy(0).tree!, children: [] };
  visit.server.state = (reading) => ({ ...busy(reading), tree: quiet, cluster: cluster(reading) });
  await visit.open();
  await expect(page.locator(".findings")).toContainText("1 actor running, 3 nodes connected");
});
