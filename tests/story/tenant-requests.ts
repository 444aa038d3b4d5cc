import { createHash, randomUUID } from "node:crypto";
import { samplePng } from "@postd/connector-kit/media-samples";
import { type ApiSession, grantThroughBrowser, openSession, randomPassword } from "@postd/testkit/api";
import { connectBluesky } from "@postd/testkit/connect-bluesky";
import type { System } from "@postd/testkit/system";
import { connectGuestbook } from "./connect-guestbook.ts";

/** One tenant with its owner, who makes what requests are about. */
export interface Tenant {
  readonly session: ApiSession;
  readonly key: string;
  readonly id: string;
  readonly email: string;
  readonly password: string;
  readonly connectionId: string;
  /** Sends from a session of its own, so that switching tenants disturbs nobody. */
  readonly system: System;
}

export interface TenantRequest {
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
}

/** One place of one operation where an id of a tenant goes. */
export interface IdPlace {
  /** Makes what the id names, in a state in which the request succeeds. */
  readonly make: (tenant: Tenant) => Promise<string>;
  /** The whole request of `caller`, with the id at this place. */
  readonly request: (id: string, caller: Tenant) => TenantRequest;
}

const unique = (text: string) => `${text} ${randomUUID()}`;
const far = () => new Date(Date.now() + 30 * 86_400_000).toISOString();

export async function makeTenant(system: System, name: string): Promise<Tenant> {
  const email = `${name.toLowerCase()}-${randomUUID()}@example.com`;
  const password = randomPassword();
  const session = await system.signUp({ name, email, password });
  const me = await session.must("GET", "/api/me");
  const { key } = await session.must("POST", "/api/api-keys", { name: "program", scopes: me.scopes });
  const { id } = await connectBluesky(system, session, name);
  return { session, key, id: me.tenant.id, email, password, connectionId: id, system };
}

const connection = async ({ system, session }: Tenant) => (await connectBluesky(system, session)).id;
const post = async ({ session, connectionId }: Tenant, more: object = {}): Promise<string> =>
  (
    await session.must("POST", "/api/posts", {
      content: unique("Beans"),
      targets: [{ connectionId }],
      scheduledFor: far(),
      ...more,
    })
  ).id;
const job = async ({ session, connectionId }: Tenant, more: object = {}): Promise<string> =>
  (
    await session.must("POST", "/api/publish", {
      connectionId,
      payload: { content: unique("Beans"), scheduledFor: far(), ...more },
    })
  ).id;
const media = async ({ session }: Tenant) =>
  (await session.upload(samplePng({ width: 40, height: 40, seed: Math.random() * 1e9 }), "beans.png")).id;
/** An app of its own for the sign-in nothing here uses, so that all others go through this server's. */
export const ownApp = async ({ session }: Tenant): Promise<string> => {
  const values = { app_id: "990011", app_secret: randomUUID() };
  return (await session.must("POST", "/api/apps", { provider: "meta", set: "instagram", values })).id;
};
const grant = async ({ session }: Tenant) => (await grantThroughBrowser(session, "facebook")).grantId;

/** A job the platform refused for good: on the desk. */
export const failedJob = async (tenant: Tenant): Promise<string> => {
  const { system, connectionId } = tenant;
  const [row] = await system.query<{ external_id: string }>("select external_id from connections where id = $1", [
    connectionId,
  ]);
  await system.sim("POST", "bluesky/faults", {
    fault: "platformError",
    status: 400,
    error: "InvalidRequest",
    message: "The record is not valid.",
    match: { path: "putRecord|createRecord|applyWrites", account: row?.external_id },
  });
  const id = await job(tenant, { scheduledFor: undefined });
  await system.settle();
  return id;
};

/** An account people write to, with a post. */
async function guestbook({ system, session }: Tenant) {
  const account = await connectGuestbook(system, session);
  const { id } = await session.must("POST", "/api/publish", {
    connectionId: account.id,
    payload: { text: unique("Beans") },
  });
  await system.settle();
  const { externalPostId } = await session.must("GET", `/api/publish/${id}`);
  return { ...account, post: externalPostId as string };
}

