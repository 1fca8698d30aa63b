import { defineConfig } from "@playwright/test";

export default defineConfig({
  testDir: ".",
  testMatch: process.env["SCALEGRAPH_PAGE_URL"] ? "smoke.spec.ts" :
    process.env["PAGE_SCREENS"] ? "screens.spec.ts" : "*.spec.ts",
  testIgnore: process.env["PAGE_SCREENS"] ? [] : ["screens.spec.ts"],
  outputDir: process.env["PAGE_RESULTS"] ?? "results",
  workers: 2,
  fullyParallel: true,
  // On a busy machine axe-core alone takes seconds for each view.
  timeout: 120_000,
  expect: { timeout: 30_000 },
  reporter: [["line"]],
  use: {
    browserName: "chromium",
    viewport: { width: 1360, height: 900 },
    timezoneId: "UTC",
    locale: "en-GB",
    colorScheme: "light",
    launchOptions: {
      executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium",
      // Root has no sandbox for the browser, and a container little shared memory.
      args: ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"],
    },
  },
});
