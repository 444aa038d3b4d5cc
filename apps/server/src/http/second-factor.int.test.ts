import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { createOTP } from "@better-auth/utils/otp";
import { actAs } from "../adapters/postgres/acting.ts";
import { createPeopleRepo } from "../adapters/postgres/people-repo.ts";
import { openRolePool } from "../adapters/postgres/pools.ts";
import { createTestDatabase, type TestDatabase } from "../adapters/postgres/testing/test-database.ts";
import {
  browserOf,
  goodPassword,
  type PeopleApp,
  type Person,
  peopleOf,
  startPeopleApp,
} from "./testing/people-app.ts";

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

const { signUp, inviteAndJoin, withKey } = peopleOf(() => system);

async function enrol(person: Person) {
  const made = await person.call("POST", "/api/auth/two-factor/enable", { password: goodPassword });
  assert.equal(made.status, 200, made.text);
  const secret = new URL(made.json.totpURI).searchParams.get("secret") ?? "";
  const raw = base32(secret);
  const code = () => createOTP(raw, { digits: 6, period: 30 }).totp();
  const verified = await person.call("POST", "/api/auth/two-factor/verify-totp", { code: await code() });
  assert.equal(verified.status, 200, verified.text);
  return { raw, secret, code, backupCodes: made.json.backupCodes as string[], uri: made.json.totpURI as string };
}

/** The secret as the app reads it out of the address. */
function base32(text: string): string {
  let bits = "";
  for (const letter of text.replace(/=+$/, "")) {
    bits += "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(letter).toString(2).padStart(5, "0");
  }
  return Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2))).toString("utf8");
}

async function withPassword({ email }: Person) {
  const browser = browserOf(system);
  const answer = await browser.call("POST", "/api/auth/sign-in/email", { email, password: goodPassword });
  assert.equal(answer.status, 200, answer.text);
  return { ...browser, email, answer };
}

test("a password alone opens nothing once codes are on; the app's code does, and a backup code does once", async () => {
  const ida = await signUp("ida1");
  const { code, backupCodes } = await enrol(ida);
  assert.equal((await ida.call("GET", "/api/me")).json.secondFactor, true, "whoever enrols goes on");
  const half = await withPassword(ida);
  assert.equal(half.answer.json.twoFactorRedirect, true);
  assert.equal((await half.call("GET", "/api/me")).status, 401);
  assert.equal((await half.call("POST", "/api/auth/two-factor/verify-totp", { code: "000000" })).status, 401);
  const shown = await half.call("POST", "/api/auth/two-factor/verify-totp", { code: await code() });
  assert.equal(shown.status, 200, shown.text);
  assert.ok(!("token" in shown.json));
  assert.equal((await half.call("GET", "/api/me")).json.secondFactor, true);
  const backup = { code: backupCodes[0] };
  const second = await withPassword(ida);
  assert.equal((await second.call("POST", "/api/auth/two-factor/verify-backup-code", backup)).status, 200);
  assert.equal((await second.call("GET", "/api/me")).json.secondFactor, true);
  const third = await withPassword(ida);
  const used = await third.call("POST", "/api/auth/two-factor/verify-backup-code", backup);
  assert.equal(used.status, 401);
  assert.match(used.json.detail, /used before/);
  assert.equal((await third.call("GET", "/api/me")).status, 401);
});

test("secret and backup codes stand in no row, no log line and no later answer", async () => {
  const ida = await signUp("ida2");
  const { raw, secret, backupCodes } = await enrol(ida);
  const later = await ida.call("POST", "/api/auth/two-factor/enable", { password: goodPassword });
  assert.equal(later.status, 400, "what is on is not shown again");
  const kept = `${await system.dump()}\n${system.lines.join("")}\n${later.text}`;
  for (const planted of [raw, secret, ...backupCodes]) assert.ok(!kept.includes(planted));
});

test("guessing codes ends: the sign-in after five, and the account for a while after ten, also for the right code", async () => {
  const ida = await signUp("ida3");
  const { code } = await enrol(ida);
  const guess = async (browser: Person, text: string) =>
    (await browser.call("POST", "/api/auth/two-factor/verify-totp", { code: text })).status;
  for (let round = 0; round < 2; round += 1) {
    const thief = await withPassword(ida);
    for (let turn = 0; turn < 5; turn += 1) assert.equal(await guess(thief, "000000"), 401);
    assert.notEqual(await guess(thief, await code()), 200, "five wrong codes end the sign-in");
  }
  const locked = await withPassword(ida);
  assert.equal(await guess(locked, await code()), 429);
});