/** What somebody wrote below it; kept by hand, as a worker would only find it a while later. */
export const inboxEntry = async (tenant: Tenant): Promise<string> => {
  const { id, post } = await guestbook(tenant);
  const { id: externalId } = await tenant.system.sim("POST", "guestbook/act", {
    action: "comment",
    post,
    text: unique("Hello"),
  });
  const entryId = `inb_${randomUUID().replaceAll("-", "")}`;
  await tenant.system.query(
    `insert into inbox_entries (id, tenant_id, connection_id, external_id, kind, text, own, cannot, created_at, seen_at)
     values ($1, $2, $3, $4, 'comment', 'Hello', false, '{}', domain_now(), domain_now())`,
    [entryId, tenant.id, id, externalId],
  );
  return entryId;
};

/** Something the tenant is told. */
export const notice = async ({ system, id, connectionId }: Tenant): Promise<string> => {
  const key = `budget_spent:${randomUUID()}`;
  const [row] = await system.query<{ told: string }>(
    "select raise_notice($1, 'budget_spent', 'connection', $2, $3, '{}', false) as told",
    [id, connectionId, key],
  );
  return row?.told ?? "";
};

/** A chat it is told in. */
export const chat = async ({ session }: Tenant): Promise<string> => {
  const address = `https://hooks.slack.com/services/T0/B0/${randomUUID()}`;
  return (await session.must("POST", "/api/notification-channels", { kind: "slack", name: "Team", address })).id;
};

/** A post that is live. */
const liveJob = async (tenant: Tenant): Promise<string> => {
  const id = await job(tenant, { scheduledFor: undefined });
  await tenant.system.settle();
  return id;
};

/** A job nobody can know about; made by hand, since a platform that finds it again would settle it. */
const unknownJob = async (tenant: Tenant) => {
  const id = await job(tenant);
  await tenant.system.query(
    "update publish_jobs set state = 'unknown', needs_person = true, wake_at = null where id = $1",
    [id],
  );
  return id;
};

/** A job that missed its time and waits for somebody's word; made by hand, since nobody here moves the clock. */
export const lateJob = async (tenant: Tenant): Promise<string> => {
  const id = await job(tenant);
  await tenant.system.query(
    `update publish_jobs set state = 'held', held_reason = 'missed', wake_at = null, scheduled_for = domain_now() - interval '2 hours' where id = $1`,
    [id],
  );
  return id;
};

const invite = ({ session }: Tenant, email = `${randomUUID()}@example.com`) =>
  session.must("POST", "/api/members/invite", { email, role: "editor" });

const member = async (tenant: Tenant) => {
  const email = `${randomUUID()}@example.com`;
  const token = (await invite(tenant, email)).link.split("/").at(-1);
  const person = await tenant.system.signUp({ name: "Member", email, link: token });
  await person.must("POST", "/api/invitations/accept", { token });
  const { items } = await tenant.session.must("GET", "/api/members");
  return items.find((item: { email: string }) => item.email === email).id as string;
};

/** A second workspace of the owner's; the session goes on in the first one. */
async function anotherWorkspace({ session, id }: Tenant): Promise<string> {
  const made = await session.must("POST", "/api/tenants", { name: "To erase" });
  await session.must("POST", "/api/tenants/switch", { tenantId: id });
  return made.id;
}
async function erasing(tenant: Tenant): Promise<string> {
  const id = await anotherWorkspace(tenant);
  return (await tenant.session.must("DELETE", `/api/tenants/${id}`, { confirm: "To erase" })).id;
}
export async function erased(tenant: Tenant): Promise<string> {
  const id = await erasing(tenant);
  await tenant.system.turn("erasures");
  return id;
}

