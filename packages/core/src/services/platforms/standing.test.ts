import assert from "node:assert/strict";
import { test } from "node:test";
import { createRegistry } from "@postd/connector-kit";
import { barePlatform, bareProvider } from "@postd/connector-kit/conformance";
import { asId } from "@postd/contracts";
import type { ConnectionRecord } from "../../ports/connection-record.ts";
import { standingByPlatform } from "./standing.ts";

const now = new Date("2026-11-27T12:00:00Z");
const inHours = (hours: number) => new Date(now.getTime() + hours * 3_600_000);
const tenant = asId("tenant", "ten_1");
const registry = createRegistry([bareProvider([barePlatform({ id: "example" })])]);

type Some = Partial<ConnectionRecord>;
// What the answer is made of; the rest of a row is of no meaning here.
const record = (over: Some): ConnectionRecord =>
  ({
    platform: "example",
    authKind: "keys",
    status: "healthy",
    scopes: [],
    ownSecret: false,
    ...over,
  }) as ConnectionRecord;

async function standing(...records: readonly Some[]) {
  const rows = records.map(record);
  const connections = { forTenant: () => ({ list: async () => ({ rows, hasMore: false }) }) };
  const deps = { registry, clock: { now: () => now }, log: { warn() {} } };
  // biome-ignore lint/suspicious/noExplicitAny: one method of the repository is asked.
  return (await standingByPlatform({ ...deps, connections: connections as any }, tenant)).get("example");
}

test("scopes of all accounts are told together, those of a disconnected one not", async () => {
  const told = await standing(
    { scopes: ["write", "read"] },
    { scopes: ["read", "stats"] },
    { scopes: ["old"], disconnectedAt: now },
  );
  assert.deepEqual(told, { scopesGranted: ["read", "stats", "write"] });
  assert.equal(await standing({ disconnectedAt: now }), undefined);
});

const cases: readonly (readonly [string, readonly Some[], string | undefined])[] = [
  ["nothing that ends", [{ tokenExpiresAt: undefined }], undefined],
  ["an end that is far", [{ tokenExpiresAt: inHours(24 * 30) }], undefined],
  ["the nearest end", [{ tokenExpiresAt: inHours(100) }, { tokenExpiresAt: inHours(50) }], "Token expires in 2 days"],
  ["hours", [{ tokenExpiresAt: inHours(47.5) }], "Token expires in 47 hours"],
  ["one hour", [{ tokenExpiresAt: inHours(1.5) }], "Token expires in 1 hour"],
  ["an end that is past", [{ tokenExpiresAt: inHours(-1) }], "Token has expired"],
  ["a person who has to act", [{ status: "attention" }, { tokenExpiresAt: inHours(3) }], "One account requires action"],
  ["several", [{ status: "attention" }, { status: "revoked" }], "2 accounts require action"],
];
for (const [what, records, warning] of cases)
  test(`a warning tells ${what}`, async () => assert.equal((await standing(...records))?.warning, warning));
