/** The example of README.md, as a program of its own that uses the package by its name. */
import assert from "node:assert/strict";
import {spawnSync} from "node:child_process";
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from "node:fs";
import {test} from "node:test";

import {AT} from "./ledgers.js";

const TIMEOUT_MS = 120_000;

test("the example of the README", (t) => {
  const code = readFileSync("README.md", "utf8").split("```ts\n")[1]!.split("```")[0]!;
  assert.ok(code.includes('"127.0.0.1:50051"'));
  assert.ok(code.trim().split("\n").length <= 12);
  // Below the package, so that its name is found.
  const folder = mkdtempSync("example-");
  t.after(() => rmSync(folder, {recursive: true}));
  writeFileSync(`${folder}/example.ts`, code.replace("127.0.0.1:50051", AT.plain));
  const run = (...command: string[]) => {
    const done = spawnSync(process.execPath, command, {encoding: "utf8", timeout: TIMEOUT_MS});
    assert.deepEqual([done.status, done.stderr], [0, ""], done.stdout);
    return done.stdout;
  };
  run("node_modules/typescript/bin/tsc", "--target", "es2022", "--module", "nodenext", "--strict",
      "--skipLibCheck", `${folder}/example.ts`);
  assert.match(run(`${folder}/example.js`), /^paid: \w+\nalice has 4000, and not 9000\n$/);
});