const byPath = (method: string, path: string, make: IdPlace["make"], body?: unknown): IdPlace => ({
  make,
  request: (id) => ({ method, path: path.replace("{id}", id), ...(body === undefined ? {} : { body }) }),
});
const inBody = (
  method: string,
  path: string,
  make: IdPlace["make"],
  body: (id: string, caller: Tenant) => unknown,
): IdPlace => ({ make, request: (id, caller) => ({ method, path, body: body(id, caller) }) });

const draft = (more: (id: string, caller: Tenant) => object) => (id: string, caller: Tenant) => ({
  content: unique("Beans"),
  mode: "draft",
  targets: [{ connectionId: caller.connectionId }],
  ...more(id, caller),
});
/** The entry is the caller's own, the member whoever's the test wishes. */
const tendingOf = (): IdPlace => {
  const entries = new Map<string, string>();
  return {
    async make(tenant) {
      entries.set(tenant.id, await inboxEntry(tenant));
      return member(tenant);
    },
    request: (assigneeId, caller) => ({
      method: "PATCH",
      path: `/api/inbox/${entries.get(caller.id)}`,
      body: { assigneeId },
    }),
  };
};
/** A post is approved with the hash of what was seen. */
function approvable(): IdPlace {
  const hashes = new Map<string, string>();
  return {
    async make(tenant) {
      const id = await post(tenant, { mode: "ask" });
      hashes.set(id, (await tenant.session.must("GET", `/api/posts/${id}`)).hash);
      return id;
    },
    request: (id) => ({ method: "POST", path: `/api/posts/${id}/approve`, body: { hash: hashes.get(id) } }),
  };
}
const patchOf = (make: IdPlace["make"], patch: (id: string) => object): IdPlace => {
  const posts = new Map<string, string>();
  return {
    async make(tenant) {
      posts.set(tenant.id, await post(tenant));
      return make(tenant);
    },
    request: (id, caller) => ({ method: "PATCH", path: `/api/posts/${posts.get(caller.id)}`, body: patch(id) }),
  };
};

/** Lists of accounts that have contacts, by connection. */
const mailLists = new Map<string, string>();
async function mailAccount({ system, session }: Tenant): Promise<string> {
  const made = await system.sim("POST", "mailchimp/accounts", {});
  const connect = { platform: "mailchimp", keys: { apiKey: made.accessToken } };
  const { connections } = await session.must("POST", "/api/connections", connect);
  mailLists.set(connections[0].id, made.extra.listId);
  return connections[0].id;
}
const ofMailAccount = (path: string, body: (list: string) => object): IdPlace => ({
  make: mailAccount,
  request: (id) => ({
    method: "POST",
    path: `/api/connections/${id}/contacts${path}`,
    body: body(mailLists.get(id) ?? ""),
  }),
});
/** Somebody who is on every such list. */
const urban = (list: string) => `${list}/${createHash("md5").update("urban.ek@example.com").digest("hex")}`;

/** A post shown to one person first, by an account of the platform that can. */
const trialOf = (make: IdPlace["make"] | undefined, more: (id: string) => object): IdPlace => {
  const accounts = new Map<string, object>();
  return {
    async make(tenant) {
      const connectionId = await mailAccount(tenant);
      accounts.set(tenant.id, { connectionId, destination: mailLists.get(connectionId) });
      return make ? make(tenant) : connectionId;
    },
    request: (id, caller) => ({
      method: "POST",
      path: "/api/posts/trial",
      body: {
        ...accounts.get(caller.id),
        text: unique("Beans"),
        options: { subject: "Beans" },
        to: ["ida@nordlys.example"],
        ...more(id),
      },
    }),
  };
};

/** By `operation place`, where the place is as in the OpenAPI document. */
async function mention({ session }: Tenant): Promise<string> {
  return (await session.must("POST", "/api/mentions", { name: "Nordlys", handles: { bluesky: "nordlys.example" } })).id;
}

/** A link card with a picture of its own. */
const card = (thumbMediaId: string) => ({ url: "https://example.com/", title: "Example", thumbMediaId });

