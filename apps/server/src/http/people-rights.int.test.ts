import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { createTestDatabase, type TestDatabase } from "../adapters/postgres/testing/test-database.ts";
import { goodPassword, type PeopleApp, type Person, peopleOf, startPeopleApp, tokenOf } from "./testing/people-app.ts";

let database: TestDatabase;
let system: PeopleApp;
before(async () => {
  database = await createTestDatabase();
  system = await startPeopleApp(database.url);
});
after(async () => {
  await system?.close();
  await database?.drop();
});

const { signUp, inviteAndJoin, memberIdOf, withKey } = peopleOf(() => system);
const accept = (person: Person, token: string) => person.call("POST", "/api/invitations/accept", { token });

test("a viewer who reads open invitations cannot take one: the id opens nothing and the secret is shown nowhere", async () => {
  const owner = await signUp("owner1");
  const viewer = await inviteAndJoin(owner, "viewer1", "viewer");
  const made = await owner.call("POST", "/api/members/invite", { email: "boss1@example.com", role: "owner" });
  const token = tokenOf(made.json.link);
  const listed = await viewer.call("GET", "/api/members");
  assert.equal(listed.json.invitations.length, 1, "the viewer sees that somebody is invited");
  assert.ok(!listed.text.includes(token));
  const thief = await signUp("boss1");
  const { id } = listed.json.invitations[0];
  for (const attempt of [
    () => thief.call("POST", `/api/invitations/${id}/accept`, {}),
    () => accept(thief, id),
    () => accept(thief, id.replace("inv_", "").padEnd(43, "0")),
    () => thief.call("POST", "/api/operators", { token: id }),
  ])
    assert.ok([400, 404].includes((await attempt()).status));
  for (const method of ["GET", "POST"] as const) {
    const looked = await viewer.call(method, `/api/invitations/${id}`, method === "POST" ? {} : undefined);
    assert.equal(looked.status, 405, "an invitation can be withdrawn, and read by nobody");
  }
  assert.equal((await owner.call("GET", "/api/members")).json.items.length, 2);
  assert.equal((await accept(thief, token)).json.role, "owner", "the link itself works, once");
  assert.equal((await accept(await signUp("late1"), token)).status, 409);
});

test("an invitation's secret is stored as a hash, and a link of another purpose does not accept it", async () => {
  const owner = await signUp("owner2");
  const made = await owner.call("POST", "/api/members/invite", { email: "x2@example.com", role: "viewer" });
  const token = tokenOf(made.json.link);
  assert.ok(!(await system.dump()).includes(token));
  const guest = await signUp("guest2");
  assert.equal((await guest.call("POST", "/api/operators", { token })).status, 404);
  const operatorToken = tokenOf(await system.people.service.makeOperatorLink());
  assert.equal((await accept(guest, operatorToken)).status, 404);
  assert.equal((await accept(guest, token)).status, 200);
  assert.ok(!system.lines.join("").includes(token));
});

test("a new invitation to the same address ends the older link", async () => {
  const owner = await signUp("owner3");
  const invite = () => owner.call("POST", "/api/members/invite", { email: "x3@example.com", role: "viewer" });
  const [older, newer] = [await invite(), await invite()];
  const guest = await signUp("guest3");
  assert.equal((await accept(guest, tokenOf(older.json.link))).status, 409);
  assert.equal((await accept(guest, tokenOf(newer.json.link))).status, 200);
});

test("an admin's open invitations end with the right to invite: removed, demoted, and also after coming back", async () => {
  const owner = await signUp("owner4");
  for (const [name, end] of [
    ["removed4", (id: string) => owner.call("DELETE", `/api/members/${id}`)],
    ["demoted4", (id: string) => owner.call("PATCH", `/api/members/${id}`, { role: "editor" })],
  ] as const) {
    const admin = await inviteAndJoin(owner, name, "admin");
    const made = await admin.call("POST", "/api/members/invite", { email: `by-${name}@example.com`, role: "admin" });
    const token = tokenOf(made.json.link);
    assert.equal((await end(await memberIdOf(owner, admin))).status, 200);
    const accomplice = await signUp(`accomplice-${name}`);
    const refused = await accept(accomplice, token);
    assert.equal(refused.status, 409, refused.text);
    const seen = await accomplice.call("POST", "/api/invitations/look", { token });
    assert.equal(seen.json.status, "canceled");
    const open = (await owner.call("GET", "/api/members")).json.invitations;
    assert.ok(!open.some(({ email }: { email: string }) => email.startsWith("by-")), JSON.stringify(open));
    if (name !== "removed4") continue;
    system.clock.offsetMs += 1_000;
    const again = await owner.call("POST", "/api/members/invite", { email: admin.email, role: "admin" });
    assert.equal((await accept(admin, tokenOf(again.json.link))).status, 200);
    assert.equal((await accept(accomplice, token)).status, 409, "what the old membership began stays ended");
  }
});

