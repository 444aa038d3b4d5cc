import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, test } from "node:test";
import type { ApiSession } from "@postd/testkit/api";
import { connectBluesky } from "@postd/testkit/connect-bluesky";
import { type System, startSystem } from "@postd/testkit/system";

let system: System;
let session: ApiSession;
let web: Server;

before(async () => {
  web = createServer((request, response) => {
    response.writeHead(request.url === "/beans" ? 200 : 404, { "content-type": "text/html; charset=utf-8" });
    response.end('<title>New beans</title><meta name="description" content="From Huila">');
  }).listen(0, "127.0.0.1");
  await once(web, "listening");
  const { port } = web.address() as AddressInfo;
  system = await startSystem({ env: { POSTD_HOST_MAP: `news.example=http://127.0.0.1:${port}` } });
  session = await system.signUp();
});

after(async () => {
  await system?.close();
  web?.closeAllConnections();
  web?.close();
});

const publish = async (connectionId: string, content: string, options = {}) => {
  const job = await session.must("POST", "/api/publish", { connectionId, payload: { content, options } });
  await system.settle();
  return session.must("GET", `/api/publish/${job.id}`);
};

async function recordOf(uri: string) {
  const [, , repo = "", collection = "", rkey = ""] = uri.split("/");
  const query = new URLSearchParams({ repo, collection, rkey });
  const answer = await fetch(`${system.simulatorUrl}/bsky.social/xrpc/com.atproto.repo.getRecord?${query}`);
  return ((await answer.json()) as { value: { embed?: { external: Record<string, unknown> } } }).value;
}

test("disconnecting one of two Bluesky accounts ends its own sign-in at Bluesky and leaves the other's", async () => {
  const ida = await connectBluesky(system, session, "Ida");
  const bo = await connectBluesky(system, session, "Bo");
  const gone = await session.must("DELETE", `/api/connections/${ida.id}`);
  assert.equal(gone.revokedAtPlatform, true, JSON.stringify(gone));
  assert.equal(gone.note, undefined);
  const checked = await session.must("POST", `/api/connections/${bo.id}/check`);
  assert.equal(checked.status, "healthy");
  const renewed = await session.must("POST", `/api/connections/${bo.id}/refresh`);
  assert.equal(renewed.status, "healthy");
  assert.equal((await publish(bo.id, "still here")).state, "published");
});

test("an account that Bluesky has taken down is not healthy after a check, before and after its session ends", async () => {
  const ida = await connectBluesky(system, session, "Down");
  await system.sim("POST", "bluesky/act", { action: "setStatus", account: ida.account, status: "takendown" });
  const now = await session.must("POST", `/api/connections/${ida.id}/check`);
  assert.equal(now.status, "attention");
  assert.match(now.statusReason.message, /taken (this account )?down/);
  await system.clock.advance(3 * 3_600_000);
  const later = await session.must("POST", `/api/connections/${ida.id}/check`);
  assert.equal(later.status, "attention");
  assert.match(later.statusReason.message, /taken (this account )?down/);
});

test("a pasted profile address signs in, and a wrong password is told at the password", async () => {
  const made = await system.sim("POST", "bluesky/accounts", { name: "Pasted" });
  const keys = { identifier: ` https://bsky.app/profile/${made.handle} `, appPassword: made.extra.appPassword };
  const { connections } = await session.must("POST", "/api/connections", { platform: "bluesky", keys });
  assert.equal(connections[0].handle, made.handle);
  const wrong = await session.call("POST", "/api/connections", {
    platform: "bluesky",
    keys: { ...keys, appPassword: "aaaa-bbbb-cccc-dddd" },
  });
  assert.equal(wrong.body.field, "keys.appPassword");
  const nobody = await session.call("POST", "/api/connections", {
    platform: "bluesky",
    keys: { ...keys, identifier: "https://example.com/ida_b" },
  });
  assert.equal(nobody.status, 400, JSON.stringify(nobody.body));
});

test("a post with a link carries the card of its page; one whose page cannot be read goes out without", async () => {
  const { id } = await connectBluesky(system, session, "Cards");
  const carded = await publish(id, "Read https://news.example/beans");
  const { embed } = await recordOf(carded.externalPostId);
  assert.deepEqual(embed?.external, {
    uri: "https://news.example/beans",
    title: "New beans",
    description: "From Huila",
  });
  for (const [content, options] of [
    ["Read https://news.example/nowhere", {}],
    ["Read https://unmapped.example/beans", {}],
    ["Without: https://news.example/beans", { linkCard: false }],
  ] as const) {
    const plain = await publish(id, content, options);
    assert.equal(plain.state, "published", JSON.stringify(plain));
    assert.equal((await recordOf(plain.externalPostId)).embed, undefined, content);
  }
});

test("a preview shows what a card would say, and reaches no private address", async () => {
  const seen = await session.must("POST", "/api/link-preview", { url: "https://news.example/beans" });
  assert.deepEqual(seen, { url: "https://news.example/beans", title: "New beans", description: "From Huila" });
  for (const url of ["http://127.0.0.1:1/", "http://[::1]/", "http://169.254.169.254/", "https://u:p@news.example/"]) {
    const refused = await session.call("POST", "/api/link-preview", { url });
    assert.equal(refused.status, 400, url);
    assert.equal(refused.body.field, "url");
  }
  assert.equal(
    (await system.visitor().call("POST", "/api/link-preview", { url: "https://news.example/" })).status,
    401,
  );
});
