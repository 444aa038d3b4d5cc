import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, test } from "node:test";
import { createTestDatabase, type TestDatabase } from "../adapters/postgres/testing/test-database.ts";
import { browserOf, goodPassword, type PeopleApp, peopleOf, startPeopleApp, tokenOf } from "./testing/people-app.ts";

let database: TestDatabase;
let system: PeopleApp;
before(async () => {
  database = await createTestDatabase();
  system = await startPeopleApp(database.url, { trustedProxies: ["127.0.0.1"] });
});
after(async () => {
  await system?.close();
  await database?.drop();
});

const { signUp } = peopleOf(() => system);
const post = (path: string, body: unknown, address = "192.0.2.1") =>
  browserOf(system).call("POST", `/api/auth/${path}`, body, { "x-forwarded-for": address });
const signIn = (email: string, password: string, address?: string) =>
  post("sign-in/email", { email, password }, address);
const hourMs = 60 * 60_000;

test("one account is not tried without end, from however many addresses, and others are not held up", async () => {
  await signUp("tried");
  await signUp("neighbour");
  const statuses: number[] = [];
  for (let n = 1; n <= 14; n += 1)
    statuses.push((await signIn("tried@example.com", `guess ${n}`, `198.51.100.${n}`)).status);
  assert.deepEqual(statuses, [...Array(10).fill(401), ...Array(4).fill(429)]);
  const right = await signIn("TRIED@example.com", goodPassword, "203.0.113.9");
  assert.equal(right.status, 429, "not even by the right one, or guessing would go on");
  assert.ok(Number(right.headers["retry-after"]) > 60);
  assert.match(right.json.next, /new password/);
  assert.equal((await signIn("neighbour@example.com", goodPassword, "203.0.113.9")).status, 200);
  system.clock.offsetMs += 16 * 60_000;
  assert.equal((await signIn("tried@example.com", goodPassword)).status, 200);
});

test("an unknown account is held up like a known one", async () => {
  const last = async (email: string) => {
    for (let n = 0; n < 10; n += 1) await signIn(email, "some guess", "198.51.100.77");
    const { status, json, headers } = await signIn(email, "some guess", "198.51.100.77");
    return { status, detail: json.detail, next: json.next, names: Object.keys(headers).sort() };
  };
  await signUp("known2");
  assert.deepEqual(await last("known2@example.com"), await last("unknown2@example.com"));
});

test("signing in with the right password forgets the wrong tries", async () => {
  await signUp("clumsy");
  for (let round = 0; round < 3; round += 1) {
    for (let n = 0; n < 6; n += 1)
      assert.equal((await signIn("clumsy@example.com", "oops", "198.51.100.80")).status, 401);
    assert.equal((await signIn("clumsy@example.com", goodPassword, "198.51.100.80")).status, 200);
  }
});

test("one network is not let try one account after another, and all of an IPv6 /64 is one network", async () => {
  const statuses = new Set<number>();
  for (let n = 0; n < 32; n += 1)
    statuses.add((await signIn(`no-${n}@example.com`, "some guess", `2001:db8:1:2::${n.toString(16)}`)).status);
  assert.deepEqual([...statuses], [401, 429]);
  assert.equal((await signIn("no-1@example.com", "some guess", "2001:db8:1:3::1")).status, 401);
});

test("two processes count together", async () => {
  const other = await startPeopleApp(database.url);
  try {
    const tries = [system, other].flatMap((app) => Array.from({ length: 8 }, () => app));
    const answers = await Promise.all(
      tries.map((app) =>
        browserOf(app).call("POST", "/api/auth/sign-in/email", { email: "shared@example.com", password: "some guess" }),
      ),
    );
    assert.equal(answers.filter(({ status }) => status === 401).length, 10);
  } finally {
    await other.close();
  }
});

