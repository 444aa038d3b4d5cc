import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { type ApiSession, grantThroughBrowser, openSession } from "@postd/testkit/api";
import { type System, startSystem } from "@postd/testkit/system";
import { openBrowser } from "./link-browser.ts";
import { openChat, openMailbox } from "./mailbox.ts";

const password = "plum harbour nineteen";

/** What a scanner of links must not change. */
const tables = [
  "users",
  "sign_ins",
  "sessions",
  "verifications",
  "members",
  "invitations",
  "operators",
  "links",
  "tenants",
  "api_keys",
  "connections",
  "connection_audit",
  "platform_sign_ins",
  "oauth_states",
  "oauth_grants",
  "encrypted_secrets",
  "publish_jobs",
  "notifications",
  "notification_reads",
  "notification_settings",
  "notification_channels",
];

describe("people are told once what they are to know, and the account's owner mends it by a link", () => {
  let system: System;
  let mailbox: Awaited<ReturnType<typeof openMailbox>>;
  let chat: Awaited<ReturnType<typeof openChat>>;
  let ida: ApiSession;
  const email = "ida@example.com";

  before(async () => {
    [mailbox, chat] = [await openMailbox(), await openChat()];
    system = await startSystem({
      env: { POSTD_SMTP_URL: mailbox.url, POSTD_HOST_MAP: `hooks.slack.com=${chat.url},discord.com=${chat.url}` },
    });
    ida = await person("Ida", email);
  });
  after(async () => {
    await system?.close();
    await mailbox?.close();
    await chat?.close();
  });

  const tokenIn = (link: string) => new URL(link).searchParams.get("token") ?? link.split("/").at(-1) ?? "";
  async function person(name: string, address: string): Promise<ApiSession> {
    const session = openSession(system.url);
    await session.must("POST", "/api/auth/sign-up/email", { name, email: address, password });
    const { links } = await mailbox.mailTo(address, /Confirm/);
    await session.must("POST", "/api/auth/confirm-address", { token: tokenIn(links[0] ?? ""), password });
    await session.must("POST", "/api/auth/sign-in/email", { email: address, password });
    return session;
  }
  async function connectX(name: string) {
    const made = await system.sim("POST", "x/accounts", { name });
    const subject = made.extra.subject as string;
    const { grantId } = await grantThroughBrowser(ida, "x", "x", { person: subject });
    const { connections } = await ida.must("POST", "/api/connections", {
      grantId,
      accounts: [{ platform: "x", externalId: made.id }],
    });
    return { id: connections[0].id as string, subject };
  }
  const notifications = async (query = "") => ida.must("GET", `/api/notifications${query}`);
  async function until(what: string, look: () => Promise<boolean> | boolean): Promise<void> {
    for (let looks = 0; looks < 300; looks += 1) {
      if (await look()) return;
      await delay(50);
    }
    assert.fail(what);
  }
  /** Until nothing is left to make or to send. */
  const delivered = () =>
    until("something was never sent", async () => {
      const [row] = await system.query<{ left: number }>(
        `select (select count(*) from notifications where planned_at is null)::int
          + (select count(*) from notification_deliveries where state = 'pending')::int as left`,
      );
      return row?.left === 0;
    });

  it("a chat's address goes in by its shape, is tested, and comes out nowhere", async () => {
    const add = (kind: string, address: string) =>
      ida.call("POST", "/api/notification-channels", { kind, name: "Team", address });
    for (const [kind, address] of [
      ["slack", "https://evil.example/services/T0/B0/0123456789"],
      ["slack", "http://hooks.slack.com/services/T0/B0/0123456789"],
      ["slack", "https://hooks.slack.com.evil.example/services/T0/B0/0123456789"],
      ["slack", "https://hooks.slack.com@evil.example/services/T0/B0/0123456789"],
      ["slack", "https://hooks.slack.com:8443/services/T0/B0/0123456789"],
      ["slack", "https://hooks.slack.com/api/chat.postMessage"],
      ["discord", "https://hooks.slack.com/services/T0/B0/0123456789"],
      ["discord", "https://discord.com/api/users/@me"],
      ["slack", "http://169.254.169.254/latest/meta-data"],
    ] as const) {
      const refused = await add(kind, address);
      assert.deepEqual([refused.status, refused.body.field], [400, "address"], address);
    }
    const slack = await add("slack", "https://hooks.slack.com/services/T0/B0/sl4ck-s3cret-addr3ss");
    assert.equal(slack.status, 201, JSON.stringify(slack.body));
    assert.deepEqual([slack.body.host, slack.body.lastCharacters], ["hooks.slack.com", "r3ss"]);
    await ida.must("POST", `/api/notification-channels/${slack.body.id}/test`);
    assert.match(chat.said.at(-1)?.body.text ?? "", /POSTD can write here/);
    chat.refuse({ status: 404, text: "no_service" });
    const gone = await ida.call("POST", `/api/notification-channels/${slack.body.id}/test`);
    assert.deepEqual([gone.status, gone.body.code], [502, "platform_refused"]);
    assert.match(gone.body.detail, /no_service/);
    const other = await person("Bob", "bob@example.com");
    assert.equal((await other.call("POST", `/api/notification-channels/${slack.body.id}/test`)).status, 404);
    const shown = JSON.stringify(await ida.must("GET", "/api/notification-channels"));
    assert.ok(!shown.includes("s3cret") && !system.log().includes("s3cret"));
    const [plain] = await system.query<{ n: number }>(
      "select count(*)::int as n from notification_channels c where c::text like '%s3cret%'",
    );
    assert.equal(plain?.n, 0);
  });

  it("an account revoked at the platform: one notice, one mail, one message, and the owner's link mends it", async () => {
    const { id, subject } = await connectX("Harbour <!channel> & Bakery");
    const scheduledFor = new Date(system.clock.now().getTime() + 3_600_000).toISOString();
    const jobs: string[] = [];
    for (const text of ["One", "Two", "Three"]) {
      const payload = { text: `${text} loaf`, scheduledFor };
      jobs.push((await ida.must("POST", "/api/publish", { connectionId: id, payload })).id);
    }
    const [mailsBefore, saidBefore] = [mailbox.mails.length, chat.said.length];
    await system.sim("POST", "x/faults", { fault: "tokenRevoked", times: "always" });
    for (let looks = 0; looks < 3; looks += 1) await ida.call("POST", `/api/connections/${id}/check`);
    await system.sim("DELETE", "x/faults");
    assert.equal((await ida.must("GET", `/api/connections/${id}`)).status, "attention");
    assert.equal((await ida.must("GET", `/api/publish/${jobs[0]}`)).heldReason, "attention");
    await delivered();

    const { items, unread } = await notifications("?unread=true");
    const [notice, ...more] = items;
    assert.deepEqual([more.length, unread], [0, 1]);
    assert.equal(notice.kind, "connection_attention");
    assert.deepEqual(notice.waiting, { count: 3, earliestAt: scheduledFor });
    assert.equal(notice.accounts[0].connectionId, id);
    const sent = mailbox.mails.slice(mailsBefore);
    assert.equal(sent.length, 1);
    assert.equal(sent[0]?.subject, "POSTD: X: an account needs to be signed in to again");
    assert.match(sent[0]?.text ?? "", /3 posts wait for it/);
    const said = chat.said.slice(saidBefore);
    assert.equal(said.length, 1);
    assert.doesNotMatch(said[0]?.body.text ?? "", /<!channel>/, "nobody is called by a name");

    await ida.must("POST", `/api/notifications/${notice.id}/read`, {});
    assert.equal((await notifications("?unread=true")).unread, 0);
    await ida.must("POST", `/api/notifications/${notice.id}/read`, { read: false });
    assert.equal((await ida.must("POST", "/api/notifications/read-all", {})).marked, 1);

    const link = sent[0]?.links.find((it) => it.includes("/links/reconnect/")) ?? "";
    const browser = openBrowser(system.url);
    const back = await browser.agree(await browser.submit(link), { person: subject });
    await browser.show(back, { accept: "text/html" });
    assert.match((await browser.show("/links/reconnect")).text, /it works again/);
    assert.equal((await ida.must("GET", `/api/connections/${id}`)).status, "healthy");
    await delivered();
    const all = (await notifications()).items;
    assert.deepEqual(
      all.map((it: { kind: string; settledAt?: string }) => [it.kind, it.settledAt !== undefined]),
      [
        ["connection_recovered", true],
        ["connection_attention", true],
      ],
    );
    assert.equal(mailbox.mails.length, mailsBefore + 1, "that it works again is no mail, unless somebody wants it");
    assert.equal(chat.said.length, saidBefore + 2);
    console.log(
      `revoked, three checks: ${items.length} notice, ${sent.length} mail, ${said.length} chat message; mended by the link, ${all.length} notices in all`,
    );
  });

  it("choices are each person's own, kept whole, and bad ones are named", async () => {
    const set = (body: object) => ida.call("PUT", "/api/notification-preferences", body);
    const before = await ida.must("GET", "/api/notification-preferences");
    assert.deepEqual([before.digestHour, before.ownTimeZone, before.mailed], [8, false, true]);
    const made = await set({ digestHour: 6, timeZone: "Europe/Oslo", app: { connection_recovered: "off" } });
    assert.equal(made.status, 200, JSON.stringify(made.body));
    assert.deepEqual([made.body.digestHour, made.body.timeZone], [6, "Europe/Oslo"]);
    const kinds = async () => (await notifications()).items.map(({ kind }: { kind: string }) => kind);
    assert.ok(!(await kinds()).includes("connection_recovered"));
    for (const [bad, field] of [
      [{ timeZone: "Mars/Base" }, "timeZone"],
      [{ digestHour: 24 }, "digestHour"],
      [{ app: { connection_recovered: "daily" } }, "app.connection_recovered"],
      [{ mail: { nonsense: "off" } }, "mail"],
    ] as const) {
      const refused = await set(bad);
      assert.equal(refused.status, 400);
      assert.match(refused.body.field, new RegExp(`^${field}`), JSON.stringify(refused.body));
    }
    await ida.must("PUT", "/api/notification-preferences", {});
    assert.ok((await kinds()).includes("connection_recovered"), "what is not named is as the kind has it");
    const { key } = await ida.must("POST", "/api/api-keys", { name: "program", scopes: ["operations:read"] });
    const program = openSession(system.url, { apiKey: key });
    const seen = await program.must("GET", "/api/notifications");
    assert.ok(seen.items.length >= 2 && seen.unread === undefined);
    assert.equal((await program.call("GET", "/api/notifications?unread=true")).status, 400);
    assert.equal((await program.call("POST", "/api/notifications/read-all", {})).status, 403);
    const page = await program.must("GET", "/api/notifications?limit=1");
    const next = await program.must("GET", `/api/notifications?limit=1&cursor=${page.nextCursor}`);
    assert.notEqual(page.items[0].id, next.items[0].id);
  });

  it("a mail scanner that opens every link of every mail, and all they lead to, changes nothing", async () => {
    // One mail of every purpose, and the links that are given by hand.
    const invited = "guest@example.com";
    await ida.must("POST", "/api/members/invite", { email: invited, role: "editor" });
    await ida.must("POST", "/api/auth/request-password-reset", { email });
    const guest = openSession(system.url);
    await guest.must("POST", "/api/auth/sign-up/email", { name: "Cy", email: "cy@example.com", password });
    const { id, subject } = await connectX("Pier");
    const byHand = (await ida.must("POST", `/api/connections/${id}/reconnect-link`)).link as string;
    await system.sim("POST", "x/faults", { fault: "tokenRevoked", times: "always" });
    await ida.call("POST", `/api/connections/${id}/check`);
    await system.sim("DELETE", "x/faults");
    await delivered();
    const mails = await Promise.all([
      mailbox.mailTo(invited, /invitation/i),
      mailbox.mailTo(email, /password/i),
      mailbox.mailTo("cy@example.com", /Confirm/),
      mailbox.mailTo(email, /signed in to again/),
    ]);
    const links = [...mails.flatMap((mail) => mail.links), byHand, await system.operatorLink()];
    const before = await snapshot();
    const opened = await scan(links);
    const afterwards = await snapshot();
    assert.deepEqual(afterwards, before);
    console.log(
      `a scanner of ${mails.length} kinds of mail opened ${opened} addresses in 4 ways: ${tables.length} tables are as before`,
    );
    assert.ok(opened >= links.length);

    // Every one of them still does what it is for.
    const link = mails[3]?.links.find((it) => it.includes("/links/reconnect/")) ?? "";
    const browser = openBrowser(system.url);
    await browser.show(await browser.agree(await browser.submit(link), { person: subject }), { accept: "text/html" });
    assert.equal((await ida.must("GET", `/api/connections/${id}`)).status, "healthy");
    const token = tokenIn(mails[2]?.links[0] ?? "");
    await guest.must("POST", "/api/auth/confirm-address", { token, password });
    const reset = tokenIn(mails[1]?.links[0] ?? "");
    await openSession(system.url).must("POST", "/api/auth/reset-password", {
      token: reset,
      newPassword: `${password}!`,
    });
    const looked = await openSession(system.url).must("POST", "/api/invitations/look", {
      token: tokenIn(mails[0]?.links[0] ?? ""),
    });
    assert.equal(looked.status, "pending");
  });

  async function snapshot(): Promise<Readonly<Record<string, string>>> {
    const found: Record<string, string> = {};
    for (const table of tables) {
      const [row] = await system.query<{ sum: string }>(
        `select count(*) || ' ' || md5(coalesce(string_agg(t::text, '|' order by t::text), '')) as sum from ${table} t`,
      );
      found[table] = row?.sum ?? "";
    }
    return found;
  }

  /** Opens addresses as scanners and mail programs do, and everything on this server that their pages name. */
  async function scan(links: readonly string[]): Promise<number> {
    const ways: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
      ["HEAD", { "user-agent": "scanner" }],
      ["OPTIONS", { origin: "https://scanner.example", "access-control-request-method": "POST" }],
      ["GET", { purpose: "prefetch", "sec-purpose": "prefetch;prerender", "x-moz": "prefetch" }],
      ["GET", { "user-agent": "scanner", accept: "text/html" }],
    ];
    const seen = new Set<string>();
    const waiting = [...links];
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const url = new URL(next, system.url);
      url.hash = "";
      if (url.origin !== system.url || seen.has(url.href) || seen.size > 200) continue;
      seen.add(url.href);
      for (const [method, headers] of ways) {
        const answer = await fetch(url, { method, headers, redirect: "manual" });
        const text = await answer.text();
        assert.ok(answer.status < 500, `${method} ${url.pathname} answered ${answer.status}`);
        assert.deepEqual(answer.headers.getSetCookie(), [], `${method} ${url.pathname} sets a cookie`);
        const to = answer.headers.get("location");
        for (const [, address] of text.matchAll(/(?:href|action|src|content)="([^"]+)"/g))
          if (address !== undefined && /^(\/|https?:)/.test(address)) waiting.push(address.replaceAll("&amp;", "&"));
        if (to !== null) waiting.push(to);
      }
    }
    return seen.size;
  }
});
