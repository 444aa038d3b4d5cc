import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { after, before, beforeEach, test } from "node:test";
import { simulatorDefinitions } from "@postd/connectors/simulators";
import { type ApiSession, grantThroughBrowser } from "@postd/testkit/api";
import { type System, startSystem } from "@postd/testkit/system";
import { z } from "zod";

/** A person at Meta with a Page, and a workspace that connected it. */
interface Owner {
  readonly session: ApiSession;
  readonly personId: string;
  readonly pageId: string;
  readonly connectionId: string;
}

let system: System;
let hook: string;
before(async () => {
  system = await startSystem();
  hook = `${system.url}/api/webhooks/facebook`;
  await act("setWebhook", { url: hook });
  await act("setDeauthorize", { url: `${hook}?event=deauthorize` });
});
after(() => system?.close());
beforeEach(() => system.query("truncate webhook_inbox, webhook_events, webhook_unmatched"));

const act = (action: string, input: object = {}) => system.sim("POST", "meta/act", { action, ...input });

async function connect(session: ApiSession, personId: string, platform: string, externalId: string): Promise<string> {
  const { grantId } = await grantThroughBrowser(session, platform, "facebook_login", { person: personId });
  const { connections } = await session.must("POST", "/api/connections", {
    grantId,
    accounts: [{ platform, externalId }],
  });
  return connections[0].id;
}

async function owner(): Promise<Owner> {
  const session = await system.signUp();
  const { id: pageId, extra } = await system.sim("POST", "meta/accounts", { kind: "page" });
  const connectionId = await connect(session, extra.personId, "facebook", pageId);
  return { session, personId: extra.personId, pageId, connectionId };
}

const feed = (pageId: string, postId: string) => ({
  object: "page",
  entry: [
    {
      id: pageId,
      time: 1_790_000_000,
      changes: [{ field: "feed", value: { item: "status", verb: "add", post_id: postId } }],
    },
  ],
});

/** The platform sends, and the server has worked on it. */
async function emit(event: object): Promise<void> {
  await act("emit", event);
  await act("settle");
  await system.settle();
}

const events = () =>
  system.query<{ connection_id: string; type: string }>(
    "select connection_id, type, data ->> 'postId' as post from webhook_events order by id",
  );
const count = async (table: string): Promise<number> =>
  (await system.query<{ n: number }>(`select count(*)::int as n from ${table}`))[0]?.n ?? -1;

const metaApp = z
  .object({ app_secret: z.string(), webhook_verify_token: z.string() })
  .parse(simulatorDefinitions.find(({ id }) => id === "meta")?.appCredentials.meta);

/** What Meta posts to the two callbacks about a person. */
function signedRequest(userId: string, secret = metaApp.app_secret, at = system.clock.now()): URLSearchParams {
  const payload = { algorithm: "HMAC-SHA256", user_id: userId, issued_at: Math.floor(at.getTime() / 1_000) };
  const body = Buffer.from(JSON.stringify(payload)).toString("base64url");
  const signature = createHmac("sha256", secret).update(body).digest("base64url");
  return new URLSearchParams({ signed_request: `${signature}.${body}` });
}

async function postForm(event: string, form: URLSearchParams) {
  const answer = await fetch(`${hook}?event=${event}`, { method: "POST", body: form });
  return { status: answer.status, body: z.record(z.string(), z.unknown()).parse(await answer.json()) };
}

/** Tables other than the raw inbox that still mention a text anywhere in a row. */
async function tablesWith(text: string): Promise<readonly string[]> {
  const tables = await system.query<{ name: string }>(
    `select relname::text as name from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace
     and relname <> 'webhook_inbox' order by 1`,
  );
  const found: string[] = [];
  for (const { name } of tables) {
    const rows = await system.query(`select 1 from ${name} as r where r::text like '%' || $1 || '%' limit 1`, [text]);
    if (rows.length > 0) found.push(name);
  }
  return found;
}

test("the platform's handshake is answered to the right token only", async () => {
  assert.deepEqual(await act("handshake", { url: hook }), { verified: true });
  assert.deepEqual(await act("handshake", { url: hook, verifyToken: "wrong" }), { verified: false });
  const wrong = await fetch(`${hook}?hub.mode=subscribe&hub.challenge=1&hub.verify_token=wrong`);
  assert.equal(wrong.status, 403);
});

