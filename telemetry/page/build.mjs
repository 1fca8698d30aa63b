// Builds the status page: checks the types, bundles src/ into page.js and page.css, and writes
// page.cpp, which embeds them.
//
//   node build.mjs --out FOLDER [--cpp FILE]
//
// FOLDER then holds the files and manifest.json, which lists them and says which headers they want.

import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));

// All that the page needs is served beside it; there are no scripts or styles within its HTML.
const policy = [
  "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self'",
  "connect-src 'self'", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'",
].join("; ");

const types = {
  html: "text/html; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  css: "text/css; charset=utf-8",
  svg: "image/svg+xml",
  txt: "text/plain; charset=utf-8",
};

function checkTypes() {
  const root = dirname(createRequire(import.meta.url).resolve("typescript/package.json"));
  const { status } = spawnSync(
    process.execPath, [join(root, "bin", "tsc"), "--project", join(here, "tsconfig.json")],
    { stdio: "inherit" });
  if (status !== 0) process.exit(1);
}

// The licences of the libraries in the bundle ask that their text goes with it.
function licences() {
  return ["preact", "uplot"].map((name) => {
    const folder = join(here, "node_modules", name);
    const { version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    return `${name} ${version}\n\n${readFileSync(join(folder, "LICENSE"), "utf8").trim()}\n`;
  }).join("\n\n");
}

async function bundle(out) {
  await build({
    entryPoints: { page: join(here, "src", "main.tsx") },
    outdir: out,
    bundle: true,
    minify: true,
    format: "esm",
    target: ["es2022"],
    charset: "ascii",
    legalComments: "none",
    logLevel: "warning",
  });
  await build({
    entryPoints: { page: join(here, "src", "style", "page.css") },
    outdir: out,
    bundle: true,
    minify: true,
    charset: "ascii",
    logLevel: "warning",
  });
  for (const name of ["index.html", "icon.svg"]) {
    writeFileSync(join(out, name), readFileSync(join(here, name)));
  }
  writeFileSync(join(out, "licences.txt"), licences());
}

function manifestOf(out) {
  const files = ["index.html", "page.js", "page.css", "icon.svg", "licences.txt"].map((name) => {
    const body = readFileSync(join(out, name));
    return {
      path: name === "index.html" ? "/" : `/${name}`,
      type: types[name.slice(name.lastIndexOf(".") + 1)],
      etag: `"${createHash("sha256").update(body).digest("hex").slice(0, 32)}"`,
      file: name,
    };
  });
  return { policy, files };
}

// Arrays of char, since a compiler need not take string literals of this length.
function cppArray(name, body) {
  const values = [...body].map((byte) =>
    byte < 128 ? String(byte) : `'\\x${byte.toString(16)}'`);
  const lines = [];
  for (let i = 0; i < values.length; i += 24) lines.push(`    ${values.slice(i, i + 24).join(",")},`);
  return `constexpr char ${name}[] = {\n${lines.join("\n")}\n};\n`;
}

function cppOf(manifest, out) {
  const arrays = manifest.files.map(({ file }, i) =>
    cppArray(`body_${i}`, readFileSync(join(out, file))));
  const rows = manifest.files.map(({ path, type, etag }, i) =>
    `    PageFile{"${path}", "${type}", {body_${i}, sizeof(body_${i})}, ${JSON.stringify(etag)}},`);
  return `// Made by telemetry/page/build.mjs.
#include "telemetry/page.hpp"

namespace sg::telemetry {
namespace {

${arrays.join("\n")}
constexpr PageFile files[] = {
${rows.join("\n")}
};

}  // namespace

std::span<const PageFile> page_files() { return files; }

std::string_view page_policy() {
  return "${manifest.policy}";
}

}  // namespace sg::telemetry
`;
}

const { values } = parseArgs({ options: { out: { type: "string" }, cpp: { type: "string" } } });
if (!values.out) {
  console.error("usage: node build.mjs --out FOLDER [--cpp FILE]");
  process.exit(2);
}
mkdirSync(values.out, { recursive: true });
checkTypes();
await bundle(values.out);
const manifest = manifestOf(values.out);
writeFileSync(join(values.out, "manifest.json"), `${JSON.stringify(manifest, null, 1)}\n`);
if (values.cpp) writeFileSync(values.cpp, cppOf(manifest, values.out));
