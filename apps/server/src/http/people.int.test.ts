import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { after, before, test } from "node:test";
import { createTestDatabase, type TestDatabase } from "../adapters/postgres/testing/test-database.ts";
import {
  authSecret,
  browserOf,
  goodPassword,
  type PeopleApp,
  peopleOf,
  startPeopleApp,
  tokenOf,
  workspacesPerPerson,
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

const password = goodPassword;
const { signUp } = peopleOf(() => system);
const dump = () => system.dump();

test("signing up makes a person, a first tenant they own, and a session in an http-only cookie", async () => {
  const ida = await signUp("ida");
  const me = await ida.call("GET", "/api/me");
  assert.equal(me.status, 200, me.text);
  assert.match(me.json.user.id, /^usr_[0-9a-f]{32}$/);
  assert.match(me.json.tenant.id, /^ten_[0-9a-f]{32}$/);
  assert.equal(me.json.role, "owner");
  assert.equal(me.json.operator, false, "being the first makes nobody an operator");
});

test("the session cookie is http-only and SameSite=Lax, and no answer carries its token", async () => {
  const browser = browserOf(system);
  await signUp("cookie");
  const answer = await browser.call("POST", "/api/auth/sign-in/email", { email: "cookie@example.com", password });
  const cookie = String(answer.headers["set-cookie"]);
  assert.match(cookie, /HttpOnly/i);
  assert.match(cookie, /SameSite=Lax/i);
  const token = decodeURIComponent(browser.jar.get("postd.session_token") ?? "").split(".")[0] ?? "";
  assert.ok(token.length >= 32);
  assert.ok(!answer.text.includes(token));
});

test("a session token appears nowhere in the database", async () => {
  const browser = await signUp("hash");
  const token = decodeURIComponent(browser.jar.get("postd.session_token") ?? "").split(".")[0] ?? "";
  assert.ok(token.length >= 32);
  const text = await dump();
  assert.ok(text.includes("hash@example.com"), "the dump holds people");
  assert.ok(!text.includes(token));
});

test("signing out ends the session for good, even for a copy of the cookie", async () => {
  const browser = await signUp("out");
  const copy = browserOf(system);
  for (const [name, value] of browser.jar) copy.jar.set(name, value);
  assert.equal((await copy.call("GET", "/api/me")).status, 200);
  assert.equal((await browser.call("POST", "/api/auth/sign-out", {})).status, 200);
  assert.equal((await copy.call("GET", "/api/me")).status, 401);
});

test("the hash in the database does not work as a session token, even signed with the secret", async () => {
  const browser = await signUp("thief");
  const present = async (token: string) => {
    const signature = createHmac("sha256", authSecret).update(token).digest("base64");
    browser.jar.set("postd.session_token", encodeURIComponent(`${token}.${signature}`));
    return (await browser.call("GET", "/api/me")).status;
  };
  const raw = decodeURIComponent(browser.jar.get("postd.session_token") ?? "").split(".")[0] ?? "";
  assert.equal(await present(raw), 200, "the test signs as the server does");
  const stored = /sha256_[0-9a-f]{64}/.exec(await dump())?.[0] ?? "";
  assert.notEqual(stored, "");
  assert.equal(await present(stored), 401);
  assert.equal(await present(stored.replace("sha256_", "")), 401);
});

test("a wrong password and an unknown address are answered the same", async () => {
  await signUp("wrong");
  const browser = browserOf(system);
  const wrong = await browser.call("POST", "/api/auth/sign-in/email", {
    email: "wrong@example.com",
    password: "not the password",
  });
  const unknown = await browser.call("POST", "/api/auth/sign-in/email", {
    email: "nobody@example.com",
    password: "not the password",
  });
  assert.equal(wrong.status, 401);
  const { requestId: _a, ...first } = wrong.json;
  const { requestId: _b, ...second } = unknown.json;
  assert.deepEqual(first, second);
});

test("a forgotten password is reset by a mailed link whose token is not in the database or the log", async () => {
  const browser = await signUp("forgot");
  const asked = await browserOf(system).call("POST", "/api/auth/request-password-reset", {
    email: browser.email,
    redirectTo: "/reset",
  });
  assert.equal(asked.status, 200, asked.text);
  const mail = await system.mailTo(browser.email, /new password/);
  const token = /reset-password\/([A-Za-z0-9]+)/.exec(mail.text ?? "")?.[1] ?? "";
  assert.ok(token.length >= 24, mail.text);
  assert.ok(!(await dump()).includes(token));
  const followed = await browserOf(system).call("GET", `/api/auth/reset-password/${token}?callbackURL=%2Freset`);
  assert.equal(followed.status, 302);
  assert.match(String(followed.headers.location), /token=/);
  const reset = await browserOf(system).call("POST", "/api/auth/reset-password", {
    newPassword: "another long password",
    token,
  });
  assert.equal(reset.status, 200, reset.text);
  assert.ok(!system.lines.join("").includes(token));
  assert.equal((await browser.call("GET", "/api/me")).status, 401, "old sessions end");
  const again = browserOf(system);
  const signedIn = await again.call("POST", "/api/auth/sign-in/email", {
    email: browser.email,
    password: "another long password",
  });
  assert.equal(signedIn.status, 200);
  const twice = await browserOf(system).call("POST", "/api/auth/reset-password", {
    newPassword: "a third one, long",
    token,
  });
  assert.equal(twice.status, 400, "a link works once");
});

test("a page of another site cannot use the session", async () => {
  const browser = await signUp("victim");
  const evil = browserOf(system, { origin: "https://evil.example" });
  for (const [name, value] of browser.jar) evil.jar.set(name, value);
  assert.equal((await evil.call("POST", "/api/tenants", { name: "Stolen" })).status, 403);
  assert.equal((await evil.call("POST", "/api/auth/sign-out", {})).status, 403);
  assert.equal((await browser.call("GET", "/api/me")).status, 200);
  const same = browserOf(system, { origin: "http://127.0.0.1:3000" });
  for (const [name, value] of browser.jar) same.jar.set(name, value);
  assert.equal((await same.call("POST", "/api/auth/sign-out", {})).status, 200, "this machine under its other name");
});

test("a person can make a second tenant, switch back, and choose one for a single request", async () => {
  const browser = await signUp("twotenants");
  const first = (await browser.call("GET", "/api/me")).json.tenant.id;
  const made = await browser.call("POST", "/api/tenants", { name: "Nordlys Ø", timeZone: "Europe/Oslo" });
  assert.equal(made.status, 201, made.text);
  assert.equal((await browser.call("GET", "/api/me")).json.tenant.id, made.json.id);
  const once = await browser.call("GET", "/api/me", undefined, { "x-postd-tenant": first });
  assert.equal(once.json.tenant.id, first);
  const switched = await browser.call("POST", "/api/tenants/switch", { tenantId: first });
  assert.equal(switched.status, 200, switched.text);
  assert.equal((await browser.call("GET", "/api/me")).json.tenant.id, first);
  assert.equal((await browser.call("GET", "/api/tenants")).json.items.length, 2);
});

test("a person owns as many workspaces as the setting says, and of several requests at once none gets past it", async () => {
  const browser = await signUp("collector");
  const names = Array.from({ length: 8 }, (_, n) => `Branch ${n}`);
  const answers = await Promise.all(names.map((name) => browser.call("POST", "/api/tenants", { name })));
  const made = answers.filter(({ status }) => status === 201);
  assert.equal(made.length, workspacesPerPerson - 1, "the first came with the account");
  const refused = answers.find(({ status }) => status !== 201);
  assert.deepEqual([refused?.status, refused?.json.code], [403, "forbidden"]);
  assert.match(refused?.json.detail, new RegExp(`You own ${workspacesPerPerson} workspaces`));
  assert.match(refused?.json.next, /POSTD_WORKSPACES_PER_PERSON/);
  assert.equal((await browser.call("GET", "/api/tenants")).json.items.length, workspacesPerPerson);
  assert.equal((await (await signUp("other")).call("POST", "/api/tenants", { name: "Mine" })).status, 201);
});

test("a tenant of somebody else is not to be had by naming it", async () => {
  const owner = await signUp("mine");
  const stranger = await signUp("stranger");
  const tenantId = (await owner.call("GET", "/api/me")).json.tenant.id;
  assert.equal((await stranger.call("POST", "/api/tenants/switch", { tenantId })).status, 404);
  const named = await stranger.call("GET", "/api/members", undefined, { "x-postd-tenant": tenantId });
  assert.equal(named.status, 403);
});

test("an invited person joins with the invited role and no tenant of their own", async () => {
  const owner = await signUp("inviter");
  const invited = await owner.call("POST", "/api/members/invite", { email: "Guest@Example.com", role: "viewer" });
  assert.equal(invited.status, 201, invited.text);
  assert.ok(system.mails.some(({ to, text }) => to === "guest@example.com" && text.includes(invited.json.link)));
  const seen = await browserOf(system).call("POST", "/api/invitations/look", { token: tokenOf(invited.json.link) });
  assert.equal(seen.json.status, "pending");
  const guest = await signUp("guest", { link: tokenOf(invited.json.link) });
  assert.equal((await guest.call("GET", "/api/tenants")).json.items.length, 0);
  const joined = await guest.call("POST", "/api/invitations/accept", { token: tokenOf(invited.json.link) });
  assert.equal(joined.status, 200, joined.text);
  assert.equal(joined.json.role, "viewer");
  assert.equal(
    (await guest.call("POST", "/api/invitations/accept", { token: tokenOf(invited.json.link) })).status,
    409,
  );
  assert.equal(
    (await guest.call("POST", "/api/members/invite", { email: "x@example.com", role: "viewer" })).status,
    403,
  );
  assert.equal((await guest.call("GET", "/api/api-keys")).status, 403);
  assert.equal((await guest.call("GET", "/api/posts")).status, 200);
});

test("an invitation ends after a week", async () => {
  const owner = await signUp("slowinviter");
  const { json } = await owner.call("POST", "/api/members/invite", { email: "late@example.com", role: "editor" });
  const late = await signUp("late");
  system.clock.offsetMs = 8 * 24 * 60 * 60 * 1_000;
  try {
    assert.equal((await late.call("POST", "/api/invitations/accept", { token: tokenOf(json.link) })).status, 410);
  } finally {
    system.clock.offsetMs = 0;
  }
});

test("the last owner can neither step down nor be removed, also by two requests at once", async () => {
  const owner = await signUp("lastowner");
  const [self] = (await owner.call("GET", "/api/members")).json.items;
  const down = await owner.call("PATCH", `/api/members/${self.id}`, { role: "viewer" });
  assert.equal(down.status, 409, down.text);
  assert.equal((await owner.call("DELETE", `/api/members/${self.id}`)).status, 409);
  const second = await owner.call("POST", "/api/members/invite", { email: "second@example.com", role: "owner" });
  const other = await signUp("second");
  await other.call("POST", "/api/invitations/accept", { token: tokenOf(second.json.link) });
  const members = (await owner.call("GET", "/api/members")).json.items;
  const both = await Promise.all(
    members.map(({ id }: { id: string }) => owner.call("PATCH", `/api/members/${id}`, { role: "admin" })),
  );
  const owners = await dump();
  assert.equal(both.filter(({ status }) => status === 200).length, 1, JSON.stringify(both.map(({ status }) => status)));
  assert.ok(owners.length > 0);
});

test("an admin cannot make or change an owner", async () => {
  const owner = await signUp("boss");
  const { json } = await owner.call("POST", "/api/members/invite", { email: "deputy@example.com", role: "admin" });
  const admin = await signUp("deputy");
  await admin.call("POST", "/api/invitations/accept", { token: tokenOf(json.link) });
  assert.equal(
    (await admin.call("POST", "/api/members/invite", { email: "o@example.com", role: "owner" })).status,
    403,
  );
  const members = (await admin.call("GET", "/api/members")).json.items;
  const boss = members.find(({ role }: { role: string }) => role === "owner");
  assert.equal((await admin.call("DELETE", `/api/members/${boss.id}`)).status, 403);
  assert.equal((await admin.call("PATCH", `/api/members/${boss.id}`, { role: "viewer" })).status, 403);
});

test("a removed member loses the tenant and the keys they made", async () => {
  const owner = await signUp("keeper");
  const { json: me } = await owner.call("GET", "/api/me");
  const { json } = await owner.call("POST", "/api/members/invite", { email: "leaver@example.com", role: "admin" });
  const leaver = await signUp("leaver");
  await leaver.call("POST", "/api/invitations/accept", { token: tokenOf(json.link) });
  const { json: key } = await leaver.call("POST", "/api/api-keys", { name: "mine", scopes: ["posts:read"] });
  const bearer = { authorization: `Bearer ${key.key}` };
  assert.equal((await browserOf(system).call("GET", "/api/posts", undefined, bearer)).status, 200);
  const members = (await owner.call("GET", "/api/members")).json.items;
  const member = members.find(({ email }: { email: string }) => email === "leaver@example.com");
  assert.equal((await owner.call("DELETE", `/api/members/${member.id}`)).status, 200);
  assert.equal((await browserOf(system).call("GET", "/api/posts", undefined, bearer)).status, 401);
  const inTenant = { "x-postd-tenant": me.tenant.id };
  assert.equal((await leaver.call("GET", "/api/posts", undefined, inTenant)).status, 403);
  assert.notEqual((await leaver.call("GET", "/api/me")).json.tenant?.id, me.tenant.id);
});

test("an API key is shown once, kept as a hash, limited to its scopes, and dead once revoked", async () => {
  const owner = await signUp("keys");
  const body = { name: "Script", scopes: ["posts:read"] };
  const made = await owner.call("POST", "/api/api-keys", body, { "idempotency-key": "one-key" });
  assert.equal(made.status, 201, made.text);
  const { key, id } = made.json;
  assert.match(key, /^postd_[0-9a-f]{32}_[A-Za-z0-9_-]{43}$/);
  const replay = await owner.call("POST", "/api/api-keys", body, { "idempotency-key": "one-key" });
  assert.equal(replay.status, 201);
  assert.equal(replay.headers["idempotency-replayed"], "true");
  assert.equal(replay.json.id, id);
  assert.equal(replay.json.key, undefined, "a replay never shows a secret again");
  const other = await owner.call("POST", "/api/api-keys", { ...body, name: "Other" }, { "idempotency-key": "one-key" });
  assert.equal(other.status, 409);
  assert.ok(!(await dump()).includes(key));
  assert.ok(!(await owner.call("GET", "/api/api-keys")).text.includes(key));

  const program = browserOf(system);
  const bearer = { authorization: `Bearer ${key}` };
  const me = await program.call("GET", "/api/me", undefined, bearer);
  assert.equal(me.json.apiKey.id, id);
  assert.equal((await program.call("GET", "/api/posts", undefined, bearer)).status, 200);
  const refused = await program.call("POST", "/api/connections/con_0195a1b2c3d47e8f90a1b2c3d4e5f602/check", {}, bearer);
  assert.equal(refused.status, 403);
  assert.match(refused.json.detail, /connections:write/);
  assert.equal((await program.call("GET", "/api/api-keys", undefined, bearer)).status, 403, "keys do not manage keys");
  assert.ok((await owner.call("GET", "/api/api-keys")).json.items[0].lastUsedAt);

  assert.equal((await owner.call("DELETE", `/api/api-keys/${id}`)).status, 200);
  assert.equal((await program.call("GET", "/api/posts", undefined, bearer)).status, 401);
  assert.ok(!system.lines.join("").includes(key));
});

test("a key that is over is refused, and one that would be over at once is not made", async () => {
  const owner = await signUp("ending");
  const past = await owner.call("POST", "/api/api-keys", {
    name: "Old",
    scopes: ["posts:read"],
    expiresAt: "2020-01-01T00:00:00Z",
  });
  assert.equal(past.status, 400);
  assert.equal(past.json.field, "expiresAt");
  const { json } = await owner.call("POST", "/api/api-keys", {
    name: "Short",
    scopes: ["posts:read"],
    expiresAt: new Date(system.clock.now().getTime() + 60_000).toISOString(),
  });
  const bearer = { authorization: `Bearer ${json.key}` };
  assert.equal((await browserOf(system).call("GET", "/api/posts", undefined, bearer)).status, 200);
  system.clock.offsetMs = 120_000;
  try {
    assert.equal((await browserOf(system).call("GET", "/api/posts", undefined, bearer)).status, 401);
  } finally {
    system.clock.offsetMs = 0;
  }
});

test("a key of one tenant cannot revoke or see keys of another", async () => {
  const one = await signUp("tenantone");
  const two = await signUp("tenanttwo");
  const { json } = await one.call("POST", "/api/api-keys", { name: "k", scopes: ["posts:read"] });
  assert.equal((await two.call("DELETE", `/api/api-keys/${json.id}`)).status, 404);
  assert.equal((await two.call("GET", "/api/api-keys")).json.items.length, 0);
});

test("endpoints of the sign-in library that would go around our rules are not reachable", async () => {
  const browser = await signUp("around");
  for (const path of [
    "/api/auth/organization/create",
    "/api/auth/organization/invite-member",
    "/api/auth/organization/update-member-role",
    "/api/auth/organization/accept-invitation",
    "/api/auth/list-sessions",
    "/api/auth/%6Frganization/create",
    "/api/auth//organization/create",
  ])
    assert.equal((await browser.call("POST", path, {})).status, 404, path);
});

test("only an operator may pause the whole instance", async () => {
  const late = await signUp("notfirst");
  const answer = await late.call("POST", "/api/pause", { scope: "instance" });
  assert.equal(answer.status, 403);
  assert.equal((await late.call("POST", "/api/pause", { scope: "tenant" })).status, 200);
});

test("no body makes a sign-in operation fail on our side", async () => {
  const odd: readonly unknown[] = [
    null,
    1,
    "",
    "\u0000",
    "\ud800",
    "x".repeat(20_000),
    [],
    {},
    { toString: 1 },
    "a@b",
    "😀@example.com",
  ];
  const good: Readonly<Record<string, unknown>> = {
    name: "Odd",
    email: "odd@example.com",
    password,
    token: "abc",
    newPassword: password,
    currentPassword: password,
    redirectTo: "/x",
    callbackURL: "/x",
    rememberMe: true,
    image: "x",
  };
  const browser = await signUp("fuzzed");
  for (const path of [
    "sign-up/email",
    "sign-in/email",
    "request-password-reset",
    "reset-password",
    "change-password",
    "update-user",
  ])
    for (const name of [undefined, ...Object.keys(good)])
      for (const value of odd) {
        const body = name === undefined ? value : { ...good, [name]: value };
        const answer = await browser.call("POST", `/api/auth/${path}`, body);
        assert.ok(answer.status < 500, `${path} ${JSON.stringify(body).slice(0, 200)}: ${answer.text}`);
      }
  for (const path of [
    "reset-password/abc?callbackURL=%00",
    "reset-password/abc?callbackURL=https://evil.example",
    "reset-password/abc",
  ])
    assert.ok((await browser.call("GET", `/api/auth/${path}`)).status < 500, path);
});

test("while the database is away, people are told so and not that they are unknown", async () => {
  const away = await startPeopleApp("postgres://postgres@127.0.0.1:1/nowhere");
  try {
    const browser = browserOf(away);
    const bearer = { authorization: `Bearer postd_${"0".repeat(32)}_${"x".repeat(43)}` };
    assert.equal((await browser.call("GET", "/api/me", undefined, bearer)).status, 503);
    const signIn = await browser.call("POST", "/api/auth/sign-in/email", { email: "a@example.com", password });
    assert.equal(signIn.status, 503, signIn.text);
    assert.equal(signIn.json.code, "unavailable");
    const token = `${"t".repeat(32)}.${createHmac("sha256", authSecret).update("t".repeat(32)).digest("base64")}`;
    browser.jar.set("postd.session_token", encodeURIComponent(token));
    assert.equal((await browser.call("GET", "/api/me")).status, 503);
    assert.equal((await browser.call("GET", "/api/live")).status, 200);
  } finally {
    await away.close();
  }
});
