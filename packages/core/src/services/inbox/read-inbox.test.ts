import assert from "node:assert/strict";
import { test } from "node:test";
import {
  createRegistry,
  type Inbox,
  type InboxEntry,
  type Platform,
  type PlatformFailure,
  secret,
} from "@postd/connector-kit";
import { barePlatform, bareProvider, barePublishing } from "@postd/connector-kit/conformance";
import { asId, fail, ok } from "@postd/contracts";
import type { InboxReading, TenantInboxEntries } from "../../ports/inbox-entries.ts";
import { type ReadInboxDeps, readInboxes } from "./read-inbox.ts";

const now = new Date("2026-11-27T12:00:00Z");
const hourMs = 3_600_000;
const ago = (hours: number) => new Date(now.getTime() - hours * hourMs);
const account = {
  tenantId: asId("tenant", "ten_a"),
  connectionId: asId("connection", "con_a"),
  platform: "toy",
  accountKind: "profile",
};
const entry = (externalId: string, hoursOld = 1): InboxEntry => ({
  ...{ externalId, kind: "comment", text: externalId, createdAt: ago(hoursOld) },
});

interface Scene {
  readonly inbox: Partial<Inbox>;
  readonly over?: Partial<Platform>;
  readonly reading?: Partial<InboxReading>;
  readonly posts?: readonly string[];
  /** What is kept already. */
  readonly known?: readonly string[];
}

/** One look at one account, and what came of it. */
async function look({ inbox, over, reading, posts = [], known = [] }: Scene) {
  const kept: string[] = [];
  const gone: unknown[] = [];
  const asked: unknown[] = [];
  let ended: Parameters<TenantInboxEntries["ended"]>[1] | undefined;
  let broken = 0;
  const list = inbox.list;
  const platform = barePlatform({
    id: "toy",
    publishing: barePublishing({}),
    inbox: {
      lists: "account",
      ...inbox,
      list: async (input, ctx) => {
        asked.push(input.postId ?? input.cursor ?? "first");
        return list ? list(input, ctx) : ok({ entries: [] });
      },
    },
    ...over,
  });
  const registry = createRegistry([bareProvider([platform])]);
  const repo: Partial<TenantInboxEntries> = {
    reading: async () => ({ readAt: undefined, wholeAt: ago(1), asked: false, activeAt: ago(1), ...reading }),
    putOff: async () => {},
    posts: async () => posts,
    async keep(_id, entries) {
      const fresh = entries.filter(({ externalId }) => !kept.includes(externalId) && !known.includes(externalId));
      kept.push(...entries.map(({ externalId }) => externalId));
      return fresh.length;
    },
    async markGone(_id, { since, seen, postExternalId }) {
      gone.push([(now.getTime() - since.getTime()) / hourMs, seen, ...(postExternalId ? [postExternalId] : [])]);
    },
    async ended(_id, next) {
      ended = next;
    },
  };
  const deps = {
    entries: { due: async () => [account], forTenant: () => repo },
    readsByItself: true,
    registry,
    clock: { now: () => now },
    log: { debug() {}, info() {}, warn() {} },
    access: {
      open: async () =>
        ok({
          ...{
            id: account.connectionId,
            tenantId: account.tenantId,
            platform: "toy",
            simulated: true,
            credentialVersion: 1,
          },
          account: { externalId: "1", kind: "profile", authKind: "keys", name: "Ida", extras: {} },
          credentials: { accessToken: secret("t") },
        }),
      markBroken: async () => {
        broken += 1;
      },
    },
    context: {
      egress: { forStep: () => ({}) },
      settings: { appCredentials: () => undefined, apiVersion: () => "1" },
      media: { forTenant: () => ({}) },
      registry,
      clock: { now: () => now },
      log: { debug() {}, info() {}, warn() {} },
    },
    // Only what a look uses.
  } as unknown as ReadInboxDeps;
  assert.equal(await readInboxes(deps), 1);
  assert.ok(ended, "the look had no end");
  const waitHours = (ended.at.getTime() - now.getTime()) / hourMs;
  return { kept, gone, asked, waitHours, whole: ended.whole, failure: ended.failure, broken };
}