test("a signed event reaches the connections of its account in every workspace, and no other", async () => {
  const [ada, bob] = [await owner(), await owner()];
  const alsoAda = await system.signUp();
  const shared = await connect(alsoAda, ada.personId, "facebook", ada.pageId);
  await emit(feed(ada.pageId, "p1"));
  assert.deepEqual(
    (await events()).map(({ connection_id }) => connection_id).sort(),
    [ada.connectionId, shared].sort(),
  );
  await emit(feed(bob.pageId, "p2"));
  assert.deepEqual(
    (await events()).map(({ connection_id }) => connection_id).filter((id) => id === bob.connectionId),
    [bob.connectionId],
  );
  assert.equal(await count("webhook_unmatched"), 0);
  assert.equal(await count("webhook_inbox where error is not null"), 0);
});

test("an event the platform repeats is answered like the first and kept once, the very same request stored once", async () => {
  const { pageId, connectionId } = await owner();
  await emit(feed(pageId, "p1"));
  await emit(feed(pageId, "p1"));
  await emit(feed(pageId, "p2"));
  assert.equal(await count("webhook_inbox"), 2);
  assert.deepEqual(
    (await events()).map((event) => [event.connection_id, event.type]),
    [
      [connectionId, "post.changed"],
      [connectionId, "post.changed"],
    ],
  );
});

test("a wrong signature is refused with 401 and nothing is stored", async () => {
  const body = JSON.stringify(feed("1", "p1"));
  const forged = createHmac("sha256", "another secret").update(body).digest("hex");
  const right = createHmac("sha256", metaApp.app_secret).update(body).digest("hex");
  for (const [sent, signature] of [
    [body, `sha256=${forged}`],
    [body.replace("p1", "p2"), `sha256=${right}`],
    [body, ""],
  ] as const) {
    const answer = await fetch(hook, {
      method: "POST",
      headers: { "content-type": "application/json", "x-hub-signature-256": signature },
      body: sent,
    });
    assert.equal(answer.status, 401);
  }
  assert.equal((await postForm("data_deletion", signedRequest("1", "another secret"))).status, 401);
  assert.equal(await count("webhook_inbox"), 0);
});

test("an event of an account nobody connected is kept for the operator, and no tenant gets it", async () => {
  await owner();
  await emit(feed("999000999", "p1"));
  const rows = await system.query("select platform, account_external_id as account, type from webhook_unmatched");
  assert.deepEqual(rows, [{ platform: "facebook", account: "999000999", type: "post.changed" }]);
  assert.deepEqual(await events(), []);
});

test("removing the app marks every account of the person, on each platform of the family, and holds their posts", async () => {
  const bob = await owner();
  const session = await system.signUp();
  const { id: instagramId, extra } = await system.sim("POST", "meta/accounts", { kind: "instagram" });
  const { grantId } = await grantThroughBrowser(session, "facebook", "facebook_login", { person: extra.personId });
  const grant = await session.must("GET", `/api/grants/${grantId}`);
  const accounts = grant.accounts.map(({ platform, externalId }: Record<string, unknown>) => ({
    platform,
    externalId,
  }));
  const { connections } = await session.must("POST", "/api/connections", { grantId, accounts });
  assert.deepEqual(connections.map((it: { platform: string }) => it.platform).sort(), ["facebook", "instagram"]);
  assert.ok(connections.some((it: { externalId: string }) => it.externalId === instagramId));
  const page = connections.find((it: { platform: string }) => it.platform === "facebook");
  const scheduledFor = new Date(system.clock.now().getTime() + 3_600_000).toISOString();
  const job = await session.must("POST", "/api/publish", {
    connectionId: page.id,
    payload: { content: "Fresh bread", scheduledFor },
  });

  await act("removeApp", { personId: extra.personId });
  await act("settle");
  await system.settle();
  for (const { id } of connections) {
    const after = await session.must("GET", `/api/connections/${id}`);
    assert.deepEqual([after.status, after.statusReason?.code], ["revoked", "signed_out"]);
  }
  const held = await session.must("GET", `/api/publish/${job.id}`);
  assert.deepEqual([held.state, held.heldReason], ["held", "attention"]);
  assert.equal((await bob.session.must("GET", `/api/connections/${bob.connectionId}`)).status, "healthy");
});

