import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";
import { createSimulatorHost, type SimulatorHost } from "@postd/connector-kit/simulator";
import { simulatorDefinitions } from "@postd/connectors/simulators";
import { connectionStatuses, jobStates, operations, scopes } from "@postd/contracts";
import { retentionDays } from "@postd/core";
import { z } from "zod";
import { faultsAtMost } from "../apps/server/src/adapters/postgres/inbox.ts";
import { defaultRules } from "../apps/server/src/compose/default-rules.ts";
import { startFakeApp } from "../apps/server/src/http/testing/fake-app.ts";

/** What pages say about a running server and its simulators, held against both. */
const root = path.resolve(import.meta.dirname, "..");
const pages = globSync(["*.md", "docs/**/*.md", "packages/connectors/src/*/NOTES.md", "tests/**/README.md"], {
  cwd: root,
  exclude: (entry) => entry.includes("node_modules"),
}).sort();
const textOf = (page: string) => readFileSync(path.join(root, page), "utf8");

let app: Awaited<ReturnType<typeof startFakeApp>>["app"];
let host: SimulatorHost;
let served: ReadonlySet<string>;
before(async () => {
  ({ app } = await startFakeApp());
  host = await createSimulatorHost({ definitions: simulatorDefinitions, port: 0 });
  const { paths } = z
    .object({ paths: z.record(z.string(), z.record(z.string(), z.unknown())) })
    .parse((await app.inject({ url: "/api/openapi.json" })).json());
  served = new Set(
    Object.entries(paths).flatMap(([at, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${at.replace(/\{\w+\}/g, "*")}`),
    ),
  );
});
after(async () => {
  await app.close();
  await host.close();
});

interface Address {
  readonly page: string;
  readonly method: string | undefined;
  readonly at: string;
}

/** Addresses of the server as pages write them: in code, in commands, behind the public URL; `.../x` goes on from the one before. */
function addresses(page: string): readonly Address[] {
  const found: Address[] = [];
  const pattern =
    /(?:\b(GET|POST|PATCH|PUT|DELETE) )?(?:(?<=[`"(\s>])|\$POSTD|<POSTD_PUBLIC_URL>)((?:\/(?:api|docs|metrics|media)\b|\.\.\.\/)[\w/:<>.{}-]*)/g;
  for (const [, method, written = ""] of textOf(page).matchAll(pattern)) {
    const before = found.at(-1)?.at ?? "";
    const at = written.startsWith(".../") ? before.replace(/[^/]*$/, written.slice(4)) : written;
    found.push({ page, method, at: at.replace(/[.:]+$/, "") });
  }
  return found;
}

/** `:id`, `<platform>` and examples such as `job_...` stand for a parameter. */
const shape = (at: string) => at.replace(/\/(:\w+|<\w+>|\w+_\.*)(?=\/|$)/g, "/*");

async function exists({ method, at }: Address): Promise<boolean> {
  const wanted = shape(at);
  const isOperation = [...served].some((known) => {
    const [verb = "", known_ = ""] = known.split(" ");
    return (method === undefined || verb === method) && new RegExp(`^${known_.replaceAll("*", "[^/]+")}$`).test(wanted);
  });
  if (isOperation || wanted === "/api" || wanted === "/media") return true;
  if (wanted.startsWith("/api/auth/")) {
    const answer = await app.inject({ method: method === "GET" ? "GET" : "POST", url: wanted, payload: {} });
    return wanted.endsWith("/*") || !answer.body.includes("no such sign-in operation");
  }
  return (await app.inject({ url: at })).statusCode < 400;
}

test("every address a page names is served, with the method it names", async () => {
  const all = pages.filter((page) => !page.startsWith("docs/platforms/")).flatMap(addresses);
  assert.ok(all.length > 40, `${all.length}`);
  const wrong: string[] = [];
  for (const address of all)
    if (!(await exists(address))) wrong.push(`${address.method ?? ""} ${address.at} (${address.page})`);
  assert.deepEqual(wrong, []);
});

test("an address that goes nowhere is found, however it is written", async () => {
  for (const [method, at] of [
    ["POST", "/api/connections/:id/mend"],
    ["GET", "/api/posts/:id/approve"],
    [undefined, "/api/nothing"],
    [undefined, "/docs/nothing"],
    ["POST", "/api/auth/sign-in/magic"],
  ] as const)
    assert.equal(await exists({ page: "", method, at }), false, at);
});

const exampleIds: Readonly<Record<string, string>> = {
  con: "con_0195a1b2c3d47e8f90a1b2c3d4e5f602",
  med: "med_0195a1b2c3d47e8f90a1b2c3d4e5f602",
};

test("every body of a command fits the operation it is sent to", () => {
  let count = 0;
  for (const page of pages)
    for (const [, at = "", body = ""] of textOf(page).matchAll(
      /\$POSTD(\/api\/[\w/-]*)"(?:[^'\n]|'(?!\{)[^'\n]*')*? -d '(\{[\s\S]*?\})'/g,
    )) {
      const operation = operations.find((one) => one.method === "POST" && one.path === at);
      if (operation === undefined) continue;
      count += 1;
      const filled = body.replace(/"(con|med)_\.\.\."/g, (_all, kind) => `"${exampleIds[kind]}"`);
      const parsed = operation.body?.safeParse(JSON.parse(filled));
      assert.ok(parsed?.success, `${page}, ${at}: ${parsed?.error?.message}`);
    }
  assert.ok(count >= 4, `${count}`);
});

test("every address of the simulators a page names answers, and every fault and action in a command is taken", async () => {
  let count = 0;
  for (const page of pages) {
    const text = textOf(page);
    for (const [, method = "GET", at = ""] of text.matchAll(
      /(?:\b(GET|POST|DELETE) )?(?<=[`"(\s])(\/__sim\/[\w/]*)/g,
    )) {
      count += 1;
      const answer = await fetch(host.url + at, { method, ...(method === "POST" ? { body: "{}" } : {}) });
      assert.notEqual(answer.status, 404, `${method} ${at} (${page})`);
    }
    for (const [, at = "", body = ""] of text.matchAll(/\$SIM(\/__sim\/[\w/]+)" -d '(\{[^']*\})'/g)) {
      count += 1;
      const answer = await fetch(host.url + at, { method: "POST", body });
      assert.ok(answer.ok, `${at} ${body}: ${await answer.text()}`);
    }
  }
  assert.ok(count > 12, `${count}`);
});

test("every word of a command behind npm run db and npm run keys is one the command takes", () => {
  let count = 0;
  for (const page of pages)
    for (const [, command = "", rest = ""] of textOf(page).matchAll(/npm run (db|keys) -- ([a-z][^\n`;:,.]*)/g)) {
      const source = readFileSync(path.join(root, `apps/server/src/commands/${command}.ts`), "utf8");
      const usage = /const usage = `([\s\S]+?)`;/.exec(source)?.[1] ?? "";
      const [verb = "", ...words] = rest.trim().split(/\s+/);
      assert.match(usage, new RegExp(`^  ${verb}\\b`, "m"), `${page}: npm run ${command} -- ${verb}`);
      for (const flag of words.filter((word) => word.startsWith("--")))
        assert.ok(usage.includes(flag), `${page}: ${flag}`);
      count += 1;
    }
  assert.ok(count >= 8, `${count}`);
});

test("how long and how often, as the guides tell it, is what the code does", () => {
  const operate = textOf("docs/guides/operate.md");
  const days = (count: number) => (count === 1 ? "a day" : `${count} days`);
  assert.match(operate, new RegExp(`First answers to an .* ${days(retentionDays.answers)} where there is none`));
  assert.match(operate, new RegExp(`Raw requests of platforms.*\\| ${days(retentionDays.inbound)};`));
  assert.match(operate, new RegExp(`Files no row names.*\\| ${days(retentionDays.looseBlobs)} \\|`));
  assert.deepEqual([defaultRules.lateAfterMs, /more than an hour late/.test(operate)], [3_600_000, true]);
  assert.deepEqual([faultsAtMost, /fails six times by its own doing/.test(operate)], [6, true]);
});

test("states, statuses and scopes in tables and commands are those of the API, and no status is left out", () => {
  const firstColumn = (page: string, heading: string) => {
    const section = textOf(page).split(`## ${heading}`)[1]?.split("\n## ")[0] ?? "";
    return [...section.matchAll(/^\| `(\w+)`/gm)].map(([, name = ""]) => name);
  };
  const states = firstColumn("docs/guides/publish.md", "States that need somebody");
  assert.ok(states.length >= 3);
  assert.deepEqual(
    states.filter((state) => !jobStates.some((known) => known === state)),
    [],
  );
  const statuses = firstColumn("docs/guides/connect.md", "What the state of a connection means");
  assert.deepEqual(statuses.sort(), [...connectionStatuses].sort());
  for (const page of pages)
    for (const [, list = ""] of textOf(page).matchAll(/"scopes": \[([^\]]*)\]/g))
      for (const [, scope = ""] of list.matchAll(/"([^"]+)"/g))
        assert.ok(
          scopes.some((known) => known === scope),
          `${page}: ${scope}`,
        );
});
