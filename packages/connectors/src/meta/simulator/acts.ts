import { randomWord } from "@postd/connector-kit/simulator";
import type { Json, JsonObject } from "@postd/contracts";
import { z } from "zod";
import { instagramApp, metaApp } from "./apps.ts";
import { nodeFields } from "./fields.ts";
import { isTokenSubcode } from "./graph-error.ts";
import { accountTotals, demographicMetrics, mediaMetrics } from "./insight-metrics.ts";
import { showPost } from "./make-post.ts";
import type { FbPost, IgMedia } from "./model.ts";
import { operations } from "./operations.ts";
import { endTokens } from "./tokens.ts";
import { callBack, emit, emitInstagramComment, emitPageComment } from "./webhooks.ts";
import type { World } from "./world.ts";

type Act = (world: World, input: JsonObject) => Json | Promise<Json>;

/** An act with its input checked; a ZodError names the wrong field. */
const act =
  <T>(schema: z.ZodType<T>, run: (world: World, input: T) => Json | Promise<Json>): Act =>
  (world, input) =>
    run(world, schema.parse(input));

const Switch = z.strictObject({ on: z.boolean().default(true) });
const Url = z.strictObject({ url: z.url().nullable() });

type Flag =
  | "duplicateCheck"
  | "requireAppsecretProof"
  | "wrapInstagramExchange"
  | "permissionsAsList"
  | "reelAnswersPostId"
  | "refuseCreatorStories";

const flag = (name: Flag): Act =>
  act(Switch, (world, { on }) => {
    world.data.settings[name] = on;
    return { [name]: on };
  });

const address = (name: "webhookUrl" | "deauthorizeUrl" | "dataDeletionUrl"): Act =>
  act(Url, (world, { url }) => {
    world.data.settings[name] = url ?? undefined;
    return { [name]: url };
  });

