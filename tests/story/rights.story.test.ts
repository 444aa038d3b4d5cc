import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { type ApiSession, openSession } from "@postd/testkit/api";
import { connectBluesky } from "@postd/testkit/connect-bluesky";
import { type System, startSystem } from "@postd/testkit/system";

describe("a right is used only while its ground stands", () => {
  let system: System;
  let owner: ApiSession;

  before(async () => {
    system = await startSystem();
    owner = await system.signUp({ name: "Owner" });
  });
  after(() => system?.close());

  const tokenOf = (link: string) => link.split("/").at(-1) ?? "";
  async function colleague(name: string, role: string) {
    const email = `${name}-${Math.random().toString(36).slice(2)}@example.com`;
    const { link } = await owner.must("POST", "/api/members/invite", { email, role });
    const person = await system.signUp({ name, email, link: tokenOf(link) });
    await person.must("POST", "/api/invitations/accept", { token: tokenOf(link) });
    const { items } = await owner.must("GET", "/api/members");
    const { id } = items.find((item: { email: string }) => item.email === email);
    return { person, id: id as string };
  }
  /** Agrees on the platform's page and comes back without a session, as a customer's browser does. */
  async function finish(started: { authUrl: string }, back: ApiSession) {
    const agreed = await fetch(started.authUrl, {
      method: "POST",
      redirect: "manual",
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: "decision=continue",
    });
    const url = new URL(agreed.headers.get("location") ?? "");
    return back.call("GET", `${url.pathname}${url.search}`, undefined, { accept: "application/json" });
  }
  const grants = async () =>
    Number((await system.query<{ n: string }>("select count(*) as n from oauth_grants"))[0]?.n);

  it("a sign-in that an API key started makes a grant while the key stands, and none once it is revoked", async () => {
    const { key, id } = await owner.must("POST", "/api/api-keys", { name: "shop", scopes: ["connections:write"] });
    const program = openSession(system.url, { apiKey: key });
    const start = () => program.must("POST", "/api/oauth/facebook/start", {});
    assert.equal((await finish(await start(), system.visitor())).status, 200);
    const before = await grants();
    const started = await start();
    await owner.must("DELETE", `/api/api-keys/${id}`);
    const refused = await finish(started, system.visitor());
    assert.equal(refused.status, 403, JSON.stringify(refused.body));
    assert.match(refused.body.detail, /no longer connect/);
    assert.equal(await grants(), before);
  });

  it("neither does one whose maker was demoted or removed, or whose key has ended", async () => {
    const before = await grants();
    for (const end of ["demoted", "removed", "over"] as const) {
      const { person, id } = await colleague(end, "admin");
      const expiresAt = new Date(system.clock.now().getTime() + 120_000).toISOString();
      const { key } = await person.must("POST", "/api/api-keys", {
        name: "mine",
        scopes: ["connections:write"],
        ...(end === "over" ? { expiresAt } : {}),
      });
      const started = await openSession(system.url, { apiKey: key }).must("POST", "/api/oauth/facebook/start", {});
      if (end === "demoted") await owner.must("PATCH", `/api/members/${id}`, { role: "viewer" });
      if (end === "removed") await owner.must("DELETE", `/api/members/${id}`);
      if (end === "over") await system.clock.advance(121_000);
      assert.equal((await finish(started, system.visitor())).status, 403, end);
    }
    assert.equal(await grants(), before);
  });

  it("a person who was demoted, removed or changed the password meanwhile finishes no sign-in either", async () => {
    const before = await grants();
    for (const end of ["demoted", "removed"] as const) {
      const { person, id } = await colleague(end, "admin");
      const started = await person.must("POST", "/api/oauth/facebook/start", {});
      if (end === "demoted") await owner.must("PATCH", `/api/members/${id}`, { role: "editor" });
      else await owner.must("DELETE", `/api/members/${id}`);
      const status = (await finish(started, person)).status;
      assert.ok(status === 403, `${end}: ${status}`);
    }
    assert.equal(await grants(), before);
  });

  it("where a workspace wants every post approved, a key sends nothing by itself, with all the rights of a key", async () => {
    const tenant = await system.signUp({ name: "Careful" });
    const { id: connectionId } = await connectBluesky(system, tenant);
    const keyOf = async (name: string) =>
      (await tenant.must("POST", "/api/api-keys", { name, scopes: ["posts:read", "posts:write", "posts:approve"] }))
        .key;
    const [writer, reviewer] = [await keyOf("writes"), await keyOf("reviews")].map((apiKey) =>
      openSession(system.url, { apiKey }),
    );
    assert.ok(writer && reviewer);
    assert.equal((await writer.call("PATCH", "/api/tenants/current", { requiresApproval: false })).status, 403);
    const changed = await tenant.must("PATCH", "/api/tenants/current", { requiresApproval: true });
    assert.equal(changed.requiresApproval, true);
    const targets = [{ connectionId }];
    assert.equal(
      (await writer.call("POST", "/api/publish", { connectionId, payload: { text: "At once" } })).status,
      403,
    );
    assert.equal((await writer.call("POST", "/api/posts", { text: "At once", targets })).status, 403);
    const { id } = await writer.must("POST", "/api/posts", { text: "Asked for", targets, mode: "ask" });
    for (const mode of ["publish", "draft", "publish", "ask"])
      assert.equal((await writer.call("PATCH", `/api/posts/${id}`, { mode })).status, mode === "publish" ? 403 : 200);
    const { hash } = await reviewer.must("GET", `/api/posts/${id}`);
    assert.equal((await writer.call("POST", `/api/posts/${id}/approve`, { hash })).status, 403);
    assert.equal((await reviewer.must("POST", `/api/posts/${id}/approve`, { hash })).status, "approved");
    assert.equal((await tenant.must("POST", "/api/posts", { text: "In person", targets })).status, "approved");
  });

  it("an operator pauses and resumes the whole instance, every tenant of it; an owner of a tenant cannot", async () => {
    const operator = await system.signUp({ name: "Operator", link: tokenOf(await system.operatorLink()) });
    const tenant = await system.signUp({ name: "Tenant" });
    const { id: connectionId } = await connectBluesky(system, tenant);
    for (const who of [tenant, owner])
      for (const verb of ["pause", "resume"])
        assert.equal((await who.call("POST", `/api/${verb}`, { scope: "instance" })).status, 403);
    await operator.must("POST", "/api/pause", { scope: "instance" });
    const job = await tenant.must("POST", "/api/publish", { connectionId, payload: { content: "Not while paused" } });
    await system.settle();
    const held = await tenant.must("GET", `/api/publish/${job.id}`);
    assert.deepEqual([held.state, held.heldReason], ["held", "paused"]);
    assert.equal((await tenant.call("POST", "/api/resume", { scope: "instance" })).status, 403);
    await tenant.must("POST", "/api/resume", { scope: "tenant" });
    await system.settle();
    assert.equal((await tenant.must("GET", `/api/publish/${job.id}`)).state, "held", "the instance is paused still");
    await operator.must("POST", "/api/resume", { scope: "instance" });
    // Jobs of other tenants look again once a minute.
    await system.clock.advance(61_000);
    await system.settle();
    assert.equal((await tenant.must("GET", `/api/publish/${job.id}`)).state, "published");
  });
});
