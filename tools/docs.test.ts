import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { allProviders } from "@postd/connectors";
import { operations } from "@postd/contracts";
import { z } from "zod";
import { Variables } from "../apps/server/src/config/variables.ts";
import { providerVariables } from "./gen/platform-variables.ts";

const root = path.resolve(import.meta.dirname, "..");
const pages = globSync(["README.md", "docs/**/*.md", "packages/connectors/src/*/NOTES.md", "tests/**/README.md"], {
  cwd: root,
  exclude: (entry) => entry.includes("node_modules"),
}).sort();
const textOf = (page: string) => readFileSync(path.join(root, page), "utf8");

/** Every match of the first group in every page, as "match (page)". */
const named = (pattern: RegExp) =>
  pages.flatMap((page) => [...textOf(page).matchAll(pattern)].map(([, match = ""]) => ({ match, page })));

const complain = (found: readonly { match: string; page: string }[]) =>
  found.map(({ match, page }) => `${match} (${page})`);

test("there are pages to check", () => {
  assert.ok(pages.includes("README.md") && pages.length > 20, `${pages.length} pages`);
});

test("every npm command a page names exists", () => {
  const { scripts } = z
    .object({ scripts: z.record(z.string(), z.string()) })
    .parse(JSON.parse(readFileSync(path.join(root, "package.json"), "utf8")));
  const commands = named(/npm (?:run )?(start|test|(?<=npm run )[a-z][a-z:-]*)/g);
  assert.ok(commands.length > 10);
  assert.deepEqual(complain(commands.filter(({ match }) => !Object.hasOwn(scripts, match))), []);
});

test("the README names every npm command", () => {
  const { scripts } = z
    .object({ scripts: z.record(z.string(), z.string()) })
    .parse(JSON.parse(readFileSync(path.join(root, "package.json"), "utf8")));
  const told = new Set([...textOf("README.md").matchAll(/^\| `npm (?:run )?([a-z:-]+)/gm)].map(([, name]) => name));
  assert.deepEqual(
    Object.keys(scripts).filter((name) => !told.has(name)),
    [],
  );
});

test("every variable a page names is read by the settings, a connector or the tests", () => {
  const known = new Set([...Object.keys(Variables.shape), ...providerVariables(allProviders).map(({ name }) => name)]);
  const sources = globSync("{apps,packages,tools}/**/*.{ts,mjs}", {
    cwd: root,
    exclude: (entry) => entry.includes("node_modules"),
  });
  const readByOthers = new Set(
    sources.flatMap(
      (file) =>
        readFileSync(path.join(root, file), "utf8").match(/\bPOSTD_(?:TEST_[A-Z_]+|SPECS_DIR|SIMULATOR_[A-Z_]+)\b/g) ??
        [],
    ),
  );
  const variables = named(/\b(POSTD_[A-Z0-9_]*[A-Z0-9])\b/g);
  assert.ok(variables.length > 20);
  assert.deepEqual(complain(variables.filter(({ match }) => !known.has(match) && !readByOthers.has(match))), []);
});

test("every operation a page names is one of the API", () => {
  const shape = (text: string) => text.replace(/:[A-Za-z]+|<[^>]+>/g, "*");
  const known = new Set(Object.values(operations).map(({ method, path: at }) => shape(`${method} ${at}`)));
  const operationsNamed = named(/\b((?:GET|POST|PATCH|DELETE) \/(?:api|metrics)[A-Za-z0-9/:_-]*)/g);
  assert.ok(operationsNamed.length > 15);
  const unknown = operationsNamed.filter(({ match }) => {
    const wanted = shape(match);
    // An example may give a value where the operation has a parameter.
    return ![...known].some((operation) => new RegExp(`^${operation.replaceAll("*", "[^/]+")}$`).test(wanted));
  });
  assert.deepEqual(complain(unknown), []);
});

test("every link between pages leads somewhere, headings included", () => {
  const anchorsOf = (page: string) =>
    [...textOf(page).matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, "")
        .replaceAll(" ", "-"),
    );
  const links = named(/\]\(([^)\s]+)\)/g).filter(({ match }) => !/^[a-z]+:/.test(match));
  assert.ok(links.length > 20);
  const broken = links.filter(({ match, page }) => {
    const [file = "", anchor] = match.split("#");
    const target = file === "" ? page : path.join(path.dirname(page), file);
    if (!existsSync(path.join(root, target))) return true;
    return anchor !== undefined && !anchorsOf(target).includes(anchor);
  });
  assert.deepEqual(complain(broken), []);
});