test("where an owner demands it, a member without can only enrol, their key waits, and both go on afterwards", async () => {
  const owner = await signUp("owner4");
  const admin = await inviteAndJoin(owner, "admin4", "admin");
  const made = await admin.call("POST", "/api/api-keys", { name: "mine", scopes: ["posts:read"] });
  const program = withKey(made.json.key);
  const demand = { requiresTwoFactor: true };
  const early = await owner.call("PATCH", "/api/tenants/current", demand);
  assert.equal(early.status, 403, "who shows none would lock themselves out");
  assert.match(early.json.next, /two-factor\/enable/);
  await enrol(owner);
  assert.equal((await admin.call("PATCH", "/api/tenants/current", demand)).status, 403, "an admin does not decide");
  assert.equal((await owner.call("PATCH", "/api/tenants/current", demand)).json.requiresTwoFactor, true);
  for (const [method, path, body] of [
    ["GET", "/api/posts", undefined],
    ["GET", "/api/members", undefined],
    ["POST", "/api/members/invite", { email: "x4@example.com", role: "viewer" }],
    ["PATCH", "/api/tenants/current", { requiresTwoFactor: false }],
    ["POST", "/api/api-keys", { name: "other", scopes: ["posts:read"] }],
  ] as const) {
    const refused = await admin.call(method, path, body);
    assert.equal(refused.status, 403, path);
    assert.match(refused.json.next, /two-factor\/enable/);
  }
  const me = (await admin.call("GET", "/api/me")).json;
  assert.deepEqual([me.closed, me.scopes], ["second_factor", []]);
  const waiting = await program("GET", "/api/posts");
  assert.equal(waiting.status, 403);
  assert.match(waiting.json.detail, /whoever made this key has none/);
  assert.equal((await owner.call("GET", "/api/posts")).status, 200);
  await enrol(admin);
  assert.equal((await admin.call("GET", "/api/posts")).status, 200);
  assert.equal((await program("GET", "/api/posts")).status, 200);
  const off = await admin.call("POST", "/api/auth/two-factor/disable", { password: goodPassword });
  assert.equal(off.status, 200, off.text);
  assert.equal((await admin.call("GET", "/api/posts")).status, 403, "the right ends with its ground");
  assert.equal((await program("GET", "/api/posts")).status, 403);
  const told = await system.query<{ action: string }>("select action from audit_log where action like 'two_factor.%'");
  for (const action of ["two_factor.enabled", "two_factor.disabled"])
    assert.ok(told.some((row) => row.action === action));
});

test("who lost the app and the codes gets in by password once an operator ended them, and nobody stays signed in", async () => {
  system.clock.offsetMs += 10 * 60_000; // The tests before used up what one network may try.
  const ida = await signUp("ida9");
  const other = await signUp("other9");
  await enrol(ida);
  await enrol(other);
  const app = openRolePool({ url: database.url, role: "postd_app", max: 1 });
  try {
    const repo = createPeopleRepo(app.db);
    const end = (email: string) => actAs({ kind: "operator" }, () => repo.endSecondFactor(email));
    assert.equal(await end("nobody9@example.com"), false);
    assert.equal(await end(ida.email.toUpperCase()), true);
    assert.equal(await end(ida.email), false, "there is nothing left to end");
  } finally {
    await app.close();
  }
  assert.equal((await ida.call("GET", "/api/me")).status, 401);
  const back = await withPassword(ida);
  assert.ok(!back.answer.json.twoFactorRedirect);
  assert.equal((await back.call("GET", "/api/me")).json.secondFactor, false);
  await enrol({ ...back, email: ida.email });
  assert.equal((await other.call("GET", "/api/me")).json.secondFactor, true, "nobody else's ends");
  assert.equal((await withPassword(other)).answer.json.twoFactorRedirect, true);
  const told = await system.query<{ actor_kind: string }>(
    "select actor_kind from audit_log a join users u on u.id = a.subject_id where u.email = $1 and action = 'two_factor.disabled'",
    [ida.email],
  );
  assert.deepEqual(told, [{ actor_kind: "operator" }]);
});