/** Changes from outside the API, by name. */
export const acts: Readonly<Record<string, Act>> = {
  duplicateCheck: flag("duplicateCheck"),
  requireAppsecretProof: flag("requireAppsecretProof"),
  wrapInstagramExchange: flag("wrapInstagramExchange"),
  permissionsAsList: flag("permissionsAsList"),
  reelAnswersPostId: flag("reelAnswersPostId"),
  refuseCreatorStories: flag("refuseCreatorStories"),
  setWebhook: address("webhookUrl"),
  setDeauthorize: address("deauthorizeUrl"),
  setDataDeletion: address("dataDeletionUrl"),

  refuseTwoStep: act(
    z.strictObject({ on: z.boolean().default(true), code: z.int().default(100), subcode: z.int().optional() }),
    (world, input) => {
      world.data.settings.refuseTwoStep = input.on
        ? { code: input.code, ...(input.subcode === undefined ? {} : { subcode: input.subcode }) }
        : undefined;
      return { refuseTwoStep: input.on };
    },
  ),
  setProcessing: act(
    z.strictObject({ imageMs: z.int().min(0).optional(), videoMs: z.int().min(0).optional() }),
    (world, input) => {
      const { settings } = world.data;
      settings.imageProcessingMs = input.imageMs ?? settings.imageProcessingMs;
      settings.videoProcessingMs = input.videoMs ?? settings.videoProcessingMs;
      return { imageMs: settings.imageProcessingMs, videoMs: settings.videoProcessingMs };
    },
  ),
  setQuota: act(z.strictObject({ total: z.int().min(0) }), (world, { total }) => {
    world.data.settings.igQuotaTotal = total;
    return { total };
  }),
  setUsage: act(z.strictObject({ percent: z.int().min(0).max(100) }), (world, { percent }) => {
    world.data.settings.usagePercent = percent;
    return { percent };
  }),
  setViewers: act(z.strictObject({ id: z.string(), viewers: z.int().min(0) }), (world, { id, viewers }) => {
    world.data.settings.viewers.set(id, viewers);
    return { id, viewers };
  }),

  /** The person leaves or loses the Page: its tokens answer 190/492 (meta.md §12). */
  loseRole: act(z.strictObject({ pageId: z.string(), lost: z.boolean().default(true) }), (world, { pageId, lost }) => {
    const page = world.data.pages.get(pageId);
    if (page === undefined) throw new RangeError(`no Page ${pageId}`);
    page.roleLost = lost;
    return { pageId, lost };
  }),
  setTasks: act(z.strictObject({ pageId: z.string(), tasks: z.array(z.string()) }), (world, { pageId, tasks }) => {
    const page = world.data.pages.get(pageId);
    if (page === undefined) throw new RangeError(`no Page ${pageId}`);
    page.tasks = tasks;
    return { pageId, tasks };
  }),
  /** Ends tokens of a person, or one token, with a subcode of 190: 458, 460, 463 ... */
  endTokens: act(
    z.strictObject({
      personId: z.string().optional(),
      token: z.string().optional(),
      subcode: z.int().refine(isTokenSubcode, "must be a subcode of 190").default(460),
    }),
    (world, { personId, token, subcode }) => ({
      ended: endTokens(
        world,
        (each) =>
          each.value === token ||
          (personId !== undefined && world.data.grants.get(each.grantId)?.personId === personId),
        subcode,
      ),
    }),
  ),
  withdrawPermission: act(
    z.strictObject({ personId: z.string(), permission: z.string() }),
    (world, { personId, permission }) => {
      const grants = [...world.data.grants.values()].filter(
        (grant) => grant.personId === personId && grant.permissions.has(permission),
      );
      for (const grant of grants) grant.permissions.set(permission, "declined");
      return { changed: grants.length };
    },
  ),
  /** The person removes the app: tokens die with 458 and the deauthorize callback is called (§3b.5). */
  removeApp: act(
    z.strictObject({ personId: z.string(), login: z.enum(["facebook", "instagram"]).default("facebook") }),
    (world, { personId, login }) => {
      const grants = [...world.data.grants.values()].filter(
        (grant) => grant.personId === personId && grant.login === login,
      );
      const ended = endTokens(world, (token) => grants.some((grant) => grant.id === token.grantId), 458);
      const { deauthorizeUrl } = world.data.settings;
      const userIds = login === "facebook" ? [personId] : grants.flatMap((grant) => [...grant.igIds]);
      if (deauthorizeUrl !== undefined)
        for (const id of userIds) callBack(world, deauthorizeUrl, "deauthorize", id, secretOf(login));
      return { ended, userIds };
    },
  ),
  requestDeletion: act(
    z.strictObject({ userId: z.string(), login: z.enum(["facebook", "instagram"]).default("facebook") }),
    (world, { userId, login }) => {
      const { dataDeletionUrl } = world.data.settings;
      if (dataDeletionUrl === undefined) throw new RangeError("set an address with setDataDeletion first");
      callBack(world, dataDeletionUrl, "data_deletion", userId, secretOf(login));
      return { userId };
    },
  ),

  /** Sends any event as it is, signed (§11). */
  emit: act(
    z.strictObject({
      object: z.enum(["page", "instagram", "user", "permissions"]),
      entry: z.array(z.json()),
      app: z.enum(["meta", "instagram"]).default("meta"),
      url: z.url().optional(),
    }),
    (world, input) => {
      const url = input.url ?? world.data.settings.webhookUrl;
      if (url === undefined) throw new RangeError("set an address with setWebhook first");
      emit(
        world,
        url,
        { object: input.object, entry: input.entry },
        input.app === "meta" ? metaApp.app_secret : instagramApp.app_secret,
      );
      return { sent: true };
    },
  ),
  /** Subscription handshake (§11): GET with hub.challenge; answers whether the raw challenge came back. */
  handshake: act(
    z.strictObject({ url: z.url().optional(), verifyToken: z.string().default(metaApp.webhook_verify_token) }),
    async (world, input) => {
      const address = input.url ?? world.data.settings.webhookUrl;
      if (address === undefined) throw new RangeError("set an address with setWebhook first");
      const challenge = String(Math.abs(Number.parseInt(world.env.randomId().slice(0, 7), 16)));
      const url = new URL(address);
      url.searchParams.set("hub.mode", "subscribe");
      url.searchParams.set("hub.challenge", challenge);
      url.searchParams.set("hub.verify_token", input.verifyToken);
      // The environment's only GET is the one that pulls media.
      const answer = await world.env.fetchMedia(url.href);
      return { verified: answer !== undefined && Buffer.from(answer.bytes).toString("utf8") === challenge };
    },
  ),
  settle: act(z.strictObject({}), async (world) => {
    await Promise.all(world.data.outbox);
    return { deliveries: world.data.deliveries.length };
  }),

  /** A person posts by hand: a twin no app made. */
  postByHand: act(z.strictObject({ accountId: z.string(), text: z.string() }), (world, { accountId, text }) => {
    if (world.data.pages.has(accountId)) return { id: handWritten(world, accountId, text).id };
    if (world.data.igAccounts.has(accountId)) return { id: handMade(world, accountId, text).id };
    throw new RangeError(`no account ${accountId}`);
  }),
  /** Somebody comments on a post or on Instagram media. */
  comment: act(
    z.strictObject({ objectId: z.string(), text: z.string(), name: z.string().default("Mara Lind") }),
    (world, input) => {
      const media = world.data.igMedia.get(input.objectId);
      const post = world.data.posts.get(input.objectId);
      if (media === undefined && post === undefined) throw new RangeError(`no post ${input.objectId}`);
      const comment = {
        id: post ? `${post.id.split("_").at(-1)}_${world.newId("18")}` : world.newId("17"),
        network: post ? ("facebook" as const) : ("instagram" as const),
        objectId: input.objectId,
        message: input.text,
        from: { id: world.newId("3"), name: input.name },
        createdAt: world.nowMs(),
        hidden: false,
        deleted: false,
        answeredPrivately: false,
      };
      world.data.comments.set(comment.id, comment);
      if (post) emitPageComment(world, post.pageId, comment, "add");
      else emitInstagramComment(world, comment);
      return { id: comment.id };
    },
  ),
  /** What the simulator accepts and answers, to compare with the official description. */
  describe: act(z.strictObject({}), () => ({
    operations: operations.map(({ node, method, edge, params, scopes }) => ({ node, method, edge, params, scopes })),
    fields: Object.fromEntries(Object.entries(nodeFields()).map(([node, { table }]) => [node, Object.keys(table)])),
    instagramMetrics: {
      media: [...new Set((["feed", "reel", "story"] as const).flatMap((kind) => mediaMetrics(kind, true)))],
      account: [...accountTotals, ...demographicMetrics],
    },
  })),
  /** Expired versions were called this often (§1). */
  expiredVersionCalls: act(z.strictObject({}), (world) => ({ calls: world.data.expiredVersionCalls })),
};

const secretOf = (login: "facebook" | "instagram"): string =>
  login === "facebook" ? metaApp.app_secret : instagramApp.app_secret;

function handWritten(world: World, pageId: string, text: string): FbPost {
  const now = world.nowMs();
  const post: FbPost = {
    id: `${pageId}_${world.newId("12")}`,
    pageId,
    kind: "text",
    message: text,
    photoIds: [],
    state: "unpublished",
    createdAt: now,
    updatedAt: now,
    isHidden: false,
  };
  world.data.posts.set(post.id, post);
  showPost(world, post, now);
  return post;
}

function handMade(world: World, igId: string, caption: string): IgMedia {
  const media: IgMedia = {
    id: world.newId("18"),
    igId,
    mediaType: "IMAGE",
    productType: "FEED",
    caption,
    shortcode: `D${randomWord(10)}`,
    childIds: [],
    liveAt: world.nowMs(),
    shareToFeed: true,
    details: { byHand: "true" },
    commentEnabled: true,
    deleted: false,
  };
  world.data.igMedia.set(media.id, media);
  return media;
}
