import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { ApiSession } from "@postd/testkit/api";
import { connectBluesky } from "@postd/testkit/connect-bluesky";
import { type System, startSystem } from "@postd/testkit/system";
import { openBrowser } from "./link-browser.ts";

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const slackMs = 50;
const pageScopes = [
  "pages_show_list",
  "pages_read_engagement",
  "pages_manage_posts",
  "read_insights",
  "pages_manage_metadata",
  "pages_manage_engagement",
  "pages_read_user_content",
  "business_management",
];

interface DoneJob {
  readonly jobId: string;
  readonly plannedFor: string;
  readonly at?: string;
}

describe("an account dies, its posts wait, and somebody decides what becomes of them", () => {
  let system: System;
  before(async () => {
    system = await startSystem();
  });
  after(() => system?.close());

  const plan = (session: ApiSession, connectionId: string, text: string, inMs: number) =>
    session.must("POST", "/api/publish", {
      connectionId,
      payload: { text, scheduledFor: new Date(system.clock.now().getTime() + inMs).toISOString() },
    });
  const jobOf = (session: ApiSession, id: string) => session.must("GET", `/api/publish/${id}`);

  /** `count` posts over two days; the platform withdraws the sign-in at the first of them, and two days pass. */
  async function dies(
    session: ApiSession,
    { id, sim, account, count }: { id: string; sim: "meta" | "bluesky"; account: string; count: number },
  ): Promise<readonly { readonly id: string; readonly text: string }[]> {
    const texts = Array.from({ length: count }, (_, n) => `${account}: post ${n}`);
    const inMs = (n: number) => minuteMs + (n * 46 * hourMs) / count;
    // The last is written first: what counts is when a post was to go out.
    const reversed: { id: string; text: string }[] = [];
    for (const [n, text] of [...texts.entries()].toReversed())
      reversed.push({ id: (await plan(session, id, text, inMs(n))).id, text });
    const made = reversed.toReversed();
    await system.sim("POST", `${sim}/faults`, { fault: "tokenRevoked", times: 1, match: { account } });
    await system.clock.advance(2 * minuteMs);
    await system.settle();
    await system.clock.advance(48 * hourMs);
    await system.settle();
    assert.equal(
      (await session.must("GET", `/api/connections/${id}`)).status,
      sim === "meta" ? "revoked" : "attention",
    );
    const held = await session.must("GET", `/api/jobs?connectionId=${id}&state=held`);
    assert.deepEqual(
      held.items.map((job: { heldReason: string }) => job.heldReason),
      Array(count).fill("attention"),
    );
    return made;
  }

  const textsOn = async (sim: "meta" | "bluesky", account: string): Promise<readonly string[]> => {
    const { posts } = await system.sim("GET", `${sim}/posts`);
    const own = posts.filter((post: { accountId: string }) => post.accountId === account);
    return own
      .sort((a: { createdAt: string }, b: { createdAt: string }) => (a.createdAt < b.createdAt ? -1 : 1))
      .map(({ text }: { text: string }) => text);
  };

  /** Opens the address, agrees as that person, and comes back. */
  async function agree(session: ApiSession, authUrl: string, person: string) {
    const agreed = await fetch(authUrl, {
      method: "POST",
      redirect: "manual",
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: new URLSearchParams({ person, decision: "continue" }).toString(),
    });
    const back = new URL(agreed.headers.get("location") ?? "");
    return session.call("GET", `${back.pathname}${back.search}`, undefined, { accept: "application/json" });
  }

  async function connectPage(session: ApiSession, name: string) {
    const page = await system.sim("POST", "meta/accounts", { kind: "page", name });
    const started = await session.must("POST", "/api/oauth/facebook/start", { authKind: "facebook_login" });
    const { body } = await agree(session, started.authUrl, page.extra.personId);
    const accounts = [{ platform: "facebook", externalId: page.id }];
    const { connections } = await session.must("POST", "/api/connections", { grantId: body.grantId, accounts });
    return { id: connections[0].id as string, account: page.id as string, person: page.extra.personId as string };
  }

  it("30 posts held over two days are spread over 3 hours after the sign-in: each once, at its new time, in its order", async (t) => {
    const session = await system.signUp();
    const { id, account, person } = await connectPage(session, "Nordlys Coffee");
    const stranger = await system.sim("POST", "meta/accounts", { kind: "page", name: "Somebody else" });
    const made = await dies(session, { id, sim: "meta", account, count: 30 });
    const ahead = await plan(session, id, `${account}: still ahead`, 5 * hourMs);
    await system.settle();

    const path = `/api/connections/${id}`;
    const broken = await session.must("GET", `${path}/backfill`);
    assert.deepEqual([broken.count, broken.canGo], [30, 0]);
    const early = await session.call("POST", `${path}/backfill`, { action: "spread", over: 3 });
    assert.deepEqual([early.status, early.body.code], [422, "account_needs_attention"], JSON.stringify(early.body));

    // Another account is refused by name, and nothing changes.
    const started = await session.must("POST", `${path}/reconnect`, {}, { "idempotency-key": "again-1" });
    assert.equal(started.kind, "oauth2");
    assert.equal(started.account, "Nordlys Coffee");
    // A Page alone lives on this sign-in, so nothing of Instagram's is asked for.
    assert.deepEqual(started.scopes, { asked: pageScopes, missing: [] });
    assert.deepEqual(new URL(started.authUrl).searchParams.get("scope")?.split(","), pageScopes);
    const again = await session.must("POST", `${path}/reconnect`, {}, { "idempotency-key": "again-1" });
    assert.deepEqual([again.authUrl, again.state], [undefined, undefined], "a secret is shown once");
    const rowOf = () =>
      system.query(
        "select to_jsonb(c) as row from connections c where tenant_id = (select tenant_id from connections where id = $1)",
        [id],
      );
    const secrets = () => system.query("select owner_id, name from encrypted_secrets order by 1, 2");
    const [was, kept, grants] = [await rowOf(), await secrets(), await grantsOf(session)];
    const refused = await agree(session, started.authUrl, stranger.extra.personId);
    assert.equal(refused.status, 409, JSON.stringify(refused.body));
    assert.match(refused.body.detail, /Somebody else/);
    assert.match(refused.body.detail, /Nordlys Coffee/);
    assert.deepEqual(await rowOf(), was);
    const left = (await grantsOf(session)).filter(({ id }) => !grants.some((grant) => grant.id === id));
    assert.deepEqual(left, [], "nothing to choose from is left of it");
    assert.ok((await secrets()).length <= kept.length, "nothing of the other sign-in is kept");

    const right = await session.must("POST", `${path}/reconnect`, {});
    const back = await agree(session, right.authUrl, person);
    assert.equal(back.status, 200, JSON.stringify(back.body));
    await system.settle();
    assert.equal((await session.must("GET", path)).status, "healthy");
    assert.deepEqual(await textsOn("meta", account), [], "nothing is shot out by itself");

    const offer = await session.must("GET", `${path}/backfill?limit=20`);
    assert.deepEqual([offer.count, offer.canGo, offer.ahead, offer.inDoubt], [30, 30, 1, 0]);
    assert.equal(offer.suggestions[0].action, "spread");
    const rest = await session.must("GET", `${path}/backfill?limit=20&cursor=${offer.nextCursor}`);
    const listed = [...offer.items, ...rest.items];
    assert.deepEqual(
      listed.map(({ jobId }) => jobId),
      made.map((job) => job.id),
    );
    assert.ok(listed.every(({ reason }) => reason === "missed"));

    const key = { "idempotency-key": "spread-1" };
    const done = await session.must("POST", `${path}/backfill`, { action: "spread", over: 3 }, key);
    assert.deepEqual([done.decided, done.left, done.refused], [30, 0, []]);
    assert.equal(Date.parse(done.lastAt) - Date.parse(done.firstAt), 3 * hourMs);
    const repeat = await session.must("POST", `${path}/backfill`, { action: "spread", over: 3 }, key);
    assert.deepEqual(repeat, { ...done, cached: true });
    const other = await session.call("POST", `${path}/backfill`, { action: "drop" }, key);
    assert.deepEqual([other.status, other.body.code], [409, "idempotency_conflict"]);

    let latest = 0;
    for (const [n, job] of (done.jobs as DoneJob[]).entries()) {
      const dueMs = Date.parse(job.at ?? "");
      const waitMs = dueMs - system.clock.now().getTime();
      // A moment more, as the clocks of this process and the database differ by less than that.
      if (waitMs > -slackMs) await system.clock.advance(waitMs + slackMs);
      // Whoever hands out what is due sleeps by the machine's clock, which nobody moved.
      await system.query("select pg_notify('postd_due', '')");
      await system.settle();
      const texts = await textsOn("meta", account);
      assert.deepEqual(
        texts,
        made.slice(0, n + 1).map(({ text }) => text),
      );
      const sent = await jobOf(session, job.jobId);
      assert.equal(sent.state, "published");
      assert.equal(sent.scheduledFor, job.at);
      latest = Math.max(latest, Date.parse(sent.publishedAt) - dueMs);
    }
    assert.equal((await jobOf(session, ahead.id)).state, "scheduled");
    await system.clock.advance(2 * hourMs);
    await system.settle();
    assert.deepEqual(await textsOn("meta", account), [...made.map(({ text }) => text), `${account}: still ahead`]);
    t.diagnostic(`30 posts spread over 3 h, each once; the latest ${latest} ms after its new time`);
  });

  it("dropped ones never go out, and the reason is kept, shown and counted", async () => {
    const session = await system.signUp();
    const page = await connectPage(session, "Second Coffee");
    const made = await dies(session, { ...page, sim: "meta", count: 6 });
    // What nobody wants any more may be dropped before anybody signs in again.
    const [first, second] = made;
    const olderThan = (await jobOf(session, second?.id ?? "")).scheduledFor;
    const old = await session.must("POST", "/api/backfill", { action: "drop", olderThan, reason: "account_lost" });
    assert.deepEqual(
      (old.jobs as DoneJob[]).map(({ jobId }) => jobId),
      [first?.id],
    );
    const done = await session.must("POST", `/api/connections/${page.id}/backfill`, {
      action: "drop",
      note: "The market was last week.",
    });
    assert.deepEqual([done.decided, done.firstAt], [5, undefined]);
    const job = await jobOf(session, second?.id ?? "");
    assert.equal(job.state, "canceled");
    assert.deepEqual(
      job.decisions.map(({ outcome, reason, note }: Record<string, string>) => [outcome, reason, note]),
      [["drop", "no_longer_needed", "The market was last week."]],
    );
    const counted = await session.must("GET", "/api/dlq/reasons");
    assert.deepEqual(
      counted.reasons.map(({ reason, count }: { reason: string; count: number }) => [reason, count]),
      [
        ["no_longer_needed", 5],
        ["account_lost", 1],
      ],
    );
    const right = await session.must("POST", `/api/connections/${page.id}/reconnect`, {});
    await agree(session, right.authUrl, page.person);
    await system.clock.advance(hourMs);
    await system.settle();
    assert.deepEqual(await textsOn("meta", page.account), []);
    assert.equal((await session.must("GET", "/api/backfill")).count, 0);
  });

  it("sent now, they go out in the order they were planned; an account with typed keys signs in again with them", async () => {
    const session = await system.signUp();
    const one = await connectBluesky(system, session, "Keys");
    const stranger = await system.sim("POST", "bluesky/accounts", { name: "Not Keys" });
    const made = await dies(session, { id: one.id, sim: "bluesky", account: one.account, count: 8 });
    const path = `/api/connections/${one.id}`;
    const form = await session.must("POST", `${path}/reconnect`, {});
    assert.deepEqual(
      [form.kind, form.fields.map(({ name }: { name: string }) => name)],
      ["keys", ["service", "identifier", "appPassword"]],
    );
    const [was] = await system.query("select to_jsonb(c) as row from connections c where id = $1", [one.id]);
    const keys = { identifier: stranger.handle, appPassword: stranger.extra.appPassword };
    const refused = await session.call("POST", `${path}/reconnect`, { keys });
    assert.equal(refused.status, 409, JSON.stringify(refused.body));
    assert.ok(
      refused.body.detail.includes(stranger.handle) && refused.body.detail.includes(one.handle),
      refused.body.detail,
    );
    assert.deepEqual(await system.query("select to_jsonb(c) as row from connections c where id = $1", [one.id]), [was]);
    assert.equal((await session.must("GET", "/api/connections")).items.length, 1);

    const { appPassword } = await system.sim("POST", "bluesky/act", {
      action: "createAppPassword",
      account: one.account,
    });
    const right = { identifier: one.handle, appPassword };
    const done = await session.must("POST", `${path}/reconnect`, { keys: right });
    assert.deepEqual([done.kind, done.connection.id, done.connection.status], ["done", one.id, "healthy"]);

    // One is taken back while another request decides; whoever is first is.
    const [first, ...others] = made;
    await session.must("POST", `/api/jobs/${first?.id}/cancel`);
    const sent = await session.must("POST", `${path}/backfill`, { action: "send_now", jobs: made.map(({ id }) => id) });
    assert.equal(sent.decided, 7);
    assert.deepEqual(
      sent.refused.map(({ jobId }: DoneJob) => jobId),
      [first?.id],
    );
    for (let turn = 0; turn < 8; turn += 1) {
      await system.settle();
      await system.clock.advance(5_000);
    }
    await system.settle();
    assert.deepEqual(
      await textsOn("bluesky", one.account),
      others.map(({ text }) => text),
    );
    assert.equal((await session.must("GET", `${path}/backfill`)).count, 0);
  });

  it("one notice tells of the lost sign-in, the owner's link mends it, and what waited goes out once when somebody says so", async () => {
    const session = await system.signUp();
    const page = await connectPage(session, "Harbour");
    const made = await dies(session, { ...page, sim: "meta", count: 5 });
    const told = async () =>
      (await session.must("GET", "/api/notifications")).items.filter(
        ({ subject, settledAt }: { subject: { id: string }; settledAt?: string }) =>
          subject.id === page.id && !settledAt,
      );
    assert.equal((await told()).length, 1);
    const { link } = await session.must("POST", `/api/connections/${page.id}/reconnect-link`);
    const browser = openBrowser(system.url);
    const address = new URL(link).pathname;
    // A mail scanner opens what it finds, and nothing comes of it.
    for (const method of ["GET", "HEAD"]) await browser.send(method, address);
    assert.equal((await told()).length, 1);
    const back = await browser.agree(await browser.submit(address), { person: page.person });
    await browser.show(back, { accept: "text/html" });
    assert.equal((await session.must("GET", `/api/connections/${page.id}`)).status, "healthy");
    assert.ok((await told()).every(({ action }: { action: { kind: string } }) => action.kind !== "reconnect"));
    assert.deepEqual(await textsOn("meta", page.account), []);
    await session.must("POST", "/api/backfill", { action: "spread", over: 1 });
    for (const waitMs of [0, hourMs / 2, hourMs / 2 + slackMs]) {
      await system.clock.advance(waitMs);
      await system.settle();
    }
    assert.deepEqual([...(await textsOn("meta", page.account))].sort(), made.map(({ text }) => text).sort());
  });

  async function grantsOf(session: ApiSession) {
    const me = await session.must("GET", "/api/me");
    return system.query<{ id: string }>("select id from oauth_grants where tenant_id = $1", [me.tenant.id]);
  }
});
