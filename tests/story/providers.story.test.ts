import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { ApiSession } from "@postd/testkit/api";
import { type System, startSystem } from "@postd/testkit/system";
import { boardProvider } from "./board-provider.ts";
import { boardSimulator } from "./board-simulator.ts";

const hourMs = 3_600_000;

let system: System;
before(async () => {
  system = await startSystem({ providers: [boardProvider], simulators: [boardSimulator] });
});
after(() => system?.close());

const act = (action: string, input: object) => system.sim("POST", "board/act", { action, ...input });
const start = (session: ApiSession, more: object = {}, at = "board") =>
  session.call("POST", `/api/oauth/${at}/start`, { fields: { instance: "north" }, ...more });

/** Signs in at an instance and comes back, with what the platform sends beside the code. */
async function comeBack(
  session: ApiSession,
  instance: string,
  more: object = { region: "eu" },
  startMore: object = {},
) {
  const started = await start(session, { fields: { instance }, ...startMore });
  assert.equal(started.status, 200, JSON.stringify(started.body));
  const consent = await act("consent", { authUrl: started.body.authUrl, more });
  const { pathname, search } = new URL(consent.back);
  const finished = await session.call("GET", `${pathname}${search}`, undefined, { accept: "application/json" });
  return { consent, finished };
}

async function connected(instance: string, platform = "board") {
  const session = await system.signUp();
  const { finished } = await comeBack(session, instance);
  const accounts = [{ platform, externalId: `person-${instance}` }];
  const { connections } = await session.must("POST", "/api/connections", { grantId: finished.body.grantId, accounts });
  return { session, id: String(connections[0].id), instance };
}

describe("a sign-in that asks first, pushes its request and comes back with more than a code", () => {
  it("what a person has to type is told, and everything wrong with it is named before anything is sent", async () => {
    const session = await system.signUp();
    const { items } = await session.must("GET", "/api/platforms");
    for (const id of ["board", "shelf"]) {
      const platform = items.find((item: { id: string }) => item.id === id);
      assert.equal(platform.provider, "board");
      assert.deepEqual(platform.auth[0].fields, [
        { name: "instance", label: "Instance", secret: false, required: true },
      ]);
    }
    const wrong = await start(session, { fields: { shop: "x" } });
    assert.equal(wrong.status, 400);
    assert.deepEqual(
      wrong.body.problems.map(({ field, code }: { field: string; code: string }) => [field, code]),
      [
        ["fields.instance", "required"],
        ["fields.shop", "unknown"],
      ],
    );
    const refused = await start(session, { fields: { instance: "Not an instance" } });
    assert.deepEqual([refused.status, refused.body.field], [400, "fields.instance"]);
  });

  it("the language goes along, the browser carries no more than it must, and one grant opens both platforms", async () => {
    const session = await system.signUp();
    const { consent, finished } = await comeBack(session, "north", { region: "eu" }, { locale: "pt-BR" });
    assert.deepEqual([consent.locale, consent.asked.sort()], ["pt-BR", ["client_id", "request_uri"]]);
    assert.equal(finished.status, 200, JSON.stringify(finished.body));
    const grant = await session.must("GET", `/api/grants/${finished.body.grantId}`);
    assert.deepEqual(
      grant.accounts.map(({ platform, externalId }: { platform: string; externalId: string }) => [
        platform,
        externalId,
      ]),
      [
        ["board", "person-north"],
        ["shelf", "person-north"],
      ],
    );
  });

  it("what a provider sends beside its code reaches the sign-in, and a refusal does not", async () => {
    const session = await system.signUp();
    const elsewhere = await comeBack(session, "north", { region: "us" });
    assert.match(elsewhere.finished.body.detail, /does not say where the account lives/);
    const declined = await comeBack(session, "north", { region: "us", error: "access_denied" });
    assert.match(declined.finished.body.detail, /did not give access.*Nothing was connected/);
  });

  it("what is kept for the callback is sealed while the browser is away, and gone when it is back", async () => {
    const session = await system.signUp();
    const sealed = () => system.query("select 1 from encrypted_secrets where owner_id like 'state\\_%'");
    const before = (await sealed()).length;
    const started = await start(session);
    assert.equal((await sealed()).length, before + 1);
    const { back } = await act("consent", { authUrl: started.body.authUrl, more: { region: "eu" } });
    const { pathname, search } = new URL(back);
    await session.call("GET", `${pathname}${search}`, undefined, { accept: "application/json" });
    assert.equal((await sealed()).length, before);
    const again = await session.call("GET", `${pathname}${search}`, undefined, { accept: "application/json" });
    assert.equal(again.body.code, "expired", "a state works once");
  });

  it("an address may name the provider or one of its platforms; the browser comes back where it was sent", async () => {
    const session = await system.signUp();
    const started = await start(session, { platform: "shelf" });
    const { back } = await act("consent", { authUrl: started.body.authUrl, more: { region: "eu" } });
    assert.equal(new URL(back).pathname, "/api/oauth/board/callback");
    const other = await session.call("GET", `/api/oauth/shelf/callback${new URL(back).search}`, undefined, {
      accept: "application/json",
    });
    assert.equal(other.body.code, "invalid_input");
    assert.equal((await start(session, {}, "shelf")).status, 200);
    assert.equal((await start(session, { platform: "elsewhere" })).status, 400);
    assert.equal((await start(session, {}, "elsewhere")).status, 404);
  });
});