test("a deletion request is confirmed with an address and a code, and nothing about the person's accounts stays", async () => {
  const [ida, bob] = [await owner(), await owner()];
  // Disconnected long ago: its name is still there for the history.
  const second = await system.signUp();
  const gone = await connect(second, ida.personId, "facebook", ida.pageId);
  await second.must("DELETE", `/api/connections/${gone}`);
  await emit(feed(ida.pageId, "p1"));
  const scheduledFor = new Date(system.clock.now().getTime() + 3_600_000).toISOString();
  const job = await ida.session.must("POST", "/api/publish", {
    connectionId: ida.connectionId,
    payload: { content: "Fresh bread", scheduledFor },
  });
  assert.ok((await tablesWith(ida.personId)).length > 0);

  await system.clock.advance(60_000);
  const form = signedRequest(ida.personId);
  const { status, body } = await postForm("data_deletion", form);
  assert.equal(status, 200);
  const code = String(body.confirmation_code);
  const shown = new URL(String(body.url));
  assert.equal(shown.origin, system.url);
  const page = await fetch(`${system.url}${shown.pathname}${shown.search}`);
  assert.equal(page.status, 200);
  assert.ok((await page.text()).includes(code));
  await system.settle();
  const later = await (await fetch(`${system.url}${shown.pathname}${shown.search}`)).text();
  assert.match(later, /Done at \d{4}-/, "the page says when it was done");
  const other = await (await fetch(`${system.url}${shown.pathname}?deletion=0123456789abcdef`)).text();
  assert.match(other, /Not done yet, or there was nothing/);

  assert.deepEqual(await tablesWith(ida.personId), []);
  assert.deepEqual(await tablesWith(ida.pageId), []);
  for (const [session, id] of [
    [ida.session, ida.connectionId],
    [second, gone],
  ] as const) {
    const after = await session.must("GET", `/api/connections/${id}`);
    assert.deepEqual([after.status, after.name], ["revoked", "Erased account"]);
    assert.equal(await count(`encrypted_secrets where owner_id = '${id}'`), 0);
    const { items } = await session.must("GET", `/api/connections/${id}/timeline?limit=1`);
    assert.deepEqual([items[0].action, items[0].detail.confirmationCode], ["data_deleted", code]);
  }
  const held = await ida.session.must("GET", `/api/publish/${job.id}`);
  assert.deepEqual([held.state, held.heldReason], ["held", "attention"]);
  assert.equal((await bob.session.must("GET", `/api/connections/${bob.connectionId}`)).status, "healthy");

  // The person comes back; the old request, sent again by whoever has it, does nothing to the new connection.
  await system.clock.advance(60_000);
  const again = await connect(ida.session, ida.personId, "facebook", ida.pageId);
  assert.notEqual(again, ida.connectionId);
  assert.equal((await postForm("data_deletion", form)).status, 200);
  assert.equal((await postForm("deauthorize", form)).status, 200);
  await system.settle();
  assert.equal((await ida.session.must("GET", `/api/connections/${again}`)).status, "healthy");
});

test("a request to go from before the latest sign-in changes nothing, though the account was connected long before it", async () => {
  const ida = await owner();
  await system.clock.advance(60_000);
  const form = signedRequest(ida.personId);
  await system.clock.advance(60_000);
  assert.equal(await connect(ida.session, ida.personId, "facebook", ida.pageId), ida.connectionId);
  const before = await ida.session.must("GET", `/api/connections/${ida.connectionId}`);
  for (const kind of ["deauthorize", "data_deletion"]) {
    assert.equal((await postForm(kind, form)).status, 200);
    await system.settle();
    const after = await ida.session.must("GET", `/api/connections/${ida.connectionId}`);
    assert.deepEqual([after.status, after.name], ["healthy", before.name], kind);
  }
  // Sent anew, it counts.
  await system.clock.advance(60_000);
  assert.equal((await postForm("deauthorize", signedRequest(ida.personId))).status, 200);
  await system.settle();
  assert.equal((await ida.session.must("GET", `/api/connections/${ida.connectionId}`)).status, "revoked");
});

test("an old deletion request takes the account it knew and leaves a sign-in made since", async () => {
  const ida = await owner();
  await system.clock.advance(60_000);
  const form = signedRequest(ida.personId);
  await system.clock.advance(60_000);
  const { grantId } = await grantThroughBrowser(ida.session, "facebook", "facebook_login", { person: ida.personId });
  assert.equal((await postForm("data_deletion", form)).status, 200);
  await system.settle();
  assert.equal((await ida.session.must("GET", `/api/connections/${ida.connectionId}`)).name, "Erased account");
  const { connections } = await ida.session.must("POST", "/api/connections", {
    grantId,
    accounts: [{ platform: "facebook", externalId: ida.pageId }],
  });
  assert.deepEqual([connections[0].status, connections[0].id === ida.connectionId], ["healthy", false]);
});
