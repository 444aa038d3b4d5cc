import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { sampleJpeg } from "@postd/connector-kit/media-samples";
import { type ApiSession, grantThroughBrowser } from "@postd/testkit/api";
import { type System, startSystem } from "@postd/testkit/system";

const minuteMs = 60_000;

interface Job {
  readonly id: string;
  readonly state: string;
  readonly nextAt?: string;
  readonly heldReason?: string;
  readonly tries: number;
  readonly failure?: { readonly message: string; readonly kind: string };
}

describe("budgets of platforms", () => {
  let system: System;
  let ida: ApiSession;

  before(async () => {
    system = await startSystem({
      env: {
        POSTD_INBOX: "on",
        // An app in LinkedIn's development tier, with a small number so that its share is soon used.
        POSTD_BUDGETS: "linkedin.member_calls_day=12,linkedin.app_calls_day=none,threads.posts_day=3",
      },
    });
    ida = await system.signUp();
  });
  after(() => system?.close());

  const jobOf = (id: string): Promise<Job> => ida.must("GET", `/api/publish/${id}`);
  const publish = async (connectionId: string, payload: object): Promise<string> =>
    (await ida.must("POST", "/api/publish", { connectionId, payload })).id;
  // biome-ignore lint/suspicious/noExplicitAny: tests read answers freely.
  const budget = async (connectionId: string, name: string): Promise<any> => {
    const { items } = await ida.must("GET", `/api/connections/${connectionId}/budgets`);
    return items.find((one: { name: string }) => one.name === name);
  };
  /** Moves time on until it is so. */
  async function until<T>(what: string, stepMs: number, look: () => Promise<T | undefined | false>): Promise<T> {
    for (let turn = 0; turn < 60; turn += 1) {
      await system.settle();
      const seen = await look();
      if (seen) return seen;
      await system.clock.advance(stepMs);
    }
    throw new Error(what);
  }
  /** Counts of this process are written once a second. */
  async function written(look: () => Promise<boolean>): Promise<void> {
    const deadline = performance.now() + 10_000;
    while (!(await look())) {
      assert.ok(performance.now() < deadline, "it was not written");
      await delay(50);
    }
  }
  async function connect(platform: string, authKind: string, person: string, externalId: string): Promise<string> {
    const provider = platform === "google_business_profile" ? "google" : platform;
    const { grantId } = await grantThroughBrowser(ida, provider, authKind, { person });
    const accounts = [{ platform, externalId }];
    return (await ida.must("POST", "/api/connections", { grantId, accounts })).connections[0].id;
  }
  const refusals = () =>
    system.query<{ id: string }>(
      "select a.id from publish_attempts a where a.failure ->> 'httpStatus' = '429' or a.failure ->> 'kind' = 'rate_limited'",
    );

  it("of twelve posts to one profile of Google in one minute ten go and two wait for the next, and Google refuses none", async (t) => {
    await system.sim("POST", "google/act", { action: "set", reviewMs: 0 });
    const made = await system.sim("POST", "google/accounts", { name: "Vesterbro" });
    const externalId = made.id.slice(made.id.indexOf("locations/"));
    const profile = await connect("google_business_profile", "google_business", made.extra.subject, externalId);
    const other = await system.sim("POST", "google/accounts", { name: "Amager" });
    const neighbour = await connect(
      "google_business_profile",
      "google_business",
      other.extra.subject,
      other.id.slice(other.id.indexOf("locations/")),
    );
    const soon = new Date(system.clock.now().getTime() + 5_000).toISOString();
    const ids: string[] = [];
    for (let i = 0; i < 12; i += 1) ids.push(await publish(profile, { content: `Beans ${i}`, scheduledFor: soon }));
    const beside = await publish(neighbour, { content: "Beans beside", scheduledFor: soon });
    await system.clock.advance(6_000);
    await system.settle();
    const jobs = await Promise.all(ids.map(jobOf));
    const waiting = jobs.filter(({ state }) => state === "scheduled");
    const posted = async () => (await system.sim("GET", "google/posts")).posts.length;
    assert.deepEqual([waiting.length, await posted()], [2, 11]);
    assert.notEqual((await jobOf(beside)).state, "scheduled", "another profile waits for nothing");
    for (const { failure, tries, nextAt } of waiting) {
      assert.match(failure?.message ?? "", /10 of 10 changes of the profile in a minute are used/);
      assert.equal(tries, 0, "no try is burnt");
      const inMs = Date.parse(nextAt ?? "") - system.clock.now().getTime();
      assert.ok(inMs > 0 && inMs <= 75_000, `it is told when: in ${inMs} ms`);
    }
    const stands = await budget(profile, "google_business_profile.edits_minute");
    assert.deepEqual([stands.used, stands.limit, stands.source, stands.full], [10, 10, "postd", true]);
    assert.ok(Date.parse(stands.resetsAt) > system.clock.now().getTime());
    const all = await until("the others never went", 20_000, async () => {
      const states = (await Promise.all(ids.map(jobOf))).map(({ state }) => state);
      return states.every((state) => state === "published") && states;
    });
    assert.deepEqual([all.length, await posted(), (await refusals()).length], [12, 13, 0]);
    t.diagnostic(`12 posts due at once: 10 went, 2 waited, ${(await refusals()).length} refused by Google`);
  });

  it("at Instagram's daily limit the next post waits with its reason and its time, and another account is not delayed", async (t) => {
    const { grantId } = await grantThroughBrowser(ida, "facebook");
    const { accounts } = await ida.must("GET", `/api/grants/${grantId}`);
    const open = accounts.filter((one: { platform: string; blocked?: string }) => !one.blocked);
    const { externalId } = open.find((one: { platform: string }) => one.platform === "instagram");
    const page = open.find((one: { platform: string }) => one.platform === "facebook");
    const { connections } = await ida.must("POST", "/api/connections", {
      grantId,
      accounts: [
        { platform: "instagram", externalId },
        { platform: "facebook", externalId: page.externalId },
      ],
    });
    const idOf = (platform: string) =>
      connections.find((one: { platform: string }) => one.platform === platform).id as string;
    const [instagram, facebook] = [idOf("instagram"), idOf("facebook")];
    await system.sim("POST", "meta/act", { action: "setQuota", total: 2 });
    const picture = (await ida.upload(sampleJpeg({ width: 600, height: 600 }), "beans.jpg")).id;
    const post = (content: string) => publish(instagram, { content, mediaIds: [picture] });
    const live = async (id: string) => (await jobOf(id)).state === "published";
    for (const content of ["First", "Second"]) {
      const id = await post(content);
      await until(`${content} never went`, 5_000, () => live(id));
    }
    await written(async () => (await budget(instagram, "instagram.posts_day")).limit === 2);
    const before = (await refusals()).length;
    const third = await post("Third");
    const beside = await publish(facebook, { content: "Beside" });
    await until("the Page was delayed", 1_000, () => live(beside));
    const held = await jobOf(third);
    assert.deepEqual([held.state, held.heldReason, held.tries], ["held", "quota", 0]);
    assert.match(held.failure?.message ?? "", /Instagram: 2 of 2 posts in 24 hours are used/);
    assert.ok(Date.parse(held.nextAt ?? "") > system.clock.now().getTime());
    assert.equal((await refusals()).length, before, "Instagram was not asked to say no");
    assert.equal((await system.query("select 1 from publish_attempts where job_id = $1", [third])).length, 0);
    await until("it never went when the day was over", 24.5 * 60 * minuteMs, () => live(third));
    t.diagnostic("third of 2 a day: held as quota without a call, live once the day was over");
  });

  it("reading what people write stops at its share of LinkedIn's day, and posts still go out", async (t) => {
    const made = await system.sim("POST", "linkedin/accounts", { kind: "page" });
    const page = await connect("linkedin", "linkedin_page", made.extra.subject, made.id);
    const first = await publish(page, { content: "Fresh beans" });
    await until("it never went", 2_000, async () => (await jobOf(first)).state === "published");
    const name = "linkedin.member_calls_day";
    const stopped = async () =>
      (
        await system.query<{ message: string }>(
          "select failure ->> 'message' as message from inbox_readings where connection_id = $1 and failure is not null",
          [page],
        )
      )[0]?.message;
    for (let turn = 0; turn < 100 && !(await stopped()); turn += 1) {
      await system.clock.advance(1_000);
      await ida.must("POST", `/api/connections/${page}/inbox`, {});
      await delay(100);
    }
    assert.match(
      (await stopped()) ?? "",
      /LinkedIn: \d+ of 12 calls of this person in a day are used\. The rest is kept for posts/,
    );
    await delay(1_200);
    const { used, limit, resetsAt } = await budget(page, name);
    assert.ok(used >= 8 && used <= 11, `reading went to ${used} of ${limit}`);
    assert.equal(new Date(resetsAt).toISOString().slice(11), "00:00:00.000Z", "the day is over at midnight in UTC");
    const second = await publish(page, { content: "More beans" });
    await until("posts were held back", 2_000, async () => (await jobOf(second)).state === "published");
    t.diagnostic(`reading stopped at ${used} of ${limit} calls; a post went out after`);
  });

  it("a plan that holds more than a day takes is told where it is checked, with the time it goes out at, and not refused", async () => {
    const made = await system.sim("POST", "threads/accounts", { name: "Nordlys Bakery" });
    const profile = await connect("threads", "threads", made.extra.personId, made.id);
    const at = (hours: number) => new Date(Date.UTC(2032, 4, 3, hours)).toISOString();
    for (const hours of [8, 10, 12]) await publish(profile, { content: `Bread at ${hours}`, scheduledFor: at(hours) });
    const check = async (scheduledFor: string) =>
      ida.must("POST", "/api/posts/validate", {
        text: "Bread again",
        targets: [{ connectionId: profile }],
        scheduledFor,
      });
    const full = await check(at(14));
    assert.equal(full.ok, true);
    const [problem] = full.targets[0].problems;
    assert.deepEqual([problem.field, problem.code, problem.severity], ["scheduledFor", "budget_full", "warning"]);
    assert.match(
      problem.message,
      /4 of 3 posts in 24 hours of this account\. It goes out at about 2032-05-04T08:00:00\.000Z/,
    );
    assert.deepEqual((await check(at(33))).targets[0].problems, [], "the first of them is a day old then");
  });

  it("every platform tells its budgets, with the day each was looked up", async () => {
    const { items } = await ida.must("GET", "/api/platforms");
    assert.equal(items.length, 9);
    for (const { id, budgets } of items) assert.ok(budgets?.length > 0, id);
    const page = await fetch(`${system.url}/metrics`);
    assert.match(
      await page.text(),
      /postd_budget_waits_total\{budget="google_business_profile\.edits_minute",what="post"[^}]*\} \d+/,
    );
  });
});