describe("places below an account", () => {
  it("are listed and found, and a post names one or is refused", async () => {
    const { session, id } = await connected("harbour");
    const all = await session.must("GET", `/api/connections/${id}/destinations`);
    assert.deepEqual(all, {
      label: "Board",
      required: true,
      items: [
        { id: "coffee", name: "Coffee" },
        { id: "tea", name: "Tea" },
      ],
      simulated: true,
    });
    const found = await session.must("GET", `/api/connections/${id}/destinations?query=TEA`);
    assert.deepEqual(found.items, [{ id: "tea", name: "Tea" }]);
    assert.deepEqual((await session.must("GET", `/api/connections/${id}/limits`)).limits, { textMax: 700 });
    const nowhere = await session.call("POST", "/api/publish", { connectionId: id, payload: { content: "Where?" } });
    assert.deepEqual([nowhere.body.code, nowhere.body.problems[0].field], ["post_has_problems", "payload.destination"]);
  });

  it("the same words on two boards are two posts, and twice on one are a twin", async () => {
    const { session, id, instance } = await connected("islands");
    const to = (destination: string, more: object = {}) =>
      session.call("POST", "/api/publish", {
        connectionId: id,
        payload: { content: "New beans", format: "post", destination, ...more },
      });
    const [first, second] = [await to("coffee"), await to("tea")];
    assert.deepEqual([first.status, second.status], [202, 202], JSON.stringify([first.body, second.body]));
    assert.equal(first.body.destination, "coffee");
    const twin = await to("coffee");
    assert.deepEqual([twin.status, twin.body.field], [409, "repost"]);
    await system.settle();
    const { posts } = await system.sim("GET", "board/posts");
    assert.deepEqual(
      posts
        .filter(({ accountName }: { accountName: string }) => accountName === instance)
        .map(({ details }: { details: { board: string } }) => details.board)
        .sort(),
      ["coffee", "tea"],
    );
    // Every post needed an upload address, which is a secret: it was kept sealed, and is gone with the job's end.
    assert.deepEqual(await system.query("select 1 from encrypted_secrets where owner_id like 'job\\_%'"), []);
    for (const table of ["publish_jobs", "publish_attempts"])
      assert.deepEqual(await system.query(`select 1 from ${table} t where t::text like '%slot-%'`), [], table);
    assert.doesNotMatch(system.log(), /slot-/);
  });

  it("a post for several accounts says it target by target, and another place before it is sent is an edit", async () => {
    const { session, id } = await connected("meadow");
    const later = new Date(system.clock.now().getTime() + hourMs).toISOString();
    const post = await session.must("POST", "/api/posts", {
      content: "Later",
      targets: [{ connectionId: id, destination: "coffee" }],
      scheduledFor: later,
    });
    assert.deepEqual(post.targets, [{ connectionId: id, destination: "coffee" }]);
    const changed = await session.must("PATCH", `/api/posts/${post.id}`, {
      targets: [{ connectionId: id, destination: "tea" }],
    });
    assert.equal(changed.jobs[0].destination, "tea");
  });

  it("a platform that is a source only is shown as such, has no places, and cannot be posted to", async () => {
    const { session, id } = await connected("archive", "shelf");
    const { items } = await session.must("GET", "/api/platforms");
    const shelf = items.find((item: { id: string }) => item.id === "shelf");
    assert.deepEqual([shelf.formats, shelf.supports.source, shelf.supports.postAnalytics], [[], true, false]);
    assert.deepEqual((await session.must("GET", `/api/connections/${id}/destinations`)).items, []);
    const refused = await session.call("POST", "/api/publish", { connectionId: id, payload: { content: "Hello" } });
    assert.equal(refused.status, 400);
    assert.match(refused.body.detail, /Shelf is no place to post to/);
  });
});

/** Subscriptions as the platform holds them. */
const hooks = async (): Promise<
  readonly { readonly instance: string; readonly address: string; readonly secrets: number }[]
> => (await system.sim("GET", "board")).inspect;

