import assert from "node:assert/strict";
import { test } from "node:test";
import { hmacSha256Hex, type InboundRequest, type Secret, secret } from "@postd/connector-kit";
import { createWorld } from "@postd/connector-kit/conformance";
import { readAudiences } from "./audiences.ts";
import { connect, simulator } from "./connect-harness.ts";
import { mailchimp } from "./platform.ts";
import { provider } from "./provider.ts";
import { mailchimpWebhooks } from "./webhooks.ts";

const now = new Date("2026-11-20T12:00:00Z");
const word = "w".repeat(64);
const kept = (signing: object) => secret(JSON.stringify({ word, signing }));
const body =
  "type=unsubscribe&fired_at=2026-11-20+11%3A59%3A58&data%5Blist_id%5D=a1&data%5Bemail%5D=ada%40example.com&data%5Baction%5D=unsub&data%5Bid%5D=m1";
const ctx = createWorld({ provider, platform: mailchimp }, simulator).authContext("mailchimp");

async function verdict(keys: readonly Secret[], over: Partial<InboundRequest> = {}): Promise<string> {
  const query = { subscription: "whs_1", account: "acc", word };
  const request = { method: "POST", query, headers: {}, rawBody: new TextEncoder().encode(body), ...over };
  return (await mailchimpWebhooks.verify({ request, keys, now, publicUrl: "https://postd.example" }, ctx)).kind;
}
const signed = (key: string, t = Math.floor(now.getTime() / 1000)) => ({
  "x-mailchimp-signature": `t=${t},v1=${hmacSha256Hex(key, `${t}.${body}`)}`,
});

test("the question whether an address is there is answered, whoever asks and before any key is known", async () => {
  const request = { method: "GET", query: {}, headers: {}, rawBody: new Uint8Array() };
  const answer = await mailchimpWebhooks.verify({ request, keys: [], now, publicUrl: "https://postd.example" }, ctx);
  assert.ok(answer.kind === "handshake" && answer.status === 200);
});

test("where Mailchimp gave nothing to sign with, the word in the address speaks, and no other", async () => {
  const keyless = [kept({ a1: "" })];
  assert.equal(await verdict(keyless), "accepted");
  assert.equal(await verdict(keyless, { query: { word: "x".repeat(64) } }), "refused");
  assert.equal(await verdict(keyless, { query: {} }), "refused");
  assert.equal(await verdict([]), "refused");
  assert.equal(await verdict([secret("no key of ours")]), "refused");
});

test("where it gave a key, a request is signed with it, in time, or refused", async () => {
  const keys = [kept({ a1: "k1", b2: "k2" })];
  assert.equal(await verdict(keys), "refused", "unsigned");
  assert.equal(await verdict(keys, { headers: signed("k1") }), "accepted");
  assert.equal(await verdict(keys, { headers: signed("k2") }), "refused", "the key of another audience");
  assert.equal(await verdict(keys, { headers: signed("k3") }), "refused");
  assert.equal(await verdict(keys, { headers: signed("k1", now.getTime() / 1000 - 301) }), "refused", "too old");
  const older = [kept({ a1: "k9" }), ...keys];
  assert.equal(
    await verdict(older, { headers: signed("k1") }),
    "accepted",
    "while a new key takes the old one's place",
  );
});

test("an audience with a key does not silence one without, nor speak for it, and one nobody knows is refused", async () => {
  const mixed = { a1: "k1", b2: "" };
  const of = (list: string) => ({ rawBody: new TextEncoder().encode(body.replace("=a1", `=${list}`)) });
  assert.equal(await verdict([kept(mixed)], of("b2")), "accepted");
  assert.equal(await verdict([kept(mixed)], of("a1")), "refused", "unsigned");
  for (const list of ["c3", "", "toString", "__proto__"])
    assert.equal(await verdict([kept(mixed)], of(list)), "refused", list);
  const nameless = { rawBody: new TextEncoder().encode("type=upemail&fired_at=2026-11-20+11%3A59%3A58") };
  assert.equal(await verdict([kept({ a1: "k1" })], nameless), "refused", "unsigned, and all have keys");
});

