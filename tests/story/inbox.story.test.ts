import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, describe, it } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { type ApiSession, openSession } from "@postd/testkit/api";
import { type System, startSystem } from "@postd/testkit/system";
import { connectGuestbook } from "./connect-guestbook.ts";
import { guestbookProvider } from "./guestbook-provider.ts";
import { guestbookSimulator } from "./guestbook-simulator.ts";

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

/** Comes back when it is so; rejects after half a minute. */
async function until<T>(what: string, look: () => Promise<T | undefined | false>): Promise<T> {
  const deadline = performance.now() + 30_000;
  for (;;) {
    const seen = await look();
    if (seen) return seen;
    assert.ok(performance.now() < deadline, what);
    await delay(50);
  }
}

describe("what people write to accounts", () => {
  let system: System;
  let ida: ApiSession;

  before(async () => {
    system = await startSystem({
      providers: [guestbookProvider],
      simulators: [guestbookSimulator],
      env: { POSTD_INBOX: "on" },
    });
    ida = await system.signUp();
  });
  after(() => system?.close());

  const act = (action: string, about: object) => system.sim("POST", "guestbook/act", { action, ...about });
  const comment = async (post: string, text: string, more: object = {}): Promise<string> =>
    (await act("comment", { post, text, ...more })).id;
  const connect = (platform?: "guestbook" | "stars", session = ida) => connectGuestbook(system, session, platform);

  async function publish(connectionId: string, text = `Fresh beans ${randomUUID()}`, session = ida) {
    const { id } = await session.must("POST", "/api/publish", { connectionId, payload: { text } });
    await system.settle();
    const job = await session.must("GET", `/api/publish/${id}`);
    assert.equal(job.state, "published");
    return { postId: job.postId as string, external: job.externalPostId as string };
  }

  // biome-ignore lint/suspicious/noExplicitAny: tests read answers freely.
  const entries = async (query: string, session = ida): Promise<any[]> =>
    (await session.must("GET", `/api/inbox?${query}`)).items;
  const lookedAt = async (id: string) =>
    (
      await system.query<{ at: string | null }>(
        "select read_at::text as at from inbox_readings where connection_id = $1",
        [id],
      )
    )[0]?.at ?? undefined;

  /** Lets `cause` make the account be read, and comes back when it was. */
  async function reading(id: string, cause: () => Promise<unknown>): Promise<void> {
    // Connecting alone makes it due once.
    const earlier = await until("it was never read", () => lookedAt(id));
    await system.clock.advance(1_000);
    await cause();
    await until("nobody read it again", async () => (await lookedAt(id)) !== earlier);
  }
  const readNow = (id: string, session = ida) =>
    reading(id, () => session.must("POST", `/api/connections/${id}/inbox`, {}));
  const readByEvent = (account: { id: string; account: string }, type: string, platform = "guestbook") =>
    reading(account.id, async () => {
      const address = `${system.url}/api/webhooks/guestbook`;
      const { status } = await act("emit", { address, account: account.account, type, platform });
      assert.equal(status, 200);
    });

  async function oneComment(text = "Do you ship to Bergen?", more: object = {}) {
    const account = await connect();
    const { postId, external } = await publish(account.id);
    const externalId = await comment(external, text, more);
    await readNow(account.id);
    const [entry] = await entries(`connectionId=${account.id}`);
    assert.equal(entry.externalId, externalId);
    return { account, postId, external, entry };
  }

  const answered = async (id: string, job: string) => {
    await system.settle();
    assert.equal((await ida.must("GET", `/api/publish/${job}`)).state, "published");
    return ida.must("GET", `/api/inbox/${id}`);
  };
  const repliesAt = async (post: string): Promise<string[]> =>
    (await system.sim("GET", "guestbook/posts")).posts.find(({ id }: { id: string }) => id === post).replies;

  it("are read at once when the platform says that there is news, and told with the post they are about", async () => {
    const account = await connect();
    const { postId, external } = await publish(account.id, "New beans are in.");
    await comment(external, "  Do you ship\nto \u202eBergen\u0000?  ", { author: "Nora\nBerg" });
    await readByEvent(account, "comment.created");
    const [entry, ...others] = await entries(`postId=${postId}`);
    assert.equal(others.length, 0);
    assert.deepEqual(
      [entry.kind, entry.text, entry.author.name, entry.own, entry.readAt, entry.answered, entry.simulated],
      ["comment", "Do you ship\nto Bergen?", "Nora Berg", false, undefined, false, true],
    );
    assert.deepEqual([entry.post.postId, entry.post.text], [postId, "New beans are in."]);
    assert.deepEqual(entry.can, { reply: true, hide: true, like: true });
  });

  it("are read by the clock: soon where something happens, seldom where nothing does", async () => {
    const account = await connect();
    const { external } = await publish(account.id);
    await readNow(account.id);
    const nextIn = async () => {
      const [row] = await system.query<{ ms: string }>(
        "select extract(epoch from next_at - read_at) * 1000 as ms from inbox_readings where connection_id = $1",
        [account.id],
      );
      return Number(row?.ms);
    };
    assert.equal(Math.round((await nextIn()) / minute), 10);
    await reading(account.id, async () => {
      await comment(external, "By the clock");
      await system.clock.advance(11 * minute);
    });
    assert.equal((await entries(`connectionId=${account.id}`))[0].text, "By the clock");
    await reading(account.id, () => system.clock.advance(2 * day));
    assert.equal(Math.round((await nextIn()) / hour), 1);
    await reading(account.id, () => system.clock.advance(10 * day));
    assert.equal(Math.round((await nextIn()) / hour), 6);
  });

  it("are unread until somebody reads them, and again where the words change", async () => {
    const { account, entry } = await oneComment();
    const unread = () => entries(`connectionId=${account.id}&unread=true`);
    assert.equal((await unread()).length, 1);
    assert.ok((await ida.must("POST", `/api/inbox/${entry.id}/read`, { read: true })).readAt);
    assert.equal((await unread()).length, 0);
    assert.equal((await entries(`connectionId=${account.id}&unread=false`)).length, 1);
    await readNow(account.id);
    assert.equal((await unread()).length, 0, "another look does not make it unread");
    await ida.must("POST", `/api/inbox/${entry.id}/read`, { read: false });
    assert.equal((await unread()).length, 1);
  });

  it("are listed a page at a time, newest first, and chosen by what is asked for", async () => {
    const account = await connect();
    const { external } = await publish(account.id);
    const from = system.clock.now().toISOString();
    for (let count = 1; count <= 7; count += 1) {
      await system.clock.advance(1_000);
      await comment(external, `Number ${count}`);
    }
    await readNow(account.id);
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await ida.must(
        "GET",
        `/api/inbox?connectionId=${account.id}&limit=3${cursor ? `&cursor=${cursor}` : ""}`,
      );
      seen.push(...page.items.map(({ text }: { text: string }) => text));
      cursor = page.nextCursor;
    } while (cursor);
    assert.deepEqual(
      seen,
      [7, 6, 5, 4, 3, 2, 1].map((count) => `Number ${count}`),
    );
    const count = async (query: string) => (await entries(`connectionId=${account.id}&${query}`)).length;
    assert.deepEqual(
      [
        await count("platform=guestbook"),
        await count("platform=stars"),
        await count("kind=comment"),
        await count("kind=review"),
        await count("answered=false"),
        await count("answered=true"),
        await count(`from=${encodeURIComponent(from)}`),
        await count(`from=${encodeURIComponent(system.clock.now().toISOString())}`),
      ],
      [7, 0, 7, 0, 7, 0, 7, 0],
    );
    for (const path of ["/api/inbox", `/api/connections/${account.id}/posts`])
      for (const bad of ["nonsense", "999999999999999-x"])
        assert.equal((await ida.call("GET", `${path}?cursor=${bad}`)).status, 400, `${path} ${bad}`);
    assert.equal((await ida.call("GET", `/api/inbox?postId=post_${"0".repeat(32)}`)).status, 404);
  });

  it("are answered once, also where the platform's answer is lost", async () => {
    const { account, external, entry } = await oneComment();
    await system.sim("POST", "guestbook/faults", { fault: "dropAfterAccept", match: { account: account.account } });
    const { job, status } = await ida.must("POST", `/api/inbox/${entry.id}/reply`, { text: "Yes, every Tuesday." });
    assert.deepEqual([status, job.format, job.destination], ["approved", "reply", entry.externalId]);
    await until("it was never found", async () => {
      await system.clock.advance(30_000);
      await system.settle();
      return (await ida.must("GET", `/api/publish/${job.id}`)).state === "published";
    });
    assert.deepEqual(await repliesAt(external), ["Yes, every Tuesday."]);
    await readNow(account.id);
    const told = await ida.must("GET", `/api/inbox/${entry.id}`);
    assert.deepEqual(
      [told.answered, told.replies.map((reply: { text: string; state: string }) => [reply.text, reply.state])],
      [true, [["Yes, every Tuesday.", "published"]]],
    );
    assert.deepEqual(
      told.thread.map(({ text, own }: { text: string; own: boolean }) => [text, own]),
      [
        ["Do you ship to Bergen?", false],
        ["Yes, every Tuesday.", true],
      ],
    );
    assert.equal((await entries(`connectionId=${account.id}`)).length, 1, "the account's own words are no news");
    assert.equal((await entries(`connectionId=${account.id}&answered=true`)).length, 1);
  });

  it("an answer nobody can know about asks a person, at the entry too, and their word settles it", async () => {
    const { account, external, entry } = await oneComment();
    const match = { account: account.account };
    await system.sim("POST", "guestbook/faults", { fault: "dropAfterAccept", match });
    await system.sim("POST", "guestbook/faults", { fault: "hideFromLists", times: "always", match });
    const { job } = await ida.must("POST", `/api/inbox/${entry.id}/reply`, { text: "Perhaps." });
    const asked = await until("nobody was asked", async () => {
      await system.clock.advance(10 * minute);
      await system.settle();
      const told = await ida.must("GET", `/api/inbox/${entry.id}`);
      return told.replies[0].needsPerson && told;
    });
    assert.deepEqual([asked.replies[0].state, asked.answered], ["unknown", false]);
    const { groups } = await ida.must("GET", "/api/dlq");
    assert.ok(groups.some(({ jobs }: { jobs: { id: string }[] }) => jobs.some(({ id }) => id === job.id)));
    await ida.must("POST", `/api/jobs/${job.id}/resolve`, { outcome: "live", externalPostId: "as-seen-there" });
    const settled = await ida.must("GET", `/api/inbox/${entry.id}`);
    assert.deepEqual([settled.replies[0].state, settled.answered], ["published", true]);
    assert.deepEqual(await repliesAt(external), ["Perhaps."]);
    await system.sim("DELETE", "guestbook/faults");
  });

  it("the same answer to one is a twin, to another it is not, and one key makes one answer", async () => {
    const { account, external, entry } = await oneComment("First");
    const send = (id: string, key?: string, more: object = {}) =>
      ida.call(
        "POST",
        `/api/inbox/${id}/reply`,
        { text: "Thank you!", ...more },
        key ? { "idempotency-key": key } : {},
      );
    const first = await send(entry.id);
    assert.equal(first.status, 202, JSON.stringify(first.body));
    const twin = await send(entry.id);
    assert.deepEqual([twin.status, twin.body.code], [409, "conflict"]);
    await comment(external, "Second");
    await readNow(account.id);
    const other = (await entries(`connectionId=${account.id}`)).find(({ text }) => text === "Second");
    const key = randomUUID();
    const made = await send(other.id, key);
    const again = await send(other.id, key);
    assert.deepEqual([made.status, again.status, again.body.cached], [202, 202, true]);
    assert.equal(again.body.job.id, made.body.job.id);
    assert.equal((await send(other.id, key, { text: "Something else" })).body.code, "idempotency_conflict");
    await system.settle();
    assert.deepEqual((await repliesAt(external)).sort(), ["Thank you!", "Thank you!"]);
    assert.equal((await send(entry.id, undefined, { repost: true })).status, 202, "a deliberate one more");
  });

  it("an answer that is too long or empty is refused before anything is sent, with the field", async () => {
    const { external, entry } = await oneComment();
    for (const [text, code] of [
      ["x".repeat(501), "text_too_long"],
      ["   ", "text_required"],
    ]) {
      const { status, body } = await ida.call("POST", `/api/inbox/${entry.id}/reply`, { text });
      assert.deepEqual(
        [status, body.code, body.problems[0].field, body.problems[0].code],
        [422, "post_has_problems", "text", code],
      );
    }
    await system.settle();
    assert.deepEqual(await repliesAt(external), []);
  });

  it("an answer is no ordinary post: listed when asked for, changed in its words only, written where it belongs", async () => {
    const { account, entry } = await oneComment();
    const { postId, job } = await ida.must("POST", `/api/inbox/${entry.id}/reply`, { text: "Not among posts" });
    const idsOf = async (query: string) =>
      (await ida.must("GET", `/api/posts?${query}`)).items.map(({ id }: { id: string }) => id);
    assert.ok(!(await idsOf("limit=200")).includes(postId));
    assert.ok((await idsOf("limit=200&replies=true")).includes(postId));
    assert.equal((await ida.must("GET", `/api/posts/${postId}`)).content.format, "reply");
    assert.equal((await answered(entry.id, job.id)).answered, true);
    for (const patch of [{ format: "text" }, { targets: [{ connectionId: account.id, destination: "elsewhere" }] }])
      assert.equal((await ida.call("PATCH", `/api/posts/${postId}`, patch)).status, 400, JSON.stringify(patch));
    const targets = [{ connectionId: account.id, destination: entry.externalId }];
    for (const path of ["/api/posts", "/api/posts/validate"])
      assert.equal((await ida.call("POST", path, { text: "By hand", format: "reply", targets })).status, 400);
  });

  it("hiding and liking are done at the platform, may be repeated, and a refusal is told in its words", async () => {
    const { account, external, entry } = await oneComment();
    for (const [what, field] of [
      ["hide", "hidden"],
      ["like", "liked"],
    ] as const)
      for (const value of [true, true, false]) {
        const done = await ida.must("POST", `/api/inbox/${entry.id}/${what}`, { [field]: value });
        assert.equal(done[field], value);
        await readNow(account.id);
        assert.equal((await ida.must("GET", `/api/inbox/${entry.id}`))[field], value, "so says the platform");
      }
    await comment(external, "Nobody hides this", { locked: true });
    await readNow(account.id);
    const locked = (await entries(`connectionId=${account.id}`)).find(({ text }) => text === "Nobody hides this");
    const refused = await ida.call("POST", `/api/inbox/${locked.id}/hide`, { hidden: true });
    assert.deepEqual([refused.status, refused.body.code], [502, "platform_refused"]);
    assert.match(refused.body.detail, /keeps this comment as it is/);
    assert.equal((await ida.must("GET", `/api/inbox/${locked.id}`)).hidden, false);
    assert.equal((await ida.must("GET", `/api/connections/${account.id}`)).status, "healthy");
  });

  it("what cannot be done is refused with the reason, and the entry says so before", async () => {
    const { entry } = await oneComment("Comments are closed", { closed: true });
    assert.equal(entry.can.reply, false);
    const refused = await ida.call("POST", `/api/inbox/${entry.id}/reply`, { text: "Hello" });
    assert.deepEqual([refused.status, refused.body.code], [409, "state_conflict"]);
    assert.match(refused.body.detail, /does not let this comment be answered/);
  });

  it("what is gone at the platform is marked, stays, and is not answered", async () => {
    const { account, entry } = await oneComment();
    await act("remove", { id: entry.externalId });
    await readNow(account.id);
    const gone = await ida.must("GET", `/api/inbox/${entry.id}`);
    assert.ok(gone.goneAt);
    assert.deepEqual(gone.can, { reply: false, hide: false, like: false });
    const refused = await ida.call("POST", `/api/inbox/${entry.id}/reply`, { text: "Too late" });
    assert.match(refused.body.detail, /no longer at Guestbook/);
  });

  it("reviews come with their stars, and one answer stands beside each", async () => {
    const account = await connect("stars");
    await act("review", { account: account.account, text: "Best beans", stars: 4 });
    await readByEvent(account, "review.created", "stars");
    const [entry] = await entries(`connectionId=${account.id}`);
    assert.deepEqual([entry.kind, entry.rating, entry.post, entry.answer], ["review", 4, undefined, undefined]);
    assert.deepEqual(entry.can, { reply: true, hide: false, like: false });
    const { job } = await ida.must("POST", `/api/inbox/${entry.id}/reply`, { text: "Thank you, Ida!" });
    assert.equal((await answered(entry.id, job.id)).answered, true);
    await readNow(account.id);
    const told = await ida.must("GET", `/api/inbox/${entry.id}`);
    assert.deepEqual([told.answer, told.answered], [{ text: "Thank you, Ida!", state: "live" }, true]);
    const refused = await ida.call("POST", `/api/inbox/${entry.id}/hide`, { hidden: true });
    assert.match(refused.body.detail, /Stars does not let programs hide/);
    const [kept] = await system.query<{ hours: number }>(
      "select extract(epoch from keep_until - seen_at)::float8 / 3600 as hours from inbox_entries where id = $1",
      [entry.id],
    );
    assert.equal(Math.round(kept?.hours ?? 0), 48, "as long as its platform's terms say");
  });

  it("where every post waits for an approver an answer does too, and goes out on the approver's word", async () => {
    const owner = await system.signUp({ name: "Careful" });
    const account = await connect("guestbook", owner);
    const { external } = await publish(account.id, undefined, owner);
    await comment(external, "May I ask?");
    await readNow(account.id, owner);
    const [entry] = await entries(`connectionId=${account.id}`, owner);
    await owner.must("PATCH", "/api/tenants/current", { requiresApproval: true });
    const scopes = ["posts:read", "posts:write", "posts:approve"];
    const keyOf = async (name: string) =>
      openSession(system.url, { apiKey: (await owner.must("POST", "/api/api-keys", { name, scopes })).key });
    const [writer, reviewer] = [await keyOf("writes"), await keyOf("reviews")];
    const at = `/api/inbox/${entry.id}/reply`;
    assert.equal((await writer.call("POST", at, { text: "Yes." })).status, 403);
    const asked = await writer.must("POST", at, { text: "Yes.", mode: "ask" });
    assert.deepEqual([asked.status, asked.job], ["awaiting_approval", undefined]);
    const waiting = await reviewer.must("GET", "/api/posts?status=awaiting_approval");
    assert.deepEqual(
      waiting.items.map(({ id }: { id: string }) => id),
      [asked.postId],
    );
    const [reply] = (await owner.must("GET", `/api/inbox/${entry.id}`)).replies;
    assert.deepEqual([reply.status, reply.state], ["awaiting_approval", undefined]);
    await system.settle();
    assert.deepEqual(await repliesAt(external), []);
    const { hash } = await reviewer.must("GET", `/api/posts/${asked.postId}`);
    await reviewer.must("POST", `/api/posts/${asked.postId}/approve`, { hash });
    await system.settle();
    assert.deepEqual(await repliesAt(external), ["Yes."]);
  });

  it("what the platform lets programs do is told with the platforms", async () => {
    const { items } = await ida.must("GET", "/api/platforms");
    const told = Object.fromEntries(
      items.map(
        ({ id, inbox }: { id: string; inbox: { hide: boolean; like: boolean; reply: { text: { max: number } } } }) => [
          id,
          [inbox.reply.text.max, inbox.hide, inbox.like],
        ],
      ),
    );
    assert.deepEqual(told, { guestbook: [500, true, true], stars: [500, false, false] });
  });
});