export const idPlaces: Readonly<Record<string, IdPlace>> = {
  "getConnection path.id": byPath("GET", "/api/connections/{id}", connection),
  "updateConnection path.id": {
    make: connection,
    request: (id) => ({ method: "PATCH", path: `/api/connections/${id}`, body: { label: unique("Label") } }),
  },
  "deleteConnection path.id": byPath("DELETE", "/api/connections/{id}", connection),
  "refreshConnection path.id": byPath("POST", "/api/connections/{id}/refresh", connection),
  "checkConnection path.id": byPath("POST", "/api/connections/{id}/check", connection),
  "makeReconnectLink path.id": byPath("POST", "/api/connections/{id}/reconnect-link", connection),
  "listDestinations path.id": byPath("GET", "/api/connections/{id}/destinations", connection),
  "findContacts path.id": {
    make: mailAccount,
    request: (id) => ({ method: "GET", path: `/api/connections/${id}/contacts?list=${mailLists.get(id)}` }),
  },
  "saveContact path.id": ofMailAccount("", (list) => ({ list, email: "ada@example.com", name: unique("Ada") })),
  "saveContacts path.id": ofMailAccount("/batch", (list) => ({ list, contacts: [{ email: "ada@example.com" }] })),
  "tagContact path.id": ofMailAccount("/tags", (list) => ({ externalId: urban(list), add: ["Regulars"] })),
  "archiveContact path.id": ofMailAccount("/archive", (list) => ({ externalId: urban(list) })),
  "listInbox query.connectionId": byPath("GET", "/api/inbox?connectionId={id}", connection),
  "listInbox query.postId": byPath("GET", "/api/inbox?postId={id}", post),
  "getInboxEntry path.id": byPath("GET", "/api/inbox/{id}", inboxEntry),
  "listInbox query.assigneeId": byPath("GET", "/api/inbox?assigneeId={id}", member),
  "countInbox query.connectionId": byPath("GET", "/api/inbox/counts?connectionId={id}", connection),
  "tendInboxEntry path.id": byPath("PATCH", "/api/inbox/{id}", inboxEntry, { done: true }),
  "tendInboxEntry body.assigneeId": tendingOf(),
  "markInboxEntry path.id": byPath("POST", "/api/inbox/{id}/read", inboxEntry, { read: true }),
  "replyToInboxEntry path.id": byPath("POST", "/api/inbox/{id}/reply", inboxEntry, { text: "Thank you" }),
  "hideInboxEntry path.id": byPath("POST", "/api/inbox/{id}/hide", inboxEntry, { hidden: true }),
  "likeInboxEntry path.id": byPath("POST", "/api/inbox/{id}/like", inboxEntry, { liked: true }),
  "readInbox path.id": byPath(
    "POST",
    "/api/connections/{id}/inbox",
    async (tenant) => (await guestbook(tenant)).id,
    {},
  ),
  "readNotification path.id": byPath("POST", "/api/notifications/{id}/read", notice, {}),
  "updateNotificationChannel path.id": byPath("PATCH", "/api/notification-channels/{id}", chat, { name: "Others" }),
  "deleteNotificationChannel path.id": byPath("DELETE", "/api/notification-channels/{id}", chat),
  "accountPosts path.id": byPath("GET", "/api/connections/{id}/posts", connection),
  "readAccountNumbers path.id": byPath("POST", "/api/connections/{id}/numbers", connection, {}),
  "analytics query.connectionId": byPath("GET", "/api/analytics?connectionId={id}", connection),
  "postAnalytics path.postId": byPath("GET", "/api/analytics/{id}", post),
  "accountBudgets path.id": byPath("GET", "/api/connections/{id}/budgets", connection),
  "accountLimits path.id": byPath("GET", "/api/connections/{id}/limits", connection),
  "connectionHealth path.id": byPath("GET", "/api/connections/{id}/health", connection),
  "connectionEvents path.id": byPath("GET", "/api/connections/{id}/events", connection),
  "connectionTimeline path.id": byPath("GET", "/api/connections/{id}/timeline", connection),
  "deleteApp path.id": byPath("DELETE", "/api/apps/{id}", ownApp),
  "startOAuth body.appId": inBody("POST", "/api/oauth/instagram/start", ownApp, (appId) => ({
    appId,
    authKind: "instagram_login",
  })),
  "startOAuth body.connectionId": inBody(
    "POST",
    "/api/oauth/facebook/start",
    async (tenant) => (await pageConnection(tenant)).id,
    (connectionId) => ({ connectionId }),
  ),
  "getGrant path.id": byPath("GET", "/api/grants/{id}", grant),
  "createConnections body.grantId": inBody("POST", "/api/connections", grant, (grantId) => ({
    grantId,
    accounts: [{ platform: "facebook", externalId: knownPage }],
  })),
  "publish body.connectionId": inBody("POST", "/api/publish", connection, (connectionId) => ({
    connectionId,
    payload: { content: unique("Beans"), scheduledFor: far() },
  })),
  "publish body.payload.mediaIds": inBody("POST", "/api/publish", media, (id, { connectionId }) => ({
    connectionId,
    payload: { content: unique("Beans"), mediaIds: [id], scheduledFor: far() },
  })),
  "publish body.payload.media.id": inBody("POST", "/api/publish", media, (id, { connectionId }) => ({
    connectionId,
    payload: { content: unique("Beans"), media: [{ id }], scheduledFor: far() },
  })),
  "publish body.payload.link.thumbMediaId": inBody("POST", "/api/publish", media, (id, { connectionId }) => ({
    connectionId,
    payload: { text: unique("Beans"), link: card(id), scheduledFor: far() },
  })),
  "publish body.payload.mentions.id": inBody("POST", "/api/publish", mention, (id, { connectionId }) => ({
    connectionId,
    payload: { text: unique("By @Nordlys"), mentions: [{ id }], scheduledFor: far() },
  })),
  "getPublishJob path.jobId": {
    make: job,
    request: (id) => ({ method: "GET", path: `/api/publish/${id}` }),
  },
  "createPost body.targets.connectionId": inBody(
    "POST",
    "/api/posts",
    connection,
    draft((connectionId) => ({ targets: [{ connectionId }] })),
  ),
  "createPost body.mediaIds": inBody(
    "POST",
    "/api/posts",
    media,
    draft((id) => ({ mediaIds: [id] })),
  ),
  "createPost body.versions.*.mediaIds": inBody(
    "POST",
    "/api/posts",
    media,
    draft((id) => ({ versions: { bluesky: { mediaIds: [id] } } })),
  ),
  "createPost body.media.id": inBody(
    "POST",
    "/api/posts",
    media,
    draft((id) => ({ media: [{ id }] })),
  ),
  "createPost body.versions.*.media.id": inBody(
    "POST",
    "/api/posts",
    media,
    draft((id) => ({ versions: { bluesky: { media: [{ id }] } } })),
  ),
  "createPost body.link.thumbMediaId": inBody(
    "POST",
    "/api/posts",
    media,
    draft((id) => ({ link: card(id) })),
  ),
  "createPost body.versions.*.link.thumbMediaId": inBody(
    "POST",
    "/api/posts",
    media,
    draft((id) => ({ versions: { bluesky: { link: card(id) } } })),
  ),
  "createPost body.mentions.id": inBody(
    "POST",
    "/api/posts",
    mention,
    draft((id) => ({ text: unique("By @Nordlys"), content: undefined, mentions: [{ id }] })),
  ),
  "createPost body.versions.*.mentions.id": inBody(
    "POST",
    "/api/posts",
    mention,
    draft((id) => ({ versions: { bluesky: { text: unique("By @Nordlys"), mentions: [{ id }] } } })),
  ),
  "validatePost body.targets.connectionId": inBody(
    "POST",
    "/api/posts/validate",
    connection,
    draft((connectionId) => ({ targets: [{ connectionId }] })),
  ),
  "validatePost body.mediaIds": inBody(
    "POST",
    "/api/posts/validate",
    media,
    draft((id) => ({ mediaIds: [id] })),
  ),
  "validatePost body.versions.*.mediaIds": inBody(
    "POST",
    "/api/posts/validate",
    media,
    draft((id) => ({ versions: { bluesky: { mediaIds: [id] } } })),
  ),
  "validatePost body.media.id": inBody(
    "POST",
    "/api/posts/validate",
    media,
    draft((id) => ({ media: [{ id }] })),
  ),
  "validatePost body.versions.*.media.id": inBody(
    "POST",
    "/api/posts/validate",
    media,
    draft((id) => ({ versions: { bluesky: { media: [{ id }] } } })),
  ),
  "validatePost body.link.thumbMediaId": inBody(
    "POST",
    "/api/posts/validate",
    media,
    draft((id) => ({ link: card(id) })),
  ),
  "validatePost body.versions.*.link.thumbMediaId": inBody(
    "POST",
    "/api/posts/validate",
    media,
    draft((id) => ({ versions: { bluesky: { link: card(id) } } })),
  ),
  "validatePost body.mentions.id": inBody(
    "POST",
    "/api/posts/validate",
    mention,
    draft((id) => ({ text: unique("By @Nordlys"), content: undefined, mentions: [{ id }] })),
  ),
  "validatePost body.versions.*.mentions.id": inBody(
    "POST",
    "/api/posts/validate",
    mention,
    draft((id) => ({ versions: { bluesky: { text: unique("By @Nordlys"), mentions: [{ id }] } } })),
  ),
  "trialPost body.connectionId": trialOf(undefined, (connectionId) => ({ connectionId })),
  "trialPost body.mediaIds": trialOf(media, (id) => ({ mediaIds: [id] })),
  "trialPost body.media.id": trialOf(media, (id) => ({ media: [{ id }] })),
  "getPost path.id": byPath("GET", "/api/posts/{id}", post),
  "updatePost path.id": {
    make: post,
    request: (id) => ({ method: "PATCH", path: `/api/posts/${id}`, body: { content: unique("Changed") } }),
  },
  "updatePost body.targets.connectionId": patchOf(connection, (connectionId) => ({ targets: [{ connectionId }] })),
  "updatePost body.mediaIds": patchOf(media, (id) => ({ mediaIds: [id] })),
  "updatePost body.versions.*.mediaIds": patchOf(media, (id) => ({ versions: { bluesky: { mediaIds: [id] } } })),
  "updatePost body.media.id": patchOf(media, (id) => ({ media: [{ id }] })),
  "updatePost body.versions.*.media.id": patchOf(media, (id) => ({ versions: { bluesky: { media: [{ id }] } } })),
  "updatePost body.link.thumbMediaId": patchOf(media, (id) => ({ link: card(id) })),
  "updatePost body.versions.*.link.thumbMediaId": patchOf(media, (id) => ({
    versions: { bluesky: { link: card(id) } },
  })),
  "updatePost body.mentions.id": patchOf(mention, (id) => ({ text: unique("By @Nordlys"), mentions: [{ id }] })),
  "updatePost body.versions.*.mentions.id": patchOf(mention, (id) => ({
    versions: { bluesky: { text: unique("By @Nordlys"), mentions: [{ id }] } },
  })),
  "updateMention path.id": {
    make: mention,
    request: (id) => ({ method: "PATCH", path: `/api/mentions/${id}`, body: { name: unique("Changed") } }),
  },
  "deleteMention path.id": byPath("DELETE", "/api/mentions/{id}", mention),
  "deletePost path.id": byPath("DELETE", "/api/posts/{id}", post),
  "approvePost path.id": approvable(),
  "rejectPost path.id": byPath("POST", "/api/posts/{id}/reject", (tenant) => post(tenant, { mode: "ask" }), {}),
  "listJobs query.connectionId": {
    async make(tenant) {
      const id = await connection(tenant);
      await job({ ...tenant, connectionId: id });
      return id;
    },
    request: (id) => ({ method: "GET", path: `/api/jobs?connectionId=${id}` }),
  },
  "listJobs query.postId": {
    make: post,
    request: (id) => ({ method: "GET", path: `/api/jobs?postId=${id}` }),
  },
  "retryJob path.id": byPath("POST", "/api/jobs/{id}/retry", job, { at: far() }),
  "cancelJob path.id": byPath("POST", "/api/jobs/{id}/cancel", job),
  "removeJob path.id": byPath("POST", "/api/jobs/{id}/remove", liveJob),
  "resolveJob path.id": byPath("POST", "/api/jobs/{id}/resolve", unknownJob, { outcome: "leave" }),
  "replayDlq body.jobIds": inBody("POST", "/api/dlq/replay", failedJob, (id) => ({ jobIds: [id] })),
  "reconnectConnection path.id": byPath("POST", "/api/connections/{id}/reconnect", connection, {}),
  "backfillOffer path.id": byPath("GET", "/api/connections/{id}/backfill", connection),
  "backfillConnection path.id": byPath("POST", "/api/connections/{id}/backfill", connection, { action: "send_now" }),
  "backfillConnection body.jobs": {
    make: lateJob,
    request: (id, { connectionId }) => ({
      method: "POST",
      path: `/api/connections/${connectionId}/backfill`,
      body: { action: "drop", jobs: [id] },
    }),
  },
  "backfillAll body.jobs": inBody("POST", "/api/backfill", lateJob, (id) => ({
    action: "spread",
    over: 2,
    jobs: [id],
  })),
  "pause body.connectionId": inBody("POST", "/api/pause", connection, (connectionId) => ({
    scope: "connection",
    connectionId,
  })),
  "resume body.connectionId": inBody("POST", "/api/resume", connection, (connectionId) => ({
    scope: "connection",
    connectionId,
  })),
  "getMedia path.id": byPath("GET", "/api/media/{id}", media),
  "deleteMedia path.id": byPath("DELETE", "/api/media/{id}", media),
  "switchTenant body.tenantId": inBody(
    "POST",
    "/api/tenants/switch",
    async ({ id }) => id,
    (tenantId) => ({
      tenantId,
    }),
  ),
  "eraseTenant path.id": {
    make: anotherWorkspace,
    request: (id) => ({ method: "DELETE", path: `/api/tenants/${id}`, body: { confirm: "To erase" } }),
  },
  "getErasure path.id": byPath("GET", "/api/erasures/{id}", erasing),
  "takeErasureReport path.id": byPath("POST", "/api/erasures/{id}/report", erased),
  "changeMemberRole path.id": byPath("PATCH", "/api/members/{id}", member, { role: "viewer" }),
  "removeMember path.id": byPath("DELETE", "/api/members/{id}", member),
  "revokeInvitation path.id": byPath("DELETE", "/api/invitations/{id}", async (tenant) => (await invite(tenant)).id),
  "revokeApiKey path.id": byPath(
    "DELETE",
    "/api/api-keys/{id}",
    async ({ session }) => (await session.must("POST", "/api/api-keys", { name: "other", scopes: ["posts:read"] })).id,
  ),
};

/** Page every simulated Facebook sign-in offers; found at the first one. */
let knownPage = "";

/** Connects the tenant's Facebook Page, or finds it connected. */
export async function pageConnection(tenant: Tenant): Promise<{ readonly id: string }> {
  const { grantId } = await grantThroughBrowser(tenant.session, "facebook");
  const opened = await tenant.session.must("GET", `/api/grants/${grantId}`);
  const page = opened.accounts.find(
    (account: { platform: string; blocked?: string }) => account.platform === "facebook" && !account.blocked,
  );
  knownPage = page.externalId;
  const { connections } = await tenant.session.must("POST", "/api/connections", {
    grantId,
    accounts: [{ platform: "facebook", externalId: page.externalId }],
  });
  return connections[0];
}

/** A program with the tenant's key. */
export const program = ({ system, key }: Tenant): ApiSession => openSession(system.url, { apiKey: key });