test("a webhook whose making was not answered is taken away before another is made", async () => {
  const world = createWorld({ provider, platform: mailchimp }, simulator);
  const connected = await connect(world, "api_key");
  const address = "https://postd.example/api/webhooks/mailchimp?subscription=whs_1";
  world.sim.arm({ fault: "drop", at: "after", match: { method: "POST", path: "/webhooks$" } });
  const lost = await mailchimpWebhooks.subscribe?.(world.context(connected, "invisible"), { address });
  assert.ok(lost && !lost.ok, "its answer is lost");
  const made = await mailchimpWebhooks.subscribe?.(world.context(connected, "invisible"), { address });
  assert.ok(made?.ok);
  for (const pair of made.value.id.split(",")) {
    const [list = "", hook] = pair.split(":");
    const url = `https://us19.api.mailchimp.com/3.0/lists/${list}/webhooks`;
    const bearer = connected.credentials.accessToken;
    const read = await world.context(connected, "none").http.request({ method: "GET", url, bearer });
    assert.ok(read.ok);
    const { webhooks } = read.value.json as { readonly webhooks: readonly { readonly id: string }[] };
    assert.deepEqual(
      webhooks.map(({ id }) => id),
      [hook],
    );
  }
});

test("an event names the account of its address, and the same one always has the same key", () => {
  const request = { headers: {}, query: { account: "acc" }, rawBody: new TextEncoder().encode(body) };
  const [event, ...more] = mailchimpWebhooks.parse(request);
  assert.ok(event && more.length === 0);
  assert.deepEqual(
    [event.type, event.accountExternalId, event.occurredAt?.toISOString(), event.data],
    [
      "contact.unsubscribed",
      "acc",
      "2026-11-20T11:59:58.000Z",
      { event: "unsubscribe", list: "a1", email: "ada@example.com", action: "unsub", contact: "m1" },
    ],
  );
  assert.equal(mailchimpWebhooks.parse(request)[0]?.dedupeKey, event.dedupeKey);
  for (const odd of ["", "type=toString", "type=subscribe", "%%%"])
    assert.deepEqual(mailchimpWebhooks.parse({ ...request, query: {}, rawBody: new TextEncoder().encode(odd) }), []);
});

test("every audience has its webhook; a new one, or one that was lost, has all made anew", async () => {
  const world = createWorld({ provider, platform: mailchimp }, simulator);
  const connected = await connect(world, "api_key");
  const account = connected.account.externalId;
  const made = () =>
    world.sim.requests().filter(({ method, path }) => method === "POST" && /webhooks$/.test(path)).length;
  const context = () => world.context(connected, "invisible");
  const address = "https://postd.example/api/webhooks/mailchimp?subscription=whs_1";
  const first = await mailchimpWebhooks.subscribe?.(context(), { address });
  assert.ok(first?.ok && first.value.secret && first.value.expiresAt);
  assert.equal(made(), 2);
  const same = await mailchimpWebhooks.renew?.(context(), { id: first.value.id, address });
  assert.ok(same?.ok);
  assert.deepEqual([same.value.id, same.value.secret, made()], [first.value.id, undefined, 2]);
  await world.sim.simulator.act?.("addAudience", { account, name: "One more" });
  const grown = await mailchimpWebhooks.renew?.(context(), { id: first.value.id, address });
  assert.ok(grown?.ok && grown.value.secret);
  assert.equal(made(), 5);
  const lists = await readAudiences(context());
  assert.ok(lists.ok);
  assert.deepEqual(
    grown.value.id.split(",").map((pair) => pair.split(":")[0]),
    lists.value.map(({ id }) => id),
  );
  const path = grown.value.id.split(",")[0]?.split(":") ?? [];
  await context().http.request({
    method: "DELETE",
    url: `https://us19.api.mailchimp.com/3.0/lists/${path[0]}/webhooks/${path[1]}`,
    bearer: connected.credentials.accessToken,
  });
  const mended = await mailchimpWebhooks.renew?.(context(), { id: grown.value.id, address });
  assert.ok(mended?.ok && mended.value.id !== grown.value.id);
  assert.equal(made(), 8);
});
