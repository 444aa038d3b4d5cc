import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { type ApiSession, grantThroughBrowser } from "@postd/testkit/api";
import { type System, startSystem } from "@postd/testkit/system";

describe("one sign-in at Google that opens three locations", () => {
  let system: System;
  let ida: ApiSession;
  let person: { readonly id: string; readonly extra: { readonly subject: string; readonly account: string } };
  let grantId: string;
  let connections: readonly { readonly id: string; readonly name: string; readonly externalId: string }[];

  const act = (action: string, input: object = {}) => system.sim("POST", "google/act", { action, ...input });
  const posts = async () => (await system.sim("GET", "google/posts")).posts;

  before(async () => {
    system = await startSystem({ env: { POSTD_INBOX: "on" } });
    ida = await system.signUp();
    person = await system.sim("POST", "google/accounts", { name: "Nørrebro" });
    await act("set", { reviewMs: 8_000 });
    await act("addLocations", { account: person.extra.account, titles: ["Vesterbro", "Østerbro"] });
    ({ grantId } = await grantThroughBrowser(ida, "google", "google_business", { person: person.extra.subject }));
  });
  after(() => system?.close());

  it("lists all three, and connects them with one consent and one set of tokens", async () => {
    const grant = await ida.must("GET", `/api/grants/${grantId}`);
    const found: readonly { platform: string; externalId: string; name: string }[] = grant.accounts;
    assert.deepEqual(found.map(({ name }) => name).toSorted(), ["Nørrebro", "Vesterbro", "Østerbro"]);
    const accounts = found.map(({ platform, externalId }) => ({ platform, externalId }));
    ({ connections } = await ida.must("POST", "/api/connections", { grantId, accounts }));
    assert.equal(connections.length, 3);
    assert.equal((await system.query("select 1 from platform_sign_ins")).length, 1);
  });

  it("posts to each of them under its own name, once, with a button for the link, when Google shows it", async () => {
    const targets = connections.map(({ id }) => ({ connectionId: id }));
    const words = { content: "Fresh beans", link: { url: "https://example.com/beans" }, hashtags: ["beans"] };
    const post = await ida.must("POST", "/api/posts", { ...words, targets });
    await untilAll(post.id, "published");
    const live = await posts();
    for (const { text, details } of live) {
      assert.equal(text, "Fresh beans\n\n#beans");
      assert.deepEqual(details.callToAction, { actionType: "LEARN_MORE", url: "https://example.com/beans" });
    }
    assert.deepEqual(live.map(({ accountName }: { accountName: string }) => accountName).toSorted(), [
      "Nørrebro",
      "Vesterbro",
      "Østerbro",
    ]);
  });

  it("tells that Google rejected a post, makes it again on nobody's but a person's word, and then once", async () => {
    const [, second] = connections;
    const payload = { content: "Rejected beans" };
    await act("decide", { verdict: "REJECTED" });
    const { id } = await ida.must("POST", "/api/publish", { connectionId: second?.id, payload });
    const ends = (state: string) =>
      until(async () => {
        await system.clock.advance(10_000);
        await system.settle();
        return (await ida.must("GET", `/api/publish/${id}`)).state === state;
      });
    await ends("failed");
    const job = await ida.must("GET", `/api/publish/${id}`);
    assert.deepEqual([job.mayBeLive, /Google rejected the post/.test(JSON.stringify(job))], [false, true]);
    for (let minutes = 0; minutes < 3; minutes += 1) await system.clock.advance(60_000);
    await system.settle();
    const mine = async () => (await posts()).filter(({ text }: { text: string }) => text === payload.content);
    assert.deepEqual(await mine(), []);
    await ida.must("POST", `/api/jobs/${id}/retry`, {});
    await ends("published");
    assert.equal((await mine()).length, 1);
  });

  it("hears of a new review by a push whose token is checked, at the location it is about", async () => {
    await act("pushTo", { address: `${system.url}/api/webhooks/google` });
    const [first] = connections;
    assert.ok(first);
    await act("addReview", { location: `${person.extra.account}/${first.externalId}` });
    await act("settle");
    await system.settle();
    const events = await system.query("select connection_id, type from webhook_events");
    assert.deepEqual(events, [{ connection_id: first.id, type: "review.created" }]);
    const forged = await fetch(`${system.url}/api/webhooks/google`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: "Bearer e30.e30.e30" },
      body: "{}",
    });
    assert.equal(forged.status, 401);
  });

  it("answers the review, and another answer takes the first one's place", async () => {
    const [first] = connections;
    const entry = await until(async () => {
      await system.clock.advance(1_000);
      return (await ida.must("GET", `/api/inbox?connectionId=${first?.id}`)).items[0];
    });
    for (const text of ["Thank you!", "Thank you, and come again!"]) {
      const { job } = await ida.must("POST", `/api/inbox/${entry.id}/reply`, { text });
      await until(async () => {
        await system.settle();
        await system.clock.advance(10_000);
        const told = await ida.must("GET", `/api/publish/${job.id}`);
        assert.ok(!["failed", "unknown"].includes(told.state), JSON.stringify(told));
        return told.state === "published";
      });
      const answers = (await posts()).filter(({ kind }: { kind: string }) => kind === "reply");
      assert.deepEqual(
        answers.map((one: { text: string }) => one.text),
        [text],
      );
      await ida.must("POST", `/api/connections/${first?.id}/inbox`, {});
      await until(async () => (await ida.must("GET", `/api/inbox/${entry.id}`)).answer?.text === text);
    }
  });

  it("Google holds the clock where asked to: a plan is moved, called back, shown once, or rejected and told", async () => {
    const [, second, third] = connections;
    const inMinutes = (count: number) => new Date(system.clock.now().getTime() + count * 60_000).toISOString();
    const plan = async (content: string, connection = second) => {
      const payload = { content, scheduledFor: inMinutes(60), nativeSchedule: true };
      const { id } = await ida.must("POST", "/api/publish", { connectionId: connection?.id, payload });
      await reaches(id, "handed_over");
      return id;
    };
    const state = async (id: string) => (await ida.must("GET", `/api/publish/${id}`)).state;
    const reaches = (id: string, wanted: string) =>
      until(async () => {
        await system.settle();
        return (await state(id)) === wanted;
      });
    const canceled = await plan("Called back");
    await ida.must("POST", `/api/jobs/${canceled}/cancel`, {});
    await reaches(canceled, "canceled");
    const moved = await plan("Moved");
    const { postId } = await ida.must("GET", `/api/publish/${moved}`);
    const later = inMinutes(120);
    await ida.must("PATCH", `/api/posts/${postId}`, { scheduledFor: later });
    await until(async () => {
      await system.settle();
      return (await ida.must("GET", `/api/publish/${moved}`)).scheduledFor === later;
    });
    const shown = await plan("Shown");
    await act("decide", { verdict: "REJECTED" });
    const rejected = await plan("Planned and rejected", third);
    const live = async () => (await posts()).map(({ text }: { text: string }) => text);
    for (let minutes = 0; minutes < 70; minutes += 10) {
      await system.clock.advance(10 * 60_000);
      await system.settle();
    }
    await reaches(shown, "published");
    await reaches(rejected, "failed");
    assert.equal(await state(moved), "handed_over");
    for (let minutes = 0; minutes < 60; minutes += 10) {
      await system.clock.advance(10 * 60_000);
      await system.settle();
    }
    await reaches(moved, "published");
    const texts = await live();
    for (const [text, times] of [
      ["Called back", 0],
      ["Shown", 1],
      ["Moved", 1],
      ["Planned and rejected", 0],
    ] as const)
      assert.equal(texts.filter((one: string) => one === text).length, times, text);
  });

  it("disconnecting one leaves the others' events, and the last one ends them", async () => {
    const topics = () => system.query("select external_id from webhook_subscriptions order by id");
    assert.equal(new Set((await topics()).map(({ external_id }) => external_id)).size, 1, "one setting for all");
    const [first, second] = connections;
    assert.ok(first && second);
    assert.equal((await ida.call("DELETE", `/api/connections/${first.id}`)).status, 200);
    await act("addReview", { location: `${person.extra.account}/${second.externalId}` });
    await act("settle");
    await system.settle();
    const events = await system.query("select type from webhook_events where connection_id = $1", [second.id]);
    assert.deepEqual(events, [{ type: "review.created" }]);
    assert.equal(
      (await ida.must("GET", `/api/connections/${second.id}`)).status,
      "healthy",
      "nor is the sign-in ended",
    );
  });

  it("holds posts for the operator while an API is not enabled, and asks nobody to sign in again", async () => {
    await act("set", { disabledApis: ["mybusiness.googleapis.com"] });
    const [, second] = connections;
    const payload = { content: "Held beans" };
    const { id } = await ida.must("POST", "/api/publish", { connectionId: second?.id, payload });
    await system.settle();
    const job = await ida.must("GET", `/api/publish/${id}`);
    assert.deepEqual([job.state, job.heldReason], ["held", "operator"], JSON.stringify(job));
    assert.match(JSON.stringify(job), /Google My Business API \(v4\)/);
    assert.equal((await ida.must("GET", `/api/connections/${second?.id}`)).status, "healthy");
  });

  async function until<T>(look: () => Promise<T | undefined | false>): Promise<T> {
    for (let turn = 0; turn < 200; turn += 1) {
      const seen = await look();
      if (seen) return seen;
      await delay(50);
    }
    return assert.fail("it did not come to be");
  }

  async function untilAll(postId: string, state: string): Promise<void> {
    for (let turn = 0; turn < 30; turn += 1) {
      await system.settle();
      const { jobs } = await ida.must("GET", `/api/posts/${postId}`);
      if (jobs.every((job: { state: string }) => job.state === state)) return;
      await system.clock.advance(60_000);
    }
    assert.fail(JSON.stringify(await ida.must("GET", `/api/posts/${postId}`)));
  }
});
