import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { createTestDatabase, type TestDatabase } from "../adapters/postgres/testing/test-database.ts";
import { browserOf, goodPassword, type PeopleApp, startPeopleApp } from "./testing/people-app.ts";

let database: TestDatabase;
let system: PeopleApp;
before(async () => {
  database = await createTestDatabase();
  system = await startPeopleApp(database.url, { hasMail: true, operatorEmails: ["boss@example.com"] });
});
after(async () => {
  await system?.close();
  await database?.drop();
});

const post = (path: string, body: unknown) => browserOf(system).call("POST", `/api/auth/${path}`, body);
const signUp = (email: string, more = {}) =>
  post("sign-up/email", { name: "Ida", email, password: goodPassword, ...more });
const signIn = async (email: string, password = goodPassword) => {
  const browser = browserOf(system);
  return { browser, answer: await browser.call("POST", "/api/auth/sign-in/email", { email, password }) };
};
const mailTo = (email: string, subject: RegExp, nth?: number) => system.mailTo(email, subject, nth);
async function confirmed(email: string) {
  await signUp(email);
  const { token } = await mailTo(email, /Confirm/);
  assert.equal((await post("confirm-address", { token, password: goodPassword })).status, 200);
  const { browser, answer } = await signIn(email);
  assert.equal(answer.status, 200, answer.text);
  return browser;
}

test("with a mail server nobody has a session before their address is confirmed", async () => {
  const browser = browserOf(system);
  const made = await browser.call("POST", "/api/auth/sign-up/email", {
    name: "Ida",
    email: "ida@example.com",
    password: goodPassword,
  });
  assert.equal(made.status, 200, made.text);
  assert.equal(browser.jar.size, 0);
  const early = await signIn("ida@example.com");
  assert.equal(early.answer.status, 403);
  assert.match(early.answer.json.detail, /not confirmed/);
  assert.equal(early.browser.jar.size, 0);
  const { token } = await mailTo("ida@example.com", /Confirm/);
  assert.ok(!(await system.dump()).includes(token));
  assert.equal((await browser.call("GET", `/confirm-address?token=${token}`)).status, 200);
  assert.equal((await signIn("ida@example.com")).answer.status, 403, "a GET, as of a mail scanner, changes nothing");
});

test("the link of a confirmation takes the password, so that nobody confirms a stranger's account", async () => {
  await signUp("victim@example.com");
  const { token } = await mailTo("victim@example.com", /Confirm/);
  assert.equal((await post("confirm-address", { token, password: "my own password" })).status, 401);
  assert.equal((await signIn("victim@example.com")).answer.status, 403);
  // Whoever has the mailbox makes the account theirs, and the stranger's password ends.
  const again = await signUp("victim@example.com", { password: "plum harbour nine" });
  assert.equal(again.status, 200);
  const { token: reset } = await mailTo("victim@example.com", /new password/);
  assert.equal((await post("reset-password", { newPassword: "plum harbour nine", token: reset })).status, 200);
  assert.equal((await signIn("victim@example.com")).answer.status, 401);
  assert.equal((await signIn("victim@example.com", "plum harbour nine")).answer.status, 200);
});

test("an older confirmation ends with a newer one, works once, and ends after a day", async () => {
  await signUp("links@example.com");
  const older = await mailTo("links@example.com", /Confirm/);
  await signIn("links@example.com");
  const newer = await mailTo("links@example.com", /Confirm/, 1);
  const confirm = (token: string) => post("confirm-address", { token, password: goodPassword });
  assert.equal((await confirm(older.token)).status, 410);
  assert.equal((await confirm(newer.token)).status, 200);
  assert.equal((await confirm(newer.token)).status, 410);
  await signUp("slow@example.com");
  const { token } = await mailTo("slow@example.com", /Confirm/);
  system.clock.offsetMs += 25 * 60 * 60_000;
  assert.equal((await confirm(token)).status, 410);
});

