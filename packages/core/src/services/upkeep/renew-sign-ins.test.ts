import assert from "node:assert/strict";
import { test } from "node:test";
import { createRegistry } from "@postd/connector-kit";
import { barePlatform, bareProvider } from "@postd/connector-kit/conformance";
import { asId, fail, ok, type SignInId } from "@postd/contracts";
import type { SignInUpkeep, UpkeepRepo } from "../../ports/upkeep.ts";
import { renewSignIns } from "./renew-sign-ins.ts";

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;
const tenantId = asId("tenant", "ten_00000001");
const count = 10_000;

const platform = barePlatform({ id: "blog" });
const registry = createRegistry([
  bareProvider([platform], {
    signIns: [
      {
        id: "login",
        label: "Blog",
        kind: "keys",
        fields: [],
        scopes: { required: [], optional: [] },
        connect: async () => fail({ kind: "unavailable", message: "not used" }),
        accounts: async () => ok([]),
        refresh: async () => fail({ kind: "unavailable", message: "not used" }),
      },
    ],
  }),
]);

interface Row {
  readonly id: SignInId;
  issuedAt: Date;
  expiresAt: Date;
  nextAt: number;
  version: number;
}

/** Sign-ins in memory that fall due as the table's do; renewing gives a token of `lifeMs` and plans anew. */
function world(lifeMs: number, start: Date) {
  let nowMs = start.getTime();
  const rows: Row[] = Array.from({ length: count }, (_, at) => ({
    id: asId("signIn", `sgn_${String(at).padStart(8, "0")}`),
    issuedAt: start,
    expiresAt: new Date(start.getTime() + lifeMs + (at / count) * 10 * minute),
    nextAt: start.getTime(),
    version: 1,
  }));
  const byId = new Map(rows.map((row) => [row.id as string, row]));
  const renewals: { readonly id: string; readonly atMs: number }[] = [];
  let [running, mostAtOnce] = [0, 0];
  const seenOf = (row: Row): SignInUpkeep => ({
    issuedAt: row.issuedAt,
    expiresAt: row.expiresAt,
    refreshExpiresAt: undefined,
    tries: 0,
    nextDueAt: undefined,
    provenAt: undefined,
    connection: {
      id: asId("connection", row.id.replace("sgn_", "con_")),
      platform: platform.id,
      authKind: "login",
      renews: true,
      credentialVersion: row.version,
    },
  });
  const upkeep: UpkeepRepo = {
    dueSignIns: async (limit) =>
      rows
        .filter(({ nextAt }) => nextAt <= nowMs)
        .sort((a, b) => a.nextAt - b.nextAt)
        .slice(0, limit)
        .map(({ id: signInId }) => ({ tenantId, signInId })),
    dueChecks: async () => [],
    forTenant: () => ({
      signIn: async (id) => {
        const row = byId.get(id);
        return row && seenOf(row);
      },
      plan: async (id, { at, seen }) => {
        const row = byId.get(id);
        if (row?.issuedAt.getTime() === seen.issuedAt.getTime()) row.nextAt = at?.getTime() ?? Number.POSITIVE_INFINITY;
      },
      renewsNot: async () => {},
      putOffCheck: async () => {},
    }),
  };
  const deps = {
    upkeep,
    registry,
    clock: { now: () => new Date(nowMs) },
    log: { warn: (fields: object) => assert.fail(JSON.stringify(fields)) },
    refreshWorkers: 5,
    access: {
      async renew({ connectionId }: { connectionId: string }) {
        const row = byId.get(connectionId.replace("con_", "sgn_"));
        assert.ok(row);
        running += 1;
        mostAtOnce = Math.max(mostAtOnce, running);
        await Promise.resolve();
        running -= 1;
        renewals.push({ id: row.id, atMs: nowMs });
        row.issuedAt = new Date(nowMs);
        row.expiresAt = new Date(nowMs + lifeMs);
        row.version += 1;
        row.nextAt = nowMs;
        return { kind: "stored" as const };
      },
    },
  };
  return {
    renewals,
    mostAtOnce: () => mostAtOnce,
    async pass(ms: number) {
      nowMs += ms;
      await renewSignIns(deps);
    },
  };
}

for (const [what, lifeMs, stepMs] of [
  ["60 days", 60 * day, 10 * minute],
  ["24 hours", day, minute],
] as const)
  test(`10,000 tokens of ${what} that end within 10 minutes are renewed once each, and not together`, async (t) => {
    const start = new Date("2026-03-01T08:00:00.000Z");
    const { renewals, mostAtOnce, pass } = world(lifeMs, start);
    const begun = performance.now();
    // The days and hours before the first lead are stepped over.
    const quietMs = lifeMs > 3 * day ? 52 * day : 16 * hour;
    for (let passed = 0; passed < quietMs; passed += quietMs / 8) await pass(quietMs / 8);
    assert.equal(renewals.length, 0);
    const until = lifeMs > 3 * day ? 54 * day : 19 * hour;
    for (let passed = quietMs; passed < until; passed += stepMs) await pass(stepMs);
    assert.equal(renewals.length, count);
    assert.equal(new Set(renewals.map(({ id }) => id)).size, count);
    const perStep = new Map<number, number>();
    for (const { atMs } of renewals) perStep.set(atMs, (perStep.get(atMs) ?? 0) + 1);
    const most = Math.max(...perStep.values());
    const times = renewals.map(({ atMs }) => atMs);
    const spreadMin = Math.round((Math.max(...times) - Math.min(...times)) / minute);
    t.diagnostic(
      `10,000 tokens of ${what}: spread over ${spreadMin} minutes, ${most} in the busiest ${stepMs / minute} of them, ${mostAtOnce()} at once at most, in ${Math.round(performance.now() - begun)} ms`,
    );
    assert.ok(mostAtOnce() <= 5);
    assert.ok(spreadMin >= 60, "longer than the ten minutes they end in");
    assert.ok(most < (2 * count * stepMs) / (spreadMin * minute), "evenly");
  });
