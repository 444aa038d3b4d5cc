import { Readable } from "node:stream";
import { fail, type JobView, ok, operationsById, type ServiceError } from "@postd/contracts";
import type { HttpConfig, HttpServices } from "../deps.ts";
import { defined } from "../handler.ts";

export const testConfig: HttpConfig = {
  version: "0.0.0-test",
  publicUrl: "http://localhost:3000",
  trustedOrigins: [],
  trustedProxies: [],
  simulated: true,
  jsonMaxBytes: 100_000,
  webhookMaxBytes: 100_000,
  mediaMaxBytes: 50_000,
  rateLimits: { perKeyPerMinute: 100_000, perTenantPerMinute: 100_000, perAddressPerMinute: 100_000 },
  checkResponses: true,
};

/** What every fake answers to an id it does not know. */
export const unknownId = "0195ffffffffffffffffffffffffffff";
const missing: ServiceError = { code: "not_found", detail: "There is no such thing here." };
const known = (id: string) => !id.endsWith(unknownId);

/** Services that answer the examples of the operations, and remember creating calls by key. */
export function fakeServices(): Omit<HttpServices, "people" | "signIn"> {
  const { example: jobExample } = operationsById.getPublishJob;
  const { example: postExample } = operationsById.getPost;
  const job = operationsById.getPublishJob.response.parse(jobExample.response);
  const post = operationsById.getPost.response.parse(postExample.response);
  const media = operationsById.getMedia.response.parse(operationsById.getMedia.example.response);
  const connection = operationsById.getConnection.response.parse(operationsById.getConnection.example.response);
  const grant = operationsById.getGrant.response.parse(operationsById.getGrant.example.response);
  const mention = operationsById.createMention.response.parse(operationsById.createMention.example.response);
  const analytics = operationsById.analytics.response.parse(operationsById.analytics.example.response);
  const [accountPost] = operationsById.accountPosts.response.parse(operationsById.accountPosts.example.response).items;
  if (!accountPost) throw new Error("the example shows no post");
  const entry = operationsById.markInboxEntry.response.parse(operationsById.markInboxEntry.example.response);
  const reply = operationsById.replyToInboxEntry.response.parse(operationsById.replyToInboxEntry.example.response);
  const [dead] = operationsById.listDeadInbound.response.parse(operationsById.listDeadInbound.example.response).items;
  const [event] = operationsById.connectionEvents.response.parse(
    operationsById.connectionEvents.example.response,
  ).items;
  if (!dead || !event) throw new Error("the examples show nothing that arrived");
  const notification = operationsById.readNotification.response.parse(operationsById.readNotification.example.response);
  const preferences = operationsById.getNotificationPreferences.response.parse(
    operationsById.getNotificationPreferences.example.response,
  );
  const chat = operationsById.testNotificationChannel.response.parse(
    operationsById.testNotificationChannel.example.response,
  );
  const erased = operationsById.getErasure.response.parse(operationsById.getErasure.example.response);
  const auditPage = operationsById.listAudit.response.parse(operationsById.listAudit.example.response);
  const byKey = new Map<string, JobView>();
  const one = async <T>(id: string, view: T) => (known(id) ? ok({ ...view, id }) : fail(missing));
  const wished = async <T>(id: string, view: T) =>
    known(id) ? ok({ view: { ...view, id }, waits: false }) : fail(missing);
  const page = async <T>(item: T) => ok({ items: [item], nextCursor: "bmV4dA" });
  const app = operationsById.createApp.response.parse(operationsById.createApp.example.response);
  return {
    eventStreams: {
      open: async () => ok(Readable.from([String(operationsById.streamEvents.example.response)])),
      close: async () => {},
    },
    erasures: {
      erase: async (_me, id) => (known(id) ? ok(erased) : fail(missing)),
      get: (_me, id) => one(id, erased),
      list: async () => ok({ items: [erased] }),
      takeReport: (_me, id) => one(id, erased),
      deletionDone: async () => undefined,
    },
    audit: {
      list: async () => ok({ items: auditPage.items }),
      all: async function* () {
        yield* auditPage.items;
      },
    },
    apps: {
      list: async () => ok({ items: [app] }),
      create: async () => ok(app),
      remove: async (_caller, id) => (known(id) ? ok({ deleted: true as const }) : fail(missing)),
    },
    publishing: {
      publish: async (_caller, input, key) => {
        const replayed = key !== undefined && byKey.has(key);
        const view = (key === undefined ? undefined : byKey.get(key)) ?? { ...job, connectionId: input.connectionId };
        if (key !== undefined) byKey.set(key, view);
        return ok({ view, replayed });
      },
      createPost: async () => ok({ view: post, replayed: false }),
      reply: async () => ok({ view: post, replayed: false }),
      validatePost: async (_caller, input) =>
        ok({ ok: true, targets: input.targets.map(({ connectionId }) => ({ connectionId, problems: [] })) }),
      trialPost: async () => ok({ sent: true, simulated: true }),
      getPost: (_caller, id) => one(id, post),
      listPosts: () => page(post),
      updatePost: (_caller, id) => wished(id, post),
      deletePost: (_caller, id) => wished(id, post),
      decidePost: (_caller, id) => wished(id, post),
      getJob: (_caller, id) => one(id, job),
      listJobs: () => page(job),
      retryJob: (_caller, id) => wished(id, job),
      cancelJob: (_caller, id) => wished(id, job),
      removeJob: async (_caller, id) => (known(id) ? ok({ view: { ...job, id }, waits: true }) : fail(missing)),
      resolveJob: (_caller, id) => one(id, job),
      listDlq: async () => ok({ groups: [] }),
      replayDlq: async () => ok({ replayed: 0, refused: [] }),
      pause: async () => ok({ paused: true }),
      resume: async () => ok({ paused: false, released: 0 }),
    },
    backfill: {
      offer: async (_caller, { connectionId }) =>
        connectionId === undefined || known(connectionId)
          ? ok(operationsById.backfillOffers.response.parse(operationsById.backfillOffers.example.response))
          : fail(missing),
      decide: async (_caller, { connectionId }) => {
        const view = operationsById.backfillAll.response.parse(operationsById.backfillAll.example.response);
        return connectionId === undefined || known(connectionId) ? ok({ view, replayed: false }) : fail(missing);
      },
    },
    desk: {
      reasons: async () =>
        ok(operationsById.deskReasonCounts.response.parse(operationsById.deskReasonCounts.example.response)),
      audits: async () => ok(operationsById.deskAudits.response.parse(operationsById.deskAudits.example.response)),
    },
    analytics: {
      ofPost: (_caller, id) => one(id, { postId: id as never, targets: [], simulated: true }),
      summary: async () => ok(analytics),
      table: async () => ok((async function* () {})()),
      accountPosts: async (_caller, id) => (known(id) ? page(accountPost) : fail(missing)),
      readNow: (_caller, id) => one(id, { connectionId: id as never }),
    },
    inboxEntries: {
      list: () => page(entry),
      get: (_caller, id) => one(id, { ...entry, thread: [entry] }),
      mark: (_caller, id) => one(id, entry),
      tend: (_caller, id) => one(id, entry),
      counts: async () => ok({ open: 1, snoozed: 0, done: 0, unread: 1, mine: 0, unassigned: 1 }),
      reply: async (_caller, id) => (known(id) ? ok({ view: reply, replayed: false }) : fail(missing)),
      hide: (_caller, id) => one(id, entry),
      like: (_caller, id) => one(id, entry),
      readNow: (_caller, id) => one(id, { connectionId: id as never }),
    },
    notices: {
      list: async () => ok({ items: [notification], nextCursor: "bmV4dA", unread: 1 }),
      mark: (_caller, id) => one(id, notification),
      markAll: async () => ok({ marked: 0, unread: 0 }),
      preferences: async () => ok(preferences),
      setPreferences: async () => ok(preferences),
      channels: async () => ok({ items: [chat] }),
      addChannel: async () => ok(chat),
      changeChannel: (_caller, id) => one(id, chat),
      removeChannel: async (_caller, id) => (known(id) ? ok({ deleted: true as const }) : fail(missing)),
      testChannel: (_caller, id) => one(id, chat),
    },
    mentions: {
      list: () => page(mention),
      create: async () => ok(mention),
      update: (_caller, id) => one(id, mention),
      remove: (_caller, id) => one(id, mention),
    },
    links: { preview: async (_caller, { url }) => ok({ url, title: new URL(url).host }) },
    ownerLinks: {
      make: (_caller, id) =>
        one(id, {
          connectionId: id as never,
          link: "https://example.com/links/reconnect/x",
          expiresAt: "2026-03-02T09:00:00.000Z",
          simulated: true,
        }),
      look: async () => ({ state: "closed" }),
      use: async () => ({ outcome: { kind: "closed" } }),
      linkFor: async () => undefined,
    },
    connections: {
      startOAuth: async () =>
        ok({ authUrl: "https://example.com/authorize", state: "s", expiresAt: "2026-03-02T09:00:00.000Z" }),
      reconnect: async (_caller, id) => {
        const { example, response } = operationsById.reconnectConnection;
        if (!known(id)) return fail(missing);
        const { connection: _none, ...started } = response.parse(example.response);
        return ok(defined({ ...started, fields: undefined }));
      },
      finishOAuth: async (_caller, input) =>
        input.callback.error
          ? fail({ code: "platform_refused", detail: "The person said no." })
          : ok({ grantId: grant.id as never }),
      getGrant: (_caller, id) => one(id, grant),
      connectFromGrant: async () => ok({ connections: [connection] }),
      connectWithKeys: async () => ok({ connections: [connection] }),
      list: () => page(connection),
      get: (_caller, id) => one(id, connection),
      describe: (_caller, id) => one(id, connection),
      disconnect: async (_caller, id) =>
        known(id)
          ? ok({ connection: { ...connection, id }, revokedAtPlatform: true, handedOver: 0, waits: false })
          : fail(missing),
      refresh: (_caller, id) => one(id, connection),
      check: (_caller, id) => one(id, connection),
      destinations: (_caller, id) => one(id, { required: false, items: [], simulated: true }),
      budgets: (_caller, id) => one(id, { items: [], simulated: true }),
      limits: (_caller, id) => one(id, { limits: {}, simulated: true }),
      timeline: () => page({ action: "connected" }),
      health: () =>
        page(
          operationsById.connectionHealth.response.shape.items.element.parse(
            operationsById.connectionHealth.example.response.items[0],
          ),
        ),
      contacts: {
        find: (_caller, id) => one(id, { items: [], simulated: true }),
        save: (_caller, id) =>
          one(id, operationsById.saveContact.response.parse(operationsById.saveContact.example.response)),
        saveMany: (_caller, id) => one(id, { saved: [], refused: [], simulated: true }),
        tag: (_caller, id) => one(id, { done: true, simulated: true }),
        archive: (_caller, id) => one(id, { done: true, simulated: true }),
      },
    },
    media: {
      upload: async (_caller, input) => {
        let sizeBytes = 0;
        for await (const chunk of input.stream) sizeBytes += chunk.byteLength;
        const said = input.more ? await input.more() : ok({ altText: undefined });
        if (!said.ok) return said;
        const { altText = input.altText } = said.value;
        return ok({ ...media, sizeBytes, ...(altText === undefined ? {} : { altText }) });
      },
      settings: async () => ok({ keepOriginals: false }),
      changeSettings: async (_caller, settings) => ok(settings),
      fetchFromUrl: async () => ok(media),
      fitted: async (_caller, source) => ok(source),
      get: (_caller, id) => one(id, media),
      remove: (_caller, id) => one(id, media),
      openSigned: async ({ path }) =>
        path.endsWith("/good")
          ? {
              open: async function* (range) {
                yield new TextEncoder().encode("bytes").subarray(range?.from, range?.to);
              },
              sizeBytes: 5,
              etag: '"good.png"',
              mimeType: "image/png",
            }
          : undefined,
    },
    platforms: {
      list: async () => operationsById.listPlatforms.response.parse(operationsById.listPlatforms.example.response),
      isSimulated: () => true,
    },
    health: {
      ready: async () => ({ ready: true, checks: [{ name: "database", ok: true }] }),
      health: async () => operationsById.health.response.parse(operationsById.health.example.response),
      queue: async () => operationsById.healthQueue.response.parse(operationsById.healthQueue.example.response),
      metrics: async () => operationsById.healthMetrics.response.parse(operationsById.healthMetrics.example.response),
    },
    inbound: {
      receive: async (provider, request) => {
        if (provider !== "meta" && provider !== "facebook") return { kind: "unknown_provider" };
        if (request.method === "GET")
          return {
            kind: "handshake",
            status: 200,
            body: request.query["hub.challenge"] ?? "",
            contentType: "text/plain",
          };
        return request.headers["x-hub-signature-256"] === `length=${request.rawBody.byteLength}`
          ? { kind: "accepted" }
          : { kind: "refused", status: 401, reason: "The signature does not fit the body." };
      },
    },
    inboundDesk: {
      dead: () => page(dead),
      replay: async (_caller, id) => (known(id) ? ok({ replayed: 1 }) : fail(missing)),
      replayMany: async () => ok({ replayed: 1, more: false }),
      events: async (_caller, id) => (known(id) ? page(event) : fail(missing)),
    },
    metrics: { render: async () => ({ contentType: "text/plain; version=0.0.4", text: "postd_up 1\n" }) },
  };
}
