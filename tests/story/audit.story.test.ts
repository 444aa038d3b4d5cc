import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, describe, it } from "node:test";
import { type System, startSystem } from "@postd/testkit/system";
import { type DocumentedOperation, documentedOperations } from "./id-places.ts";
import { idPlaces, makeTenant, pageConnection, program, type Tenant, type TenantRequest } from "./tenant-requests.ts";

interface Change {
  /** What the record must say. */
  readonly action: string;
  /** The request, with what it needs made before it. */
  readonly request: (tenant: Tenant) => Promise<TenantRequest>;
  /** Who sends it; default: the owner. */
  readonly as?: (tenant: Tenant) => Promise<Tenant["session"]>;
  /** It concerns the whole instance, and no workspace. */
  readonly ofInstance?: true;
}

const just = (method: string, path: string, body?: unknown) => async (): Promise<TenantRequest> => ({
  method,
  path,
  ...(body === undefined ? {} : { body }),
});
/** The request by which isolation is tried, with an id of its own. */
const asIn = (place: string) => async (tenant: Tenant) => {
  const { make, request } = idPlaces[place] ?? assert.fail(place);
  return request(await make(tenant), tenant);
};

const links = new Map<string, { readonly token: string; readonly email: string }>();

/** Every operation that changes an account, a member, an invitation, a key, an app, a pause, a setting or a right. */
const changes: Readonly<Record<string, Change>> = {
  createTenant: { action: "tenant.created", request: just("POST", "/api/tenants", { name: "Second" }) },
  updateTenant: {
    action: "tenant.changed",
    request: just("PATCH", "/api/tenants/current", { timeZone: "Europe/Oslo" }),
  },
  updateMediaSettings: {
    action: "tenant.changed",
    request: just("PATCH", "/api/media/settings", { keepOriginals: true }),
  },
  inviteMember: {
    action: "invitation.created",
    request: async () => ({
      method: "POST",
      path: "/api/members/invite",
      body: { email: `${randomUUID()}@example.com`, role: "editor" },
    }),
  },
  acceptInvitation: {
    action: "member.added",
    async request({ id, session }) {
      const email = `${randomUUID()}@example.com`;
      const { link } = await session.must("POST", "/api/members/invite", { email, role: "editor" });
      const token = link.split("/").at(-1);
      links.set(id, { token, email });
      return { method: "POST", path: "/api/invitations/accept", body: { token } };
    },
    as: async ({ id, system }) => {
      const { token: link = "", email = "" } = links.get(id) ?? {};
      return system.signUp({ name: "Invited", email, link });
    },
  },
  changeMemberRole: { action: "member.changed", request: asIn("changeMemberRole path.id") },
  removeMember: { action: "member.removed", request: asIn("removeMember path.id") },
  revokeInvitation: { action: "invitation.canceled", request: asIn("revokeInvitation path.id") },
  createApiKey: {
    action: "api_key.created",
    request: just("POST", "/api/api-keys", { name: "Script", scopes: ["posts:read"] }),
  },
  revokeApiKey: { action: "api_key.revoked", request: asIn("revokeApiKey path.id") },
  becomeOperator: {
    action: "operator.added",
    ofInstance: true,
    request: async ({ system }) => ({
      method: "POST",
      path: "/api/operators",
      body: { token: (await system.operatorLink()).split("/").at(-1) },
    }),
  },
  createApp: {
    action: "app.created",
    request: just("POST", "/api/apps", {
      provider: "meta",
      set: "instagram",
      values: { app_id: "990022", app_secret: randomUUID() },
    }),
  },
  deleteApp: { action: "app.deleted", request: asIn("deleteApp path.id") },
  createConnections: { action: "connection.connected", request: asIn("createConnections body.grantId") },
  updateConnection: { action: "connection.changed", request: asIn("updateConnection path.id") },
  deleteConnection: { action: "connection.disconnected", request: asIn("deleteConnection path.id") },
  makeReconnectLink: { action: "link.created", request: asIn("makeReconnectLink path.id") },
  createNotificationChannel: {
    action: "channel.created",
    request: just("POST", "/api/notification-channels", {
      kind: "slack",
      name: "Desk",
      address: "https://hooks.slack.com/services/T00000001/B00000001/abcdefghijklmnopqrstuvwx",
    }),
  },
  updateNotificationChannel: { action: "channel.changed", request: asIn("updateNotificationChannel path.id") },
  deleteNotificationChannel: { action: "channel.deleted", request: asIn("deleteNotificationChannel path.id") },
  pause: { action: "connection.paused", request: asIn("pause body.connectionId") },
  resume: {
    action: "tenant.resumed",
    async request({ session }) {
      await session.must("POST", "/api/pause", { scope: "tenant" });
      return { method: "POST", path: "/api/resume", body: { scope: "tenant" } };
    },
  },
};

