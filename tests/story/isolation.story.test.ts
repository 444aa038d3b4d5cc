import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { idPrefixes } from "@postd/contracts";
import { type System, startSystem } from "@postd/testkit/system";
import { withGuestbook } from "./connect-guestbook.ts";
import { type DocumentedOperation, documentedOperations } from "./id-places.ts";
import {
  chat,
  failedJob,
  idPlaces,
  inboxEntry,
  lateJob,
  makeTenant,
  notice,
  ownApp,
  pageConnection,
  program,
  type Tenant,
} from "./tenant-requests.ts";

/** Places whose id is not looked up among a tenant's rows, each with the reason. */
const exemptPlaces: Readonly<Record<string, string>> = {
  "replayInboundRequest path.id":
    "names a request of the whole instance; inbound-desk.story.test.ts tries others than operators",
  "trialPost body.link.thumbMediaId": "looked up as in validatePost; no platform with trials has pictures of cards",
  "testNotificationChannel path.id":
    "sends to the chat itself; notices.story.test.ts has a chat and asks as another tenant",
  "trialPost body.mentions.id": "looked up as in validatePost; no platform with trials takes mentions",
};

/** Operations that list; every one is asked by both tenants. */
const lists: readonly string[] = [
  "GET /api/me",
  "GET /api/tenants",
  "GET /api/members",
  "GET /api/api-keys",
  "GET /api/apps",
  "GET /api/connections",
  "GET /api/posts",
  "GET /api/posts/export",
  "GET /api/inbox",
  "GET /api/notifications",
  "GET /api/notification-channels",
  "GET /api/mentions",
  "GET /api/jobs",
  "GET /api/dlq",
  "GET /api/audit",
  "GET /api/audit/export",
  "GET /api/backfill",
];

/** Operations that take no id and list nothing of a tenant, each with the reason. */
const exemptOperations: Readonly<Record<string, string>> = {
  createApp: "makes something new in the caller's own tenant",
  createApiKey: "makes something new in the caller's own tenant",
  createTenant: "makes something new",
  listErasures:
    "a person's own, of workspaces that are gone; getErasure tries another's, erasure.story.test.ts an operator",
  deleteMe: "the person who asks, whom no field of the request names",
  createMention: "makes something new in the caller's own tenant",
  createMedia: "makes something new in the caller's own tenant",
  getInvitation: "the secret of the link is the right to read it: its holder may have no account yet",
  acceptInvitation: "see getInvitation; people-rights.int.test.ts tries ids, other links and other people",
  becomeOperator: "takes the secret of the operator's link, and no tenant",
  previewLink: "reads a public page and keeps nothing",
  deskReasonCounts: "numbers of the tenant in use, with no id in them; desk.int.test.ts counts two tenants apart",
  deskAudits: "see deskReasonCounts",
  getMediaSettings: "a word about the tenant in use, which no field of the request names",
  updateMediaSettings: "see getMediaSettings",
  createNotificationChannel: "makes something new in the caller's own tenant",
  readAllNotifications: "marks what the asking person sees in the tenant in use, which no field of the request names",
  getNotificationPreferences: "of the asking person in the tenant in use, which no field of the request names",
  setNotificationPreferences: "see getNotificationPreferences",
  inviteMember: "makes something new in the caller's own tenant",
  updateTenant: "changes the tenant in use, which no field of the request names",
  streamEvents: "a stream has no end to wait for; event-streams.story.test.ts opens those of two tenants",
  listPlatforms: "the same for everybody",
  finishOAuth: "its state is bound to the session that started; the last test of this file tries another one",
  appWebhookHandshake: "an app's own secret is the right to speak for it, and it reaches only its accounts",
  receiveAppWebhook: "see appWebhookHandshake; apps.story.test.ts signs for another tenant's account",
  receiveWebhook: "platforms call it; the signature says who, and accounts say whose",
  webhookHandshake: "platforms call it and learn nothing",
  health: "everybody may ask; the test of what everybody may ask looks for ids in it",
  listDeadInbound: "for operators of the whole instance alone; inbound-desk.story.test.ts tries others",
  replayInbound: "see listDeadInbound",
  live: "see health",
  ready: "see health",
  prometheus: "see health",
  healthMetrics: "counts of the whole instance; the test of what everybody may ask looks for ids in it",
  healthQueue: "see healthMetrics",
};