test("an owner's invitation to be owner ends when they are an admin only", async () => {
  const owner = await signUp("owner5");
  const second = await inviteAndJoin(owner, "second5", "owner");
  const made = await second.call("POST", "/api/members/invite", { email: "x5@example.com", role: "owner" });
  await owner.call("PATCH", `/api/members/${await memberIdOf(owner, second)}`, { role: "admin" });
  assert.equal((await accept(await signUp("x5"), tokenOf(made.json.link))).status, 409);
});

test("a demoted person's key does what their role still allows, a promoted one's no more than it was given", async () => {
  const owner = await signUp("owner6");
  const admin = await inviteAndJoin(owner, "admin6", "admin");
  const scopes = ["posts:read", "posts:write", "connections:write"];
  const made = await admin.call("POST", "/api/api-keys", { name: "mine", scopes });
  const program = withKey(made.json.key);
  const check = "/api/connections/con_0195a1b2c3d47e8f90a1b2c3d4e5f602/check";
  assert.equal((await program("POST", check, {})).status, 200);
  const id = await memberIdOf(owner, admin);
  await owner.call("PATCH", `/api/members/${id}`, { role: "viewer" });
  assert.equal((await program("POST", check, {})).status, 403);
  assert.equal((await program("GET", "/api/posts")).status, 200);
  assert.deepEqual((await program("GET", "/api/me")).json.scopes, ["posts:read"]);
  const [listed] = (await owner.call("GET", "/api/api-keys")).json.items;
  assert.deepEqual(listed.scopes, ["posts:read"], "the list shows what the key can do now");
  await owner.call("PATCH", `/api/members/${id}`, { role: "owner" });
  assert.deepEqual((await program("GET", "/api/me")).json.scopes, scopes);
});

test("a removed person's key stays dead, also when they come back", async () => {
  const owner = await signUp("owner7");
  const admin = await inviteAndJoin(owner, "admin7", "admin");
  const { json } = await admin.call("POST", "/api/api-keys", { name: "mine", scopes: ["posts:read"] });
  const program = withKey(json.key);
  await owner.call("DELETE", `/api/members/${await memberIdOf(owner, admin)}`);
  assert.equal((await program("GET", "/api/posts")).status, 401);
  system.clock.offsetMs += 1_000;
  const again = await owner.call("POST", "/api/members/invite", { email: admin.email, role: "owner" });
  await accept(admin, tokenOf(again.json.link));
  assert.equal((await program("GET", "/api/posts")).status, 401);
  await system.query("update api_keys set revoked_at = null where id = $1", [json.id]);
  assert.equal((await program("GET", "/api/posts")).status, 401, "not by the mark, but by the membership");
});

test("a removed person's session no longer reads or changes the tenant, however the tenant is named", async () => {
  const owner = await signUp("owner8");
  const tenant = (await owner.call("GET", "/api/me")).json.tenant.id;
  const admin = await inviteAndJoin(owner, "admin8", "admin");
  const named = { "x-postd-tenant": tenant };
  assert.equal((await admin.call("GET", "/api/members", undefined, named)).status, 200);
  await owner.call("DELETE", `/api/members/${await memberIdOf(owner, admin)}`);
  assert.equal((await admin.call("GET", "/api/members", undefined, named)).status, 403);
  assert.equal((await admin.call("POST", "/api/tenants/switch", { tenantId: tenant })).status, 404);
  const invited = await admin.call("POST", "/api/members/invite", { email: "a8@example.com", role: "admin" }, named);
  assert.equal(invited.status, 403);
});

