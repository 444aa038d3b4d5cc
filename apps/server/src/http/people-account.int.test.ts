import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { createTestDatabase, type TestDatabase } from "../adapters/postgres/testing/test-database.ts";
import { goodPassword, type PeopleApp, peopleOf, startPeopleApp } from "./testing/people-app.ts";

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

const { signUp, inviteAndJoin, memberIdOf } = peopleOf(() => system);

test("nobody deletes their account while a workspace would be left without an owner, and the answer says which and what to do", async () => {
  const owner = await signUp("sole");
  const heir = await inviteAndJoin(owner, "heir", "editor");
  const refused = await owner.call("DELETE", "/api/me", { password: goodPassword });
  assert.equal(refused.status, 409);
  assert.match(refused.json.detail, /only owner of/);
  assert.match(refused.json.next, /PATCH \/api\/members.*DELETE \/api\/tenants/);
  const handed = await owner.call("PATCH", `/api/members/${await memberIdOf(owner, heir)}`, { role: "owner" });
  assert.equal(handed.status, 200);
  assert.equal((await owner.call("DELETE", "/api/me", { password: goodPassword })).status, 200);
  assert.equal((await owner.call("GET", "/api/me")).status, 401);
  assert.equal((await heir.call("GET", "/api/members")).json.items.length, 1);
});

test("a deleted account leaves no name and no address in any row, and its keys open nothing", async () => {
  const owner = await signUp("stays");
  const person = await inviteAndJoin(owner, "leaver-zq81", "admin");
  const made = await person.call("POST", "/api/api-keys", { name: "theirs", scopes: ["posts:read"] });
  assert.equal(made.status, 201, made.text);
  assert.match(await system.dump(), /leaver-zq81/);
  const wrong = await person.call("DELETE", "/api/me", { password: "not the password at all" });
  assert.equal(wrong.status, 400);
  assert.equal(wrong.json.field, "password");
  // The workspace everybody begins with is theirs alone.
  const own = (await person.call("GET", "/api/tenants")).json.items.filter(
    ({ role }: { role: string }) => role === "owner",
  );
  for (const { id } of own) await system.query("update tenants set erasing_at = now() where id = $1", [id]);
  const gone = await person.call("DELETE", "/api/me", { password: goodPassword });
  assert.equal(gone.status, 200, gone.text);
  await system.query("update tenants set name = 'x', slug = id where erasing_at is not null");
  const left = (await system.dump()).split("\n").filter((row) => row.includes("leaver-zq81"));
  assert.deepEqual(left, []);
  const [key] = await system.query<{ revoked_at: Date | null }>(
    "select revoked_at from api_keys where name = 'theirs'",
  );
  assert.ok(key?.revoked_at);
});

test("a password is tried five times an hour, whoever holds the session", async () => {
  const person = await signUp("guessed");
  const statuses: number[] = [];
  for (let turn = 0; turn < 7; turn += 1)
    statuses.push((await person.call("DELETE", "/api/me", { password: `guess number ${turn} of many` })).status);
  assert.deepEqual(statuses, [400, 400, 400, 400, 400, 429, 429]);
});
