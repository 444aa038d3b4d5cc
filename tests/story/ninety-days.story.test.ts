import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { tryOuts } from "@postd/connectors/try-outs";
import type { PlatformView } from "@postd/contracts";
import type { ApiSession } from "@postd/testkit/api";
import { type System, startSystem } from "@postd/testkit/system";
import { publish, saidOf, samplePayload, type Try } from "../../tools/connectors/checks.ts";
import { stageOf } from "../../tools/connectors/simulated-stage.ts";
import { openBrowser } from "./link-browser.ts";

const hour = 60 * 60_000;
const day = 24 * hour;
/** Longer than the pause between looks, so that every account is looked at in each step. */
const stepMs = 72 * hour;
/** Days in whose first step everybody posts. */
const publishingDays = [30, 88];

const dayOf = (ms: number): number => Math.floor(ms / day);

interface Account {
  readonly platform: PlatformView;
  readonly signIn: string;
  readonly connectionId: string;
  readonly at: Try;
}

describe("90 days without anybody doing anything", () => {
  let system: System;
  let ida: ApiSession;
  const accounts: Account[] = [];

  before(async () => {
    system = await startSystem({ logLevel: "warn" });
    const owner = await system.signUp();
    const { scopes } = await owner.must("GET", "/api/me");
    const { key } = await owner.must("POST", "/api/api-keys", { name: "program", scopes });
    // Whoever looks after a sign-in is no browser session, which would end meanwhile.
    ida = Object.assign(system.visitor(key), { upload: system.visitor(key).upload });
    const stage = stageOf(system);
    const { items } = await owner.must("GET", "/api/platforms");
    for (const platform of items as readonly PlatformView[])
      for (const signIn of platform.auth) {
        const opened = await stage.signIn?.(owner, platform, signIn);
        const account = opened?.accounts.find(({ blocked }) => blocked === undefined);
        assert.ok(opened && account, `${platform.id} opens an account`);
        const connectionId = await opened.connect(account);
        const at: Try = {
          stage,
          platform,
          tryOut: tryOuts[platform.id] ?? {},
          session: ida,
          connectionId,
          signIn: signIn.id,
          accounts: opened.accounts,
          words: (what) => `${what} ${platform.id} ${system.clock.now().toISOString()}`,
        };
        accounts.push({ platform, signIn: signIn.id, connectionId, at });
      }
    assert.equal(new Set(accounts.map(({ platform }) => platform.id)).size, items.length);
  });
  after(() => system?.close());

  const turn = async () => {
    await system.turn("token_refresh");
    await system.turn("health_check");
  };
  const asleep = async () =>
    system.query<{ id: string; platform: string; status: string; reason: string; ok: string; ends: string }>(
      `select id, platform, status, status_reason ->> 'message' as reason, last_check ->> 'ok' as ok, token_expires_at as ends from connections
       where status not in ('healthy', 'expiring_soon') or last_check ->> 'ok' is distinct from 'true'`,
    );

  /** Sign-ins that only a person can renew are told of in time, and somebody signs in again. */
  async function signInWhereTold(): Promise<readonly string[]> {
    const told: string[] = [];
    for (const { connectionId, platform, signIn, at } of accounts) {
      const { status, renewsItself, personNeededAt } = await ida.must("GET", `/api/connections/${connectionId}`);
      if (status !== "expiring_soon") continue;
      assert.equal(renewsItself, false);
      assert.ok(new Date(personNeededAt).getTime() - system.clock.now().getTime() > 3 * day, "days before its end");
      const method = platform.auth.find(({ id }) => id === signIn);
      const opened = method && (await at.stage.signIn?.(ida, platform, method));
      const same = at.accounts.find(({ externalId }) => opened?.accounts.some((it) => it.externalId === externalId));
      assert.ok(opened && same);
      assert.equal(await opened.connect(same), connectionId);
      told.push(`${platform.id} (${signIn})`);
    }
    return told;
  }

  it("no sign-in ends that can be kept alive, on any platform, and posts go out on the 30th and the 88th day", async (t) => {
    const begun = performance.now();
    const told: string[] = [];
    for (let passed = stepMs; passed <= 90 * day; passed += stepMs) {
      await system.clock.advance(stepMs);
      await turn();
      const dead = await asleep();
      assert.deepEqual(dead, [], `on day ${dayOf(passed)}`);
      told.push(...(await signInWhereTold()).map((it) => `${it} on day ${dayOf(passed)}`));
      if (!publishingDays.some((at) => passed >= at * day && passed - stepMs < at * day)) continue;
      for (const { at } of accounts) {
        const { job } = await publish(at, await samplePayload(at, "Beans"));
        assert.equal(job.state, "published", `${at.platform.id} on day ${dayOf(passed)}: ${saidOf(job)}`);
      }
    }
    const rows = await system.query<{
      platform: string;
      auth_kind: string;
      looks: number;
      renewals: number;
      events: number;
      failed: number;
    }>(
      `select c.platform, c.auth_kind, count(*) filter (where check_type = 'synthetic_ping')::int as looks,
         count(*) filter (where check_type = 'token_refresh')::int as renewals,
         count(*) filter (where check_type = 'webhook_test')::int as events, count(*) filter (where not ok)::int as failed
       from connection_health_log h join connections c on c.id = h.connection_id group by 1, 2 order by 1, 2`,
    );
    for (const { platform, auth_kind, looks, renewals, events, failed } of rows)
      t.diagnostic(
        `${platform} (${auth_kind}): ${looks} looks, ${renewals} renewals, ${events} looks for events, ${failed} failed`,
      );
    t.diagnostic(`a person had to sign in again: ${told.join(", ")}`);
    t.diagnostic(`90 days took ${Math.round(performance.now() - begun)} ms`);
    assert.equal(rows.length, accounts.length);
  });

  it("one that was revoked says so within one look, once, its posts wait, and after its owner's link and a backfill each of them is out once", async () => {
    const revoked = accounts.find(({ platform }) => platform.id === "threads");
    assert.ok(revoked);
    const { connectionId, at } = revoked;
    const plan = async (hours: number) => {
      const scheduledFor = new Date(system.clock.now().getTime() + hours * hour).toISOString();
      const payload = { ...(await samplePayload(at, `Beans in ${hours} hours`)), scheduledFor };
      return (await ida.must("POST", "/api/publish", { connectionId, payload })).id as string;
    };
    const planned = [await plan(10), await plan(40)];
    const livePosts = async () => (await system.sim("GET", "threads/posts")).posts.length;
    const before = await livePosts();
    await system.sim("POST", "threads/faults", { fault: "tokenRevoked", times: "always" });
    await system.clock.advance(7 * hour);
    await turn();
    await turn();
    const { status, statusReason } = await ida.must("GET", `/api/connections/${connectionId}`);
    assert.deepEqual([status, statusReason.code], ["revoked", "signed_out"]);
    assert.deepEqual(
      (await asleep()).map(({ id }) => id),
      [connectionId],
      "the others are as they were",
    );
    const states = async () =>
      Promise.all(planned.map(async (id) => (await ida.must("GET", `/api/publish/${id}`)).state));
    assert.deepEqual(await states(), ["held", "held"]);
    const told = await notices(connectionId);
    assert.equal(told.length, 1, "told once");
    assert.equal(told[0]?.settledAt, undefined);

    // The first one's time passes while nobody does anything.
    await system.clock.advance(5 * hour);
    await system.settle();
    assert.deepEqual(await states(), ["held", "held"]);
    await system.sim("DELETE", "threads/faults");
    const { link } = await ida.must("POST", `/api/connections/${connectionId}/reconnect-link`);
    const browser = openBrowser(system.url);
    const page = await browser.submit(new URL(link).pathname);
    const done = await browser.show(await browser.agree(page), { accept: "text/html" });
    assert.equal(done.headers.get("location"), `${system.url}/links/reconnect`);
    assert.equal((await ida.must("GET", `/api/connections/${connectionId}`)).status, "healthy");
    assert.ok((await notices(connectionId))[0]?.settledAt, "and it is over");
    await system.settle();
    const backfill = `/api/connections/${connectionId}/backfill`;
    const offer = await ida.must("GET", backfill);
    assert.deepEqual([offer.count, offer.canGo, offer.items[0].jobId], [1, 1, planned[0]]);
    assert.equal((await ida.must("POST", backfill, { action: "send_now" })).decided, 1);
    for (const id of planned) {
      const { scheduledFor } = await ida.must("GET", `/api/publish/${id}`);
      await at.stage.pass(new Date(scheduledFor));
      for (let turns = 0; turns < 5; turns += 1) {
        await system.settle();
        await at.stage.pass();
      }
    }
    assert.deepEqual(await states(), ["published", "published"]);
    assert.equal(await livePosts(), before + 2, "each of them once");
  });

  const notices = async (id: string): Promise<readonly { readonly settledAt?: string }[]> => {
    const { items } = await ida.must("GET", "/api/notifications?limit=100");
    return items.filter(
      ({ kind, accounts: of = [] }: { kind: string; accounts?: readonly { connectionId: string }[] }) =>
        kind === "connection_attention" && of.some(({ connectionId }) => connectionId === id),
    );
  };
});