describe("events signed with a secret of the subscription", () => {
  const event = (key: string, account: string, type = "comment.created") => ({ key, account, type });
  const events = (connectionId: string) =>
    system.query<{ dedupe_key: string }>("select dedupe_key from webhook_events where connection_id = $1 order by id", [
      connectionId,
    ]);
  const keysOf = async (connectionId: string) => (await events(connectionId)).map(({ dedupe_key }) => dedupe_key);

  it("reach the account of the subscription, and nobody else's whatever they say", async () => {
    const ada = await connected("adas");
    const bob = await connected("bobs");
    const sent = await act("emit", {
      instance: "adas",
      events: [
        event("mine", "person-adas"),
        event("theirs", "person-bobs"),
        event("deletion", "person-bobs", "data_deletion.requested"),
      ],
    });
    assert.equal(sent.status, 200);
    await system.settle();
    assert.deepEqual(await keysOf(ada.id), ["mine"]);
    assert.deepEqual(await keysOf(bob.id), []);
    assert.equal((await bob.session.must("GET", `/api/connections/${bob.id}`)).status, "healthy");
  });

  it("another key, another subscription's address and one nobody has are refused", async () => {
    await connected("keys");
    await connected("locks");
    const forged = await act("emit", { instance: "keys", events: [], key: "guessed" });
    assert.equal(forged.status, 401);
    const [hook] = (await hooks()).filter((it) => it.instance === "keys");
    const strange = await fetch(`${new URL(hook?.address ?? "").origin}/api/webhooks/board?subscription=whs_00000000`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: "[]",
    });
    assert.equal(strange.status, 403);
  });

  it("the instance's app has an address of its own too, and an app nobody has is not there", async () => {
    const { origin } = new URL((await hooks())[0]?.address ?? "");
    const statusAt = async (path: string) =>
      (
        await fetch(`${origin}/api/webhooks/${path}`, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: "[]",
        })
      ).status;
    assert.deepEqual(
      [await statusAt("board"), await statusAt("shelf"), await statusAt("board/instance")],
      [401, 401, 401],
      "each checks the signature",
    );
    assert.deepEqual([await statusAt("board/app_00000001"), await statusAt("nowhere/instance")], [404, 404]);
  });

  it("a subscription is renewed before it ends; the secret before goes on being taken, the one before that not", async () => {
    const { id } = await connected("tides");
    for (const round of ["one", "two"]) {
      await system.clock.advance(25 * hourMs);
      await system.settle();
      const [hook] = (await hooks()).filter((it) => it.instance === "tides");
      assert.equal(hook?.secrets, round === "one" ? 2 : 3, "one renewal each time");
    }
    const emit = (secret: number) =>
      act("emit", { instance: "tides", secret, events: [event(`by-${secret}`, "person-tides")] });
    assert.deepEqual([(await emit(0)).status, (await emit(1)).status, (await emit(2)).status], [200, 200, 401]);
    await system.settle();
    assert.deepEqual(await keysOf(id), ["by-0", "by-1"]);
  });

  it("what was only announced is fetched to the end, each once, and only what is the account's own", async () => {
    const { id } = await connected("wells");
    const own = ["a", "b", "c"].map((key) => event(key, "person-wells"));
    await act("change", {
      instance: "wells",
      events: [...own, event("other", "person-adas"), event("a", "person-wells")],
    });
    await act("emit", { instance: "wells", events: [event("news", "person-wells", "changes.waiting")] });
    await system.settle();
    assert.deepEqual(await keysOf(id), ["a", "b", "c"]);
    await act("change", { instance: "wells", events: [event("d", "person-wells")] });
    await act("emit", { instance: "wells", events: [event("more", "person-wells", "changes.waiting")] });
    await system.settle();
    assert.deepEqual(await keysOf(id), ["a", "b", "c", "d"], "it went on where it had ended");
  });

  it("an account that cannot be subscribed is connected all the same, and leaves no half subscription", async () => {
    const { id } = await connected("mute");
    assert.deepEqual(await system.query("select 1 from webhook_subscriptions where connection_id = $1", [id]), []);
  });

  it("disconnecting ends the subscription at the platform, and its secret is gone", async () => {
    const { session, id } = await connected("leaving");
    const [row] = await system.query<{ id: string }>("select id from webhook_subscriptions where connection_id = $1", [
      id,
    ]);
    const secrets = () => system.query("select 1 from encrypted_secrets where owner_id = $1", [row?.id]);
    assert.equal((await secrets()).length, 1);
    assert.equal((await session.call("DELETE", `/api/connections/${id}`)).status, 200);
    assert.equal((await secrets()).length, 0);
    const left = await hooks();
    assert.deepEqual(
      left.filter((it) => it.instance === "leaving"),
      [],
    );
  });
});
