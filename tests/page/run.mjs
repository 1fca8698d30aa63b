// Runs the tests of the status page: types, unit tests, then Playwright with Debian's Chromium.
//
//   node run.mjs --files FOLDER --work FOLDER [PLAYWRIGHT'S ARGUMENTS]
//
// --files is where build.mjs put the bundled page; --work is where npm's packages go, which are
// fetched again only when the lock file changes. With SCALEGRAPH_PAGE_URL only the smoke tests run,
// against that server; SCALEGRAPH_PAGE_TOKEN is the bearer token for it.

import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const here = dirname(fileURLToPath(import.meta.url));
const page = resolve(here, "../../telemetry/page");

function fail(sentence) {
  console.error(`page tests: ${sentence}`);
  process.exit(1);
}

function run(program, args, options = {}) {
  const { status, error } = spawnSync(program, args, { stdio: "inherit", cwd: work, ...options });
  if (error) fail(`${program} does not start: ${error.message}`);
  if (status !== 0) process.exit(status ?? 1);
}

function fetchPackages() {
  const names = ["package.json", "package-lock.json", ".npmrc"];
  const hash = createHash("sha256");
  for (const name of names) hash.update(readFileSync(join(page, name)));
  const wanted = hash.digest("hex");
  const stamp = join(work, "packages.stamp");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return;
  for (const name of names) cpSync(join(page, name), join(work, name));
  run("npm", ["ci", "--no-progress", "--loglevel=error"]);
  writeFileSync(stamp, wanted);
}

// The sources stand in the work folder as they do in the source tree, above node_modules.
function copySources() {
  for (const [from, to] of [[here, "tests/page"], [page, "telemetry/page"]]) {
    rmSync(join(work, to), { recursive: true, force: true });
    cpSync(from, join(work, to), { recursive: true });
  }
}

function unitTests() {
  const folder = join(work, "tests/page/unit");
  const sources = readdirSync(folder).map((name) => join(folder, name));
  const out = join(work, "unit");
  run(process.execPath, [join(work, "node_modules/esbuild/bin/esbuild"), ...sources, "--bundle",
    "--platform=node", "--format=esm", "--out-extension:.js=.mjs", `--outdir=${out}`,
    "--log-level=warning"]);
  run(process.execPath, ["--test", "--test-reporter=spec", ...readdirSync(out).map((name) => join(out, name))]);
}

const { values, positionals } = parseArgs({
  options: { files: { type: "string" }, work: { type: "string" } }, allowPositionals: true });
if (!values.files || !values.work) fail("usage: node run.mjs --files FOLDER --work FOLDER");
const work = resolve(values.work);
const files = resolve(values.files);
const chromium = process.env.CHROMIUM ?? "/usr/bin/chromium";
if (!existsSync(join(files, "manifest.json"))) fail(`${files} holds no page; build the target 'page'`);
if (!existsSync(chromium)) {
  fail(`there is no ${chromium}; install Debian's chromium, or name a browser in CHROMIUM`);
}
mkdirSync(work, { recursive: true });
fetchPackages();
copySources();
run(process.execPath, [join(work, "node_modules/typescript/bin/tsc"), "--project", "tests/page"]);
if (!process.env.SCALEGRAPH_PAGE_URL) unitTests();
run(process.execPath, [join(work, "node_modules/@playwright/test/cli.js"), "test",
  "--config", "tests/page/playwright.config.ts", ...positionals],
  { env: { ...process.env, PAGE_FILES: files, PAGE_RESULTS: join(work, "results"), CHROMIUM: chromium } });