test("asking for a new password, guessing its link and changing a password are throttled", async () => {
  const person = await signUp("throttled5");
  const ask = () => post("request-password-reset", { email: person.email }, "198.51.100.90");
  for (let n = 0; n < 5; n += 1) assert.equal((await ask()).status, 200);
  assert.equal((await ask()).status, 429);
  const guess = (n: number) =>
    post("reset-password", { newPassword: "a fresh long one", token: `guess${n}` }, "198.51.100.91");
  for (let n = 0; n < 20; n += 1) assert.equal((await guess(n)).status, 400);
  assert.equal((await guess(20)).status, 429);
  const change = (currentPassword: string) =>
    person.call("POST", "/api/auth/change-password", { currentPassword, newPassword: "a fresh long one" });
  for (let n = 0; n < 10; n += 1) assert.equal((await change(`guess ${n}`)).json.field, "currentPassword");
  assert.equal((await change(goodPassword)).status, 429);
});

test("invitations have a quota per person, and no mailbox gets more than a few mails an hour", async () => {
  const owner = await signUp("inviter6");
  const before = system.mails.length;
  const same = (n: number) =>
    owner.call("POST", "/api/members/invite", { email: "victim6@example.com", role: n % 2 ? "viewer" : "editor" });
  for (let n = 0; n < 10; n += 1) assert.equal((await same(n)).status, 201);
  assert.equal(system.mails.slice(before).filter(({ to }) => to === "victim6@example.com").length, 3);
  const statuses: number[] = [];
  for (let n = 0; n < 25; n += 1)
    statuses.push(
      (await owner.call("POST", "/api/members/invite", { email: `i${n}@example.com`, role: "viewer" })).status,
    );
  assert.equal(statuses.filter((status) => status === 201).length, 20);
  const over = await owner.call("POST", "/api/members/invite", { email: "over@example.com", role: "viewer" });
  assert.equal(over.status, 429);
  assert.match(over.json.detail, /30 invitations/);
  system.clock.offsetMs += hourMs;
  assert.equal(
    (await owner.call("POST", "/api/members/invite", { email: "over@example.com", role: "viewer" })).status,
    201,
  );
});

