import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { sampleJpeg } from "@postd/connector-kit/media-samples";
import { type ApiSession, grantThroughBrowser } from "@postd/testkit/api";
import { connectBluesky } from "@postd/testkit/connect-bluesky";
import { type System, startSystem } from "@postd/testkit/system";

describe("a campaign at Mailchimp", () => {
  let system: System;
  let ida: ApiSession;
  let connectionId: string;
  let destination: string;
  let accountId: string;

  before(async () => {
    system = await startSystem();
    ida = await system.signUp();
    const made = await system.sim("POST", "mailchimp/accounts", { name: "Nordlys Coffee" });
    accountId = made.id;
    const keys = { apiKey: made.accessToken };
    const { connections } = await ida.must("POST", "/api/connections", { platform: "mailchimp", keys });
    connectionId = connections[0].id;
    const { items } = await ida.must("GET", `/api/connections/${connectionId}/destinations`);
    destination = items[0].id;
  });
  after(() => system?.close());

  const job = (id: string) => ida.must("GET", `/api/publish/${id}`);
  async function until(id: string, state: string): Promise<void> {
    for (let turn = 0; turn < 20; turn += 1) {
      await system.settle();
      if ((await job(id)).state === state) return;
      await system.clock.advance(20_000);
    }
    assert.equal((await job(id)).state, state, JSON.stringify(await job(id)));
  }
  const payload = (content: string, more: object = {}) => ({
    content,
    destination,
    options: { subject: "Roasting day" },
    ...more,
  });
  const campaigns = async () => (await system.sim("GET", "mailchimp/posts")).posts;

  it("goes to the audience that was chosen, once, with its picture", async () => {
    const { id: file } = await ida.upload(sampleJpeg({ width: 600, height: 600, seed: 7 }), "beans.jpg");
    const body = { connectionId, payload: payload("Fresh beans", { mediaIds: [file] }) };
    const { id } = await ida.must("POST", "/api/publish", body);
    await until(id, "published");
    const sent = await campaigns();
    assert.deepEqual([sent.length, sent[0].media.length, sent[0].details.audience.id], [1, 1, destination]);
    assert.equal((await job(id)).permalink, sent[0].permalink);
  });

  it("MC-1: Mailchimp's clock has quarter hours, which is told before; POSTD's own takes any minute", async () => {
    const now = Math.ceil(system.clock.now().getTime() / 3_600_000) * 3_600_000;
    const at = (minutes: number) => new Date(now + 3_600_000 + minutes * 60_000).toISOString();
    const order = (scheduledFor: string, nativeSchedule: boolean) => ({
      connectionId,
      payload: payload(`At ${scheduledFor} ${nativeSchedule}`, { scheduledFor, nativeSchedule }),
    });
    const refused = await ida.call("POST", "/api/publish", order(at(13), true));
    assert.equal(refused.status, 422, JSON.stringify(refused.body));
    assert.match(JSON.stringify(refused.body), /quarter hours only; the nearest are/);
    const held = await ida.must("POST", "/api/publish", order(at(15), true));
    await until(held.id, "handed_over");
    await ida.must("POST", `/api/jobs/${held.id}/cancel`, {});
    await until(held.id, "canceled");
    const ours = await ida.must("POST", "/api/publish", order(at(13), false));
    assert.equal(ours.state, "scheduled");
    await ida.must("POST", `/api/jobs/${ours.id}/cancel`, {});
  });

  it("is shown to a few people first, and to nobody else", async () => {
    const { id: file } = await ida.upload(sampleJpeg({ width: 600, height: 600, seed: 8 }), "beans.jpg");
    const before = (await campaigns()).length;
    const order = {
      connectionId,
      destination,
      text: "First look",
      mediaIds: [file],
      options: { subject: "First look" },
    };
    const told = await ida.must("POST", "/api/posts/trial", { ...order, to: ["jonas@nordlys.example"] });
    assert.deepEqual(told, { sent: true, simulated: true });
    assert.equal((await campaigns()).length, before, "nobody of the audience got it");
    const { items } = await ida.must("GET", "/api/posts");
    assert.ok(!JSON.stringify(items).includes("First look"), "nothing of it is kept");
    const many = Array.from({ length: 6 }, (_, at) => `p${at}@nordlys.example`);
    const wide = await ida.call("POST", "/api/posts/trial", { ...order, to: many });
    assert.deepEqual([wide.status, wide.body.field], [400, "to"], JSON.stringify(wide.body));
    const wrong = await ida.call("POST", "/api/posts/trial", { ...order, options: {}, to: ["jonas@nordlys.example"] });
    assert.equal(wrong.body.code, "post_has_problems", JSON.stringify(wrong.body));
    await ida.must("PATCH", "/api/tenants/current", { requiresApproval: true });
    const { key } = await ida.must("POST", "/api/api-keys", { name: "writer", scopes: ["posts:write"] });
    const unapproved = await system
      .visitor(key)
      .call("POST", "/api/posts/trial", { ...order, to: ["x@nordlys.example"] });
    assert.equal(unapproved.status, 403, JSON.stringify(unapproved.body));
    await ida.must("PATCH", "/api/tenants/current", { requiresApproval: false });
  });

  it("is looked at as soon as Mailchimp says that it was sent, and its events need no app of ours", async () => {
    await system.sim("POST", "mailchimp/act", { action: "set", sendMs: 5 * 60_000 });
    const { id } = await ida.must("POST", "/api/publish", { connectionId, payload: payload("Later beans") });
    await until(id, "processing");
    const [subscription] = await system.query(
      "select id, external_id from webhook_subscriptions where connection_id = $1",
      [connectionId],
    );
    assert.ok(subscription?.external_id, "every audience has a webhook");
    for (let turn = 0; turn < 10 && (await state(id)) !== "isTaken"; turn += 1) {
      await system.clock.advance(5_000);
      await system.settle();
    }
    await system.clock.advance(4 * 60_000);
    await system.settle();
    assert.equal((await job(id)).state, "processing", JSON.stringify(await job(id)));
    await system.query("update publish_jobs set wake_at = domain_now() + interval '1 day' where id = $1", [id]);
    await system.clock.advance(60_000);
    await system.sim("POST", "mailchimp/act", { action: "settle" });
    await until(id, "published");
    const stored = JSON.stringify(await system.query("select * from webhook_inbox"));
    assert.ok(stored.includes(subscription.id) && stored.includes(accountId), "what was sent is stored");
    assert.ok(!/\bword\b/.test(stored), "without the word that proves who sends");
  });

  async function state(id: string): Promise<string> {
    const [row] = await system.query("select step_state -> 'connector' as known from publish_jobs where id = $1", [id]);
    return row?.known?.isTaken ? "isTaken" : "";
  }

  it("its audience is read and changed over the API by whoever may connect accounts, and kept nowhere", async () => {
    const path = `/api/connections/${connectionId}/contacts`;
    const person = { email: "saga.moe@nordlys.example", name: "Saga Moe", tags: ["Regulars"], list: destination };
    for (const name of ["Saga Moe", "Saga Moe Berg"]) {
      const { contact, simulated } = await ida.must("POST", path, { ...person, name });
      assert.deepEqual(
        [contact.name, contact.status, contact.tags, simulated],
        [name, "subscribed", ["Regulars"], true],
      );
    }
    const [saga] = (await ida.must("GET", `${path}?email=${person.email}`)).items;
    const many = { list: destination, contacts: [{ email: person.email }, { email: "liv@nordlys.example" }] };
    const { saved, refused } = await ida.must("POST", `${path}/batch`, many);
    assert.deepEqual([saved.length, refused], [2, []]);
    const change = { externalId: saga.externalId, add: ["New"], remove: ["Regulars"] };
    assert.deepEqual(await ida.must("POST", `${path}/tags`, change), { done: true, simulated: true });
    assert.deepEqual((await ida.must("GET", `${path}?name=saga&list=${destination}`)).items[0].tags, ["New"]);
    for (let times = 0; times < 2; times += 1)
      assert.equal((await ida.must("POST", `${path}/archive`, { externalId: saga.externalId })).done, true);
    assert.equal((await ida.must("GET", `${path}?email=${person.email}`)).items[0].status, "archived");
    const unnamed = await ida.call("POST", path, { email: "liv@nordlys.example" });
    assert.deepEqual([unnamed.status, unnamed.body.field], [400, "list"], JSON.stringify(unnamed.body));
    const strange = await ida.call("POST", `${path}/archive`, { externalId: "../../campaigns/1" });
    assert.deepEqual([strange.status, strange.body.field], [400, "externalId"]);
    const { key } = await ida.must("POST", "/api/api-keys", { name: "reader", scopes: ["connections:read"] });
    for (const [method, at, body] of [
      ["GET", path, undefined],
      ["POST", path, person],
      ["POST", `${path}/batch`, many],
      ["POST", `${path}/tags`, change],
      ["POST", `${path}/archive`, { externalId: saga.externalId }],
    ] as const)
      assert.equal((await system.visitor(key).call(method, at, body)).status, 403, `${method} ${at}`);
    const { id: other } = await connectBluesky(system, ida);
    const none = await ida.call("GET", `/api/connections/${other}/contacts`);
    assert.deepEqual([none.status, none.body.code], [409, "state_conflict"], JSON.stringify(none.body));
    const tables = await system.query("select tablename from pg_tables where schemaname = 'public'");
    for (const { tablename } of tables) {
      const rows = await system.query(`select to_jsonb(t)::text as row from "${tablename}" t`);
      assert.ok(!JSON.stringify(rows).includes("saga.moe"), `${tablename} keeps nobody's address`);
    }
  });

  it("is connected by OAuth as well, in the data centre the token is good for", async () => {
    const { grantId } = await grantThroughBrowser(ida, "mailchimp", "mailchimp", { person: accountId });
    const accounts = [{ platform: "mailchimp", externalId: accountId }];
    const { connections } = await ida.must("POST", "/api/connections", { grantId, accounts });
    assert.deepEqual([connections[0].externalId, connections[0].authKind], [accountId, "mailchimp"]);
    const { items } = await ida.must("GET", `/api/connections/${connections[0].id}/destinations`);
    assert.equal(items[0].id, destination);
  });
});