describe("one tenant never reaches what belongs to another", () => {
  let system: System;
  let a: Tenant;
  let b: Tenant;
  let operations: readonly DocumentedOperation[];

  before(async () => {
    system = await startSystem(withGuestbook);
    a = await makeTenant(system, "Ada");
    b = await makeTenant(system, "Bob");
    await pageConnection(a);
    await pageConnection(b);
    operations = documentedOperations((await system.visitor().call("GET", "/api/openapi.json")).body);
  });
  after(() => system?.close());

  it("every operation of the API and every place that takes an id is tried here or exempt with a reason", () => {
    const listed = (operation: DocumentedOperation) => lists.includes(`${operation.method} ${operation.path}`);
    const found = operations.flatMap(({ id, places }) => places.map((place) => `${id} ${place}`)).sort();
    assert.ok(found.length > 30, `only ${found.length} places with an id were found in the document`);
    assert.deepEqual(found, [...Object.keys(idPlaces), ...Object.keys(exemptPlaces)].sort());
    const without = operations.filter((operation) => operation.places.length === 0 && !listed(operation));
    assert.deepEqual(without.map(({ id }) => id).sort(), Object.keys(exemptOperations).sort());
    const known = operations.map(({ method, path }) => `${method} ${path}`);
    assert.deepEqual(
      lists.filter((list) => !known.includes(list)),
      [],
    );
  });

  for (const [place, { make, request }] of Object.entries(idPlaces)) {
    it(`${place}: works with an own id, and another tenant's id is not there`, async () => {
      const operation = operations.find(({ id }) => id === place.split(" ")[0]);
      const send = (who: Tenant, id: string, as: "person" | "program") => {
        const { method, path, body } = request(id, who);
        return (as === "person" ? who.session : program(who)).call(method, path, body);
      };
      const own = await make(a);
      const other = await make(b);
      const mine = await send(a, own, "person");
      assert.ok(mine.status < 300, `own id: ${mine.status} ${JSON.stringify(mine.body)}`);
      for (const as of operation?.takesKeys ? (["person", "program"] as const) : (["person"] as const)) {
        const theirs = await send(a, other, as);
        assert.equal(theirs.status, 404, `as ${as}: ${JSON.stringify(theirs.body)}`);
        assert.equal(theirs.body.code, "not_found");
        assertKnowsOnly(theirs.body, other, b);
      }
      await backHome(a);
      // The id was real all the time, and what it names is as it was.
      const owner = await send(b, other, "person");
      assert.ok(owner.status < 300, `the owner afterwards: ${owner.status} ${JSON.stringify(owner.body)}`);
      await backHome(b);
    });
  }

  it("lists hold nothing of another tenant", async () => {
    await failedJob(a);
    await failedJob(b);
    await ownApp(a);
    await ownApp(b);
    await inboxEntry(a);
    await inboxEntry(b);
    for (const tenant of [a, b]) {
      await notice(tenant);
      await chat(tenant);
    }
    await lateJob(a);
    await lateJob(b);
    const idsOfB = await idsOf(system, b.id);
    assert.ok(idsOfB.size > 40, `only ${idsOfB.size} ids of the other tenant are known`);
    for (const list of lists) {
      const path = list.split(" ")[1] ?? "";
      const answer = await a.session.must("GET", path);
      const shown = idsInText(JSON.stringify(answer));
      assert.notEqual(shown.length, 0, `${path} shows no id at all`);
      assert.deepEqual(
        shown.filter((id) => idsOfB.has(id)),
        [],
        path,
      );
      const control = idsInText(JSON.stringify(await b.session.must("GET", path)));
      assert.ok(
        control.some((id) => idsOfB.has(id)),
        `${path} shows its own tenant nothing of its own`,
      );
    }
  });

  it("what everybody may ask names no tenant's rows", async () => {
    const known = new Set([...(await idsOf(system, a.id)), ...(await idsOf(system, b.id))]);
    for (const path of [
      "/api/live",
      "/api/ready",
      "/api/health",
      "/metrics",
      "/api/health/metrics",
      "/api/health/queue",
    ]) {
      const answer = await a.session.call("GET", path);
      assert.equal(answer.status, 200, path);
      const text = typeof answer.body === "string" ? answer.body : JSON.stringify(answer.body);
      assert.deepEqual(
        idsInText(text).filter((id) => known.has(id)),
        [],
        path,
      );
    }
  });

  it("naming another tenant in the header opens nothing", async () => {
    for (const session of [a.session, program(a)]) {
      const answer = await session.call("GET", "/api/connections", undefined, { "x-postd-tenant": b.id });
      if (answer.status === 200) {
        // A key works in its own tenant whatever the header says.
        const idsOfB = await idsOf(system, b.id);
        assert.deepEqual(
          idsInText(JSON.stringify(answer.body)).filter((id) => idsOfB.has(id)),
          [],
        );
      } else assert.ok([403, 404].includes(answer.status), `${answer.status}`);
    }
  });

  it("a sign-in at a platform started in one tenant cannot be finished in another", async () => {
    const started = await a.session.must("POST", "/api/oauth/facebook/start", {});
    const agreed = await fetch(started.authUrl, {
      method: "POST",
      redirect: "manual",
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: "decision=continue",
    });
    const back = new URL(agreed.headers.get("location") ?? "");
    const grants = async () => (await system.query("select id from oauth_grants")).length;
    const before = await grants();
    const stolen = await b.session.call("GET", `${back.pathname}${back.search}`, undefined, {
      accept: "application/json",
    });
    assert.ok(stolen.status >= 400, `${stolen.status} ${JSON.stringify(stolen.body)}`);
    assert.equal(await grants(), before);
  });
});

/** Two operations switch the tenant a session works in. */
const backHome = ({ session, id }: Tenant) => session.must("POST", "/api/tenants/switch", { tenantId: id });

/** The answer may repeat the id that was asked for, and nothing else of the other tenant. */
function assertKnowsOnly(body: unknown, asked: string, other: Tenant): void {
  const shown = idsInText(JSON.stringify(body)).filter((id) => id !== asked);
  assert.ok(!shown.includes(other.id) && !shown.includes(other.connectionId), JSON.stringify(body));
}

/** As the server makes them; `app_password` is the name of a sign-in. */
const anyId = new RegExp(`\\b(?:${Object.values(idPrefixes).join("|")})_[0-9a-f]{32}\\b`, "g");
const idsInText = (text: string): string[] => [...new Set(text.match(anyId) ?? [])];

/** Every id in every row of a tenant, read from the tables themselves; ids both tenants share name neither. */
async function idsOf(system: System, tenantId: string): Promise<Set<string>> {
  const tables = await system.query<{ table_name: string }>(
    "select table_name from information_schema.columns where table_schema = 'public' and column_name = 'tenant_id' order by 1",
  );
  const found = new Set<string>([tenantId]);
  for (const { table_name } of tables) {
    const rows = await system.query<{ row: unknown }>(
      `select to_jsonb(t) as row from ${table_name} t where tenant_id = $1`,
      [tenantId],
    );
    for (const id of idsInText(JSON.stringify(rows))) found.add(id);
  }
  return found;
}