test("what a sender chose stays out of a mail's subject and makes no link in its text", async () => {
  const owner = await signUp("sender7");
  const lure = "Pay now: https://evil.example/x?a=b evil.example me@evil.example";
  await owner.call("POST", "/api/auth/update-user", { name: lure });
  await owner.call("PATCH", "/api/tenants/current", { name: `${lure} ${"long ".repeat(3)}`.slice(0, 100) });
  await owner.call("POST", "/api/members/invite", { email: "reader7@example.com", role: "viewer" });
  const mail = system.mails.findLast(({ to }) => to === "reader7@example.com");
  assert.equal(mail?.subject, "An invitation to POSTD");
  const links = mail?.text.match(/\S+(?:\.\S|:\/\/|@)\S+/g);
  assert.equal(links?.length, 1, mail?.text);
  assert.match(links?.[0] ?? "", /^http:\/\/localhost:3000\/invitations\//);
  assert.ok(mail?.text.split("\n").every((line) => line.length < 120));
});

test("passwords that are guessed first are refused by name of the field, at sign-up, change and reset", async () => {
  const weak = ["short", "password1234", "1234567890", "qwertyuiop", "aaaaaaaaaaaa", "iloveyou123", "Password123!"];
  for (const [n, password] of weak.entries()) {
    const answer = await post("sign-up/email", { name: "Weak", email: `weak${n}@example.com`, password });
    assert.equal(answer.status, 400, password);
    assert.equal(answer.json.field, "password");
    assert.match(answer.json.next, /10 characters/);
    assert.ok(!answer.text.includes(password) || password === "short");
  }
  const own = { name: "Wilhelmina Abernathy", email: "wilhelmina@example.com", password: "wilhelmina1" };
  assert.equal((await post("sign-up/email", own)).status, 400, "the own name is no password");
  const person = await signUp("strong8");
  const changed = await person.call("POST", "/api/auth/change-password", {
    currentPassword: goodPassword,
    newPassword: "password1234",
  });
  assert.equal(changed.json.field, "newPassword");
  await post("request-password-reset", { email: person.email });
  const { token } = await system.mailTo(person.email, /new password/);
  assert.equal((await post("reset-password", { newPassword: "password1234", token })).json.field, "newPassword");
  assert.equal(
    (await post("reset-password", { newPassword: "plum harbour nine", token })).status,
    200,
    "the link still works",
  );
});

test("an older link for a new password ends with a newer one, and both with a new password", async () => {
  const person = await signUp("links9");
  let asked = 0;
  const ask = async () => {
    await post("request-password-reset", { email: person.email }, "198.51.100.95");
    return (await system.mailTo(person.email, /new password/, asked++)).token;
  };
  const reset = (token: string) => post("reset-password", { newPassword: "plum harbour nine", token }, "198.51.100.96");
  const [older, newer] = [await ask(), await ask()];
  assert.notEqual(older, newer);
  const refused = await reset(older);
  assert.deepEqual([refused.status, refused.json.field], [400, "token"]);
  assert.equal((await reset(newer)).status, 200);
  assert.equal((await reset(newer)).status, 400);
  const third = await ask();
  const again = browserOf(system);
  await again.call("POST", "/api/auth/sign-in/email", { email: person.email, password: "plum harbour nine" });
  const changed = await again.call("POST", "/api/auth/change-password", {
    currentPassword: "plum harbour nine",
    newPassword: "seven green bottles",
  });
  assert.equal(changed.status, 200, changed.text);
  assert.equal((await reset(third)).status, 400, "a change ends the links of the old password");
});

test("changing the password ends every other session, whatever the request says, and keeps this one", async () => {
  const person = await signUp("sessions10");
  const thief = browserOf(system);
  await thief.call("POST", "/api/auth/sign-in/email", { email: person.email, password: goodPassword });
  assert.equal((await thief.call("GET", "/api/me")).status, 200);
  const changed = await person.call("POST", "/api/auth/change-password", {
    currentPassword: goodPassword,
    newPassword: "plum harbour nine",
    revokeOtherSessions: false,
  });
  assert.equal(changed.status, 200, changed.text);
  assert.ok(!("token" in changed.json));
  assert.equal((await thief.call("GET", "/api/me")).status, 401);
  assert.equal((await person.call("GET", "/api/me")).status, 200);
});

test("a name must show something on one line, and a picture be an https address", async () => {
  const person = await signUp("named11");
  const names = [
    "",
    "   ",
    "\u200b\u200b",
    "\u3164",
    "a\nb",
    "x".repeat(101),
    "abc\u202edcba",
    "bell\u0007",
    7,
    null,
    "\u2800",
  ];
  for (const name of names) {
    const answer = await person.call("POST", "/api/auth/update-user", { name });
    assert.deepEqual([answer.status, answer.json.field], [400, "name"], JSON.stringify(name));
    const made = await post("sign-up/email", { name, email: "nameless@example.com", password: goodPassword });
    assert.deepEqual([made.status, made.json.field], [400, "name"], JSON.stringify(name));
    const tenant = await person.call("POST", "/api/tenants", { name });
    assert.deepEqual([tenant.status, tenant.json.field], [400, "name"], JSON.stringify(name));
  }
  const pictures = [
    "http://example.com/a.png",
    "javascript:alert(1)",
    "data:image/png;base64,AAAA",
    "//example.com/a.png",
    "/a.png",
    "https://user:pass@example.com/a.png",
    `https://example.com/${"a".repeat(2_000)}`,
    "https://example.com/a.png\n",
    "https://example.com/'onerror='x",
    "https://example.com/a b",
    "x",
    7,
  ];
  for (const image of pictures) {
    const answer = await person.call("POST", "/api/auth/update-user", { image });
    if (image === "https://example.com/a.png\n") continue; // ends are trimmed
    assert.deepEqual([answer.status, answer.json.field], [400, "image"], String(image).slice(0, 60));
  }
  const good = await person.call("POST", "/api/auth/update-user", {
    name: "  Ida Ø. 山田 👩‍🚀 ",
    image: "https://example.com/a.png?x=1",
  });
  assert.equal(good.status, 200, good.text);
  const { user } = (await person.call("GET", "/api/me")).json;
  assert.deepEqual([user.name, user.image], ["Ida Ø. 山田 👩‍🚀", "https://example.com/a.png?x=1"]);
  assert.equal((await person.call("POST", "/api/auth/update-user", { image: null })).status, 200);
  assert.equal((await person.call("GET", "/api/me")).json.user.image, undefined);
});

test("fields nobody may set are refused, not passed on", async () => {
  for (const more of [{ emailVerified: true }, { role: "owner" }, { id: "usr_1" }, { operator: true }]) {
    const answer = await post("sign-up/email", {
      name: "M",
      email: "mass@example.com",
      password: goodPassword,
      ...more,
    });
    assert.equal(answer.status, 400);
    assert.equal(answer.json.field, Object.keys(more)[0]);
  }
});

test("a refused sign-in is in the log by request, client address and a mark of the account, never by name or password", async () => {
  await signUp("logged13");
  const answer = await signIn("logged13@example.com", "hunter2hunter2", "198.51.100.44");
  const lines = system.lines.map((line) => JSON.parse(line));
  const line = lines.find(({ requestId, what }) => requestId === answer.headers["x-request-id"] && what === "sign_in");
  assert.equal(line?.clientAddress, "198.51.100.44");
  assert.equal(line?.reason, "unauthenticated");
  assert.equal(line?.account, createHash("sha256").update("logged13@example.com").digest("hex").slice(0, 16));
  const all = system.lines.join("");
  assert.ok(!all.includes("hunter2hunter2"));
  assert.ok(
    !all.includes("logged13@example.com"),
    all.split("\n").find((text) => text.includes("logged13@")),
  );
});

for (const signUpRule of ["invite", "closed"] as const)
  test(`where sign-up is ${signUpRule}, nobody comes in without what it takes, and is told so plainly`, async () => {
    const own = await createTestDatabase();
    const app = await startPeopleApp(own.url, { signUp: signUpRule });
    const open = await startPeopleApp(own.url);
    try {
      const people = peopleOf(() => app);
      const owner = await peopleOf(() => open).signUp("owner14");
      const stranger = browserOf(app);
      const attempt = (email: string, more = {}) =>
        stranger.call("POST", "/api/auth/sign-up/email", { name: "New", email, password: goodPassword, ...more });
      const { json } = await owner.call("POST", "/api/members/invite", {
        email: "guest14@example.com",
        role: "editor",
      });
      const link = tokenOf(json.link);
      const known = await attempt("owner14@example.com");
      const unknown = await attempt("stranger14@example.com");
      assert.deepEqual([known.status, unknown.status], [403, 403]);
      assert.equal(known.json.detail, unknown.json.detail);
      assert.match(unknown.json.detail, signUpRule === "invite" ? /by invitation/ : /Nobody new/);
      assert.equal((await attempt("other14@example.com", { link })).status, 403, "the link is for another address");
      assert.equal((await attempt("x14@example.com", { link: "0".repeat(43) })).status, 403);
      const operatorLink = tokenOf(await app.people.service.makeOperatorLink());
      if (signUpRule === "closed") {
        assert.equal((await attempt("guest14@example.com", { link })).status, 403);
        assert.equal((await attempt("op14@example.com", { link: operatorLink })).status, 403);
        return;
      }
      const guest = await people.signUp("guest14", { link });
      assert.equal((await guest.call("POST", "/api/invitations/accept", { token: link })).status, 200);
      assert.equal((await attempt("guest14b@example.com", { link })).status, 403, "a link makes one account");
      const operator = await people.signUp("op14", { link: operatorLink });
      assert.equal((await operator.call("GET", "/api/me")).json.operator, true);
      assert.equal((await operator.call("GET", "/api/tenants")).json.items.length, 1, "with a tenant of their own");
      assert.equal((await attempt("op14b@example.com", { link: operatorLink })).status, 403);
      await owner.call("POST", "/api/members/invite", { email: "late14@example.com", role: "editor" });
      app.clock.offsetMs += 8 * 24 * hourMs;
      assert.equal((await attempt("late14@example.com", { link })).status, 403);
    } finally {
      await app.close();
      await open.close();
      await own.drop();
    }
  });