test("known and unknown addresses are answered alike: sign-up, sign-in, new password", async () => {
  await confirmed("known@example.com");
  await signUp("unconfirmed@example.com");
  const shape = (value: unknown): unknown =>
    typeof value === "object" && value !== null
      ? Object.entries(value).map(([name, item]) => [name, shape(item)])
      : value === null
        ? "null"
        : typeof value === "string"
          ? value
              .replaceAll(/[0-9a-f]{32}/g, "hex")
              .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "time")
              .replaceAll(/\w+@example\.com/g, "address")
          : value;
  const seen = ({ status, json, headers }: Awaited<ReturnType<typeof post>>) => ({
    status,
    body: shape(json),
    headers: Object.entries(headers)
      .filter(([name]) => !/^(date|x-request-id|content-length|x-ratelimit-.*)$/.test(name))
      .sort(),
  });
  for (const ask of [
    (email: string) => signUp(email),
    (email: string) => signUp(email, { image: "https://example.com/i.png" }),
    (email: string) => post("sign-in/email", { email, password: "not the password" }),
    (email: string) => post("request-password-reset", { email }),
    (email: string) => signUp(email, { password: "password1234" }),
    (email: string) => signUp(email, { name: "" }),
  ]) {
    const unknown = seen(await ask(`never${Math.random().toString(36).slice(2)}@example.com`));
    assert.deepEqual(seen(await ask("known@example.com")), unknown);
    assert.deepEqual(seen(await ask("unconfirmed@example.com")), unknown);
  }
  const id = async (email: string) => (await signUp(email)).json.user.id;
  assert.match(await id("known@example.com"), /^usr_[0-9a-f]{32}$/);
});

test("an invitation takes the link and the confirmed address it was sent to", async () => {
  const owner = await confirmed("owner@example.com");
  const made = await owner.call("POST", "/api/members/invite", { email: "guest@example.com", role: "admin" });
  assert.equal(made.json.mailed, true);
  assert.equal(made.json.link, undefined, "what was mailed is nobody else's to see");
  const { token } = await mailTo("guest@example.com", /invitation/);
  const thief = await confirmed("thief@example.com");
  const stolen = await thief.call("POST", "/api/invitations/accept", { token });
  assert.equal(stolen.status, 403);
  const guest = await confirmed("guest@example.com");
  assert.equal((await guest.call("POST", "/api/invitations/accept", { token })).status, 200);
});

test("an address of POSTD_OPERATOR_EMAILS makes an operator once it is confirmed, and not before", async () => {
  await signUp("boss@example.com", { password: "a squatter's password" });
  assert.equal((await signIn("boss@example.com", "a squatter's password")).answer.status, 403);
  assert.deepEqual((await system.people.service.census()).operators, 0);
  const { token } = await mailTo("boss@example.com", /Confirm/, 1);
  await post("confirm-address", { token, password: "a squatter's password" });
  const { browser } = await signIn("boss@example.com", "a squatter's password");
  assert.equal((await browser.call("GET", "/api/me")).json.operator, true);
  assert.deepEqual((await system.people.service.census()).operators, 1);
  const other = await confirmed("notboss@example.com");
  assert.equal((await other.call("GET", "/api/me")).json.operator, false);
});

test("without a mail server a name on the list is nobody, since anybody could sign up with it", async () => {
  const own = await createTestDatabase();
  const app = await startPeopleApp(own.url, { operatorEmails: ["boss@example.com"] });
  try {
    const browser = browserOf(app);
    await browser.call("POST", "/api/auth/sign-up/email", {
      name: "B",
      email: "boss@example.com",
      password: goodPassword,
    });
    assert.equal((await browser.call("GET", "/api/me")).json.operator, false);
    assert.equal((await browser.call("POST", "/api/pause", { scope: "instance" })).status, 403);
  } finally {
    await app.close();
    await own.drop();
  }
});