/** Operations that change something and are not in the record, each with the reason. */
const unrecorded: Readonly<Record<string, string>> = {
  eraseTenant: "takes the record with it; erasures says that it was",
  takeErasureReport: "reads, once",
  deleteMe: "a person's own account; the memberships that end with it are recorded as member.removed",
  switchTenant: "a choice of one session, about nobody else",
  getInvitation: "reads; the secret goes in the body, where no log sees it",
  startOAuth: "begins a sign-in; choosing accounts of it is recorded",
  refreshConnection: "renewals stand in the account's timeline: they change nothing anybody decided",
  checkConnection: "a look; what it finds out is recorded where it changes the account",
  ...Object.fromEntries(
    ["saveContact", "saveContacts", "tagContact", "archiveContact"].map((id) => [
      id,
      "changes people's lists at the platform",
    ]),
  ),
  ...Object.fromEntries(
    [
      ["publish", "createPost", "validatePost", "trialPost", "updatePost", "deletePost", "approvePost", "rejectPost"],
      ["retryJob", "cancelJob", "removeJob", "resolveJob", "replayDlq", "previewLink"],
      ["createMedia", "deleteMedia", "createMention", "updateMention", "deleteMention"],
      [
        "markInboxEntry",
        "tendInboxEntry",
        "replyToInboxEntry",
        "hideInboxEntry",
        "likeInboxEntry",
        "readInbox",
        "readAccountNumbers",
      ],
    ]
      .flat()
      .map((id) => [id, "content: posts, jobs and attempts are their own record"]),
  ),
  reconnectConnection: "begins a sign-in; what comes of it is recorded as connection.reconnected",
  backfillConnection: "decides about posts; desk_decisions and jobs are its record",
  backfillAll: "see backfillConnection",
  receiveWebhook: "platforms call it; what follows is recorded with the account",
  replayInbound: "has what platforms sent worked on again",
  replayInboundRequest: "see replayInbound",
  readNotification: "a person's own reading",
  readAllNotifications: "a person's own reading",
  setNotificationPreferences: "what a person wants to be told, about nobody else",
  testNotificationChannel: "sends one message and changes nothing",
  receiveAppWebhook: "see receiveWebhook",
};

interface Row {
  readonly action: string;
  readonly actor_kind: string;
  readonly actor_id: string | null;
  readonly reason: string | null;
  readonly before: unknown;
  readonly after: unknown;
}

describe("every change is in the record, with who made it", () => {
  let system: System;
  let tenant: Tenant;
  let changing: readonly DocumentedOperation[];

  before(async () => {
    system = await startSystem();
    tenant = await makeTenant(system, "Ada");
    // Tells the requests which Page a grant offers.
    await pageConnection(await makeTenant(system, "Bob"));
    changing = documentedOperations((await system.visitor().call("GET", "/api/openapi.json")).body).filter(
      ({ method }) => method !== "GET",
    );
  });
  after(() => system?.close());

  it("each operation that changes something is tried here or is on the list with the reason", () => {
    assert.deepEqual(changing.map(({ id }) => id).sort(), [...Object.keys(changes), ...Object.keys(unrecorded)].sort());
  });

  for (const [id, { action, request, as, ofInstance }] of Object.entries(changes))
    it(`${id} writes ${action} with its author, reason and request`, async () => {
      const { method, path, body } = await request(tenant);
      const session = as ? await as(tenant) : tenant.session;
      const reason = `Because of ${id} – æøå`;
      const answer = await session.call(method, path, body, { "x-postd-reason": encodeURIComponent(reason) });
      assert.ok(answer.status < 300, `${answer.status} ${JSON.stringify(answer.body)}`);
      const { user } = await session.must("GET", "/api/me");
      const requestId = answer.headers.get("x-request-id");
      assert.ok(requestId);
      const rows = await system.query<Row>(
        `select * from audit_log where request_id = $1 and (tenant_id is null) = $2 order by at, id`,
        [requestId, ofInstance === true],
      );
      const row = rows.find((it) => it.action === action);
      assert.ok(row, `${action} is not among ${JSON.stringify(rows.map((it) => it.action))}`);
      assert.deepEqual(
        { kind: row.actor_kind, id: row.actor_id, reason: row.reason },
        { kind: "person", id: user.id, reason },
      );
      if (id === "createTenant") await session.must("POST", "/api/tenants/switch", { tenantId: tenant.id });
    });

  it("what a program changes names its key", async () => {
    await program(tenant).must("PATCH", `/api/connections/${tenant.connectionId}`, { label: "Main" });
    const { items } = await tenant.session.must("GET", "/api/audit?actor=api_key&limit=1");
    assert.equal(items[0].action, "connection.changed");
    assert.equal(items[0].actor.name, "program");
    assert.deepEqual(items[0].after, { changed: ["label"] });
  });

  it("nothing the server did in this story is without an author", async () => {
    const rows = await system.query<Row>("select * from audit_log where actor_kind = 'unknown'");
    assert.deepEqual(rows, []);
  });
});