test("two owners who remove each other at the same moment leave one", async () => {
  const one = await signUp("owner9");
  const two = await inviteAndJoin(one, "two9", "owner");
  const tenant = { "x-postd-tenant": (await one.call("GET", "/api/me")).json.tenant.id };
  const [idOne, idTwo] = [await memberIdOf(one, one), await memberIdOf(one, two)];
  const both = await Promise.all([
    one.call("DELETE", `/api/members/${idTwo}`, undefined, tenant),
    two.call("DELETE", `/api/members/${idOne}`, undefined, tenant),
  ]);
  assert.deepEqual(both.map(({ status }) => status).sort(), [200, 403]);
});

test("a key is not given scopes its maker lacks", async () => {
  const owner = await signUp("owner10");
  const { json } = await owner.call("POST", "/api/api-keys", { name: "all", scopes: ["keys:write", "members:write"] });
  const program = withKey(json.key);
  assert.equal((await program("POST", "/api/api-keys", { name: "more", scopes: ["posts:read"] })).status, 403);
  assert.equal((await program("POST", "/api/members/invite", { email: "k@example.com", role: "owner" })).status, 403);
});

test("the operator's link makes one person an operator, once, and a newer link ends an older one", async () => {
  const [first, second] = [await signUp("first11"), await signUp("second11")];
  const become = (person: Person, token: string) => person.call("POST", "/api/operators", { token });
  const older = tokenOf(await system.people.service.makeOperatorLink());
  const newer = tokenOf(await system.people.service.makeOperatorLink());
  assert.equal((await become(first, older)).status, 404);
  const both = await Promise.all([become(first, newer), become(second, newer)]);
  assert.deepEqual(both.map(({ status }) => status).sort(), [200, 404]);
  const operator = both[0]?.status === 200 ? first : second;
  const other = operator === first ? second : first;
  assert.equal((await operator.call("GET", "/api/me")).json.operator, true);
  assert.equal((await other.call("GET", "/api/me")).json.operator, false);
  assert.equal((await operator.call("POST", "/api/pause", { scope: "instance" })).status, 200);
  assert.equal((await other.call("POST", "/api/pause", { scope: "instance" })).status, 403, "an owner of a tenant");
  const { json } = await operator.call("POST", "/api/api-keys", { name: "all", scopes: ["operations:write"] });
  const program = withKey(json.key);
  assert.equal((await program("POST", "/api/pause", { scope: "instance" })).status, 403, "a key is never an operator");
  assert.equal((await program("POST", "/api/pause", { scope: "tenant" })).status, 200);
  assert.equal((await become(other, newer)).status, 404);
});

test("the operator's link ends after a day", async () => {
  const person = await signUp("late12");
  const token = tokenOf(await system.people.service.makeOperatorLink());
  system.clock.offsetMs += 25 * 60 * 60_000;
  assert.equal((await person.call("POST", "/api/operators", { token })).status, 404);
});

test("opening a link as a mail scanner does changes nothing; the page's own form does, and no other page's", async () => {
  const path = new URL(await system.people.service.makeOperatorLink()).pathname;
  const form = (fields: Readonly<Record<string, string>>, origin: string) =>
    system.http.inject({
      method: "POST",
      url: path,
      headers: { origin, "content-type": "application/x-www-form-urlencoded" },
      payload: new URLSearchParams(fields).toString(),
    });
  for (const method of ["GET", "HEAD", "GET"] as const) {
    const shown = await system.http.inject({ method, url: path });
    assert.equal(shown.statusCode, 200);
    assert.equal(shown.headers["cache-control"], "no-store");
  }
  const person = { name: "Page <b>13</b>", email: "page13@example.com", password: goodPassword };
  const foreign = await form(person, "https://evil.example");
  assert.equal(foreign.statusCode, 400);
  const weak = await form({ ...person, password: "password1234" }, "http://localhost:3000");
  assert.equal(weak.statusCode, 400);
  assert.match(weak.body, /guessed first/);
  const done = await form(person, "http://localhost:3000");
  assert.equal(done.statusCode, 200, done.body);
  assert.match(done.body, /You are an operator/);
  const cookie = done.cookies.map(({ name, value }) => `${name}=${encodeURIComponent(value)}`).join("; ");
  const me = await system.http.inject({ url: "/api/me", headers: { cookie } });
  assert.equal(me.json().operator, true);
  assert.equal((await form({ ...person, email: "page13b@example.com" }, "http://localhost:3000")).statusCode, 403);
  const html = await system.http.inject({ url: "/confirm-address?token=%22%3E%3Cscript%3Ealert(1)%3C/script%3E" });
  assert.ok(!html.body.includes("<script"));
});
