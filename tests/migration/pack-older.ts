import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { brotliCompressSync, constants } from "node:zlib";

// Writes fixtures/older-version.json.br: `node tests/migration/pack-older.ts <commit>`, the sources that the server of that version
// runs, by their path. Its packages are today's: where they differ too much to run it, take a later commit.

const [commit = ""] = process.argv.slice(2);
const parts = [
  "package.json",
  "apps/server",
  ...["contracts", "core", "connector-kit", "connectors"].map((it) => `packages/${it}`),
];
const left = /\.(test\.ts|md|txt)$|\/(testing|conformance|fixtures)\/|_snapshot\.json$/;
const git = (...args: string[]) => execFileSync("git", args, { encoding: "utf8", maxBuffer: 50_000_000 });

const names = git("ls-tree", "-r", "--name-only", "--full-tree", commit, "--", ...parts)
  .trim()
  .split("\n");
const files = Object.fromEntries(
  names.filter((name) => !left.test(name)).map((name) => [name, git("show", `${commit}:${name}`)]),
);
const packed = brotliCompressSync(JSON.stringify({ commit: git("rev-parse", commit).trim(), files }), {
  params: { [constants.BROTLI_PARAM_LGWIN]: constants.BROTLI_MAX_WINDOW_BITS },
});
writeFileSync(new URL("fixtures/older-version.json.br", import.meta.url), packed);
console.log(`${Object.keys(files).length} files, ${packed.length} bytes`);