/** Pages of one entry each, an hour, a day, ten days, two months and three months old. */
const ages = [1, 24, 240, 1_440, 2_160];
const pages: Inbox["list"] = async ({ cursor = "0" }) => {
  const page = Number(cursor);
  return ok({
    entries: [entry(`e${page}`, ages[page])],
    ...(page + 1 < ages.length && { cursor: String(page + 1) }),
  });
};

test("between whole looks only what is new is read, and nothing is taken to be gone", async () => {
  assert.deepEqual((await look({ inbox: { list: pages }, known: ["e0"] })).asked, ["first"]);
  const { asked, gone, whole } = await look({ inbox: { list: pages }, known: ["e1"] });
  assert.deepEqual([asked, gone, whole], [["first", "1"], [], false]);
});

test("the first look and one that was asked for go to the end; others no further back than a month", async () => {
  const known = ["e0", "e1", "e2", "e3", "e4"];
  for (const reading of [{ wholeAt: undefined }, { asked: true }]) {
    const { asked, gone } = await look({ inbox: { list: pages }, reading, known });
    assert.deepEqual([asked, gone], [["first", "1", "2", "3", "4"], [[2_160, known]]]);
  }
  const later = await look({ inbox: { list: pages }, reading: { wholeAt: ago(7) }, known });
  assert.deepEqual([later.asked, later.gone, later.whole], [["first", "1", "2", "3"], [], true]);
});

test("where each thing that is read is billed, all is read only when asked, and a week back", async () => {
  const prices = [{ call: "read", label: "Read", usdMicros: 5_000, since: "2026-01-01", perItem: true }] as const;
  const over = { prices };
  const first = await look({ inbox: { list: pages }, over, reading: { wholeAt: undefined } });
  assert.deepEqual(first.asked, ["first", "1", "2"]);
  const later = await look({ inbox: { list: pages }, over, reading: { wholeAt: ago(500) }, known: ["e0"] });
  assert.deepEqual(later.asked, ["first"]);
});

test("an empty list that was read whole tells that nothing of the last five days is left", async () => {
  assert.deepEqual((await look({ inbox: {}, reading: { asked: true } })).gone, [[120, []]]);
});

test("posts are asked for one by one, and one that the platform says no to stands in nobody's way", async () => {
  const no: PlatformFailure = { kind: "content_rejected", field: "destination", reason: "missing", message: "Gone." };
  const list: Inbox["list"] = async ({ postId }) =>
    postId === "p1" ? fail(no) : ok({ entries: [entry(`of ${postId}`)] });
  const { asked, kept, failure } = await look({ inbox: { lists: "post", list }, posts: ["p1", "p2"] });
  assert.deepEqual([asked, kept, failure], [["p1", "p2"], ["of p2"], undefined]);
});

test("what a person has to mend is asked for seldom; only a sign-in that is over needs that person", async () => {
  const failures: readonly (readonly [PlatformFailure, number, number])[] = [
    [{ kind: "unavailable", message: "Away." }, 0.25, 0],
    [{ kind: "rate_limited", message: "Slow.", retryAfterMs: 2 * hourMs }, 2, 0],
    [{ kind: "scope_missing", scopes: ["read"], message: "No." }, 6, 0],
    [{ kind: "auth_revoked", message: "Over." }, 6, 1],
  ];
  for (const [failure, waitHours, broken] of failures) {
    const told = await look({ inbox: { list: async () => fail(failure) } });
    assert.deepEqual(
      [told.waitHours, told.broken, told.failure],
      [waitHours, broken, { kind: failure.kind, message: failure.message }],
    );
  }
});

test("an account of a kind without an inbox is not asked", async () => {
  const told = look({ inbox: { accountKinds: ["page"], list: pages } });
  await assert.rejects(told, /the look had no end/);
});
