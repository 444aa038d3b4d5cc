import { type Act, type Acts, actsOf } from "@postd/connector-kit/simulator";
import { z } from "zod";
import { instagramApp, metaApp } from "./apps.ts";
import { nodeFields } from "./fields.ts";
import { commentAsGuest, GuestComment } from "./guest-comment.ts";
import { accountTotals, demographicMetrics, mediaMetrics } from "./insight-metrics.ts";
import { makeByHand } from "./make-post.ts";
import { operations } from "./operations.ts";
import type { Settings } from "./settings.ts";
import { callBack } from "./webhooks.ts";
import type { World } from "./world.ts";

const act = actsOf<World>();
const id = z.string();

/** Switches, numbers and addresses, in force until reset. */
const setting = <S extends z.ZodObject>(schema: S, settings: (input: z.output<S>) => Partial<Settings>): Act<World> =>
  act(schema, ({ data }, input) => {
    Object.assign(data.settings, settings(input));
    return z.record(z.string(), z.json()).parse(input);
  });
const flag = (name: keyof Settings): Act<World> =>
  setting(z.strictObject({ on: z.boolean().default(true) }), ({ on }) => ({ [name]: on }));
const address = (name: keyof Settings): Act<World> =>
  setting(z.strictObject({ url: z.url().nullable() }), ({ url }) => ({ [name]: url ?? undefined }));

function pageNamed({ data }: World, pageId: string) {
  const page = data.pages.get(pageId);
  if (page === undefined) throw new RangeError(`no Page ${pageId}`);
  return page;
}

const hookOf = ({ data }: World, url: string | undefined): string => {
  const found = url ?? data.settings.webhookUrl;
  if (found === undefined) throw new RangeError("set an address with setWebhook first");
  return found;
};

/** Changes from outside the API, by name, and what the simulator says of itself. */
export const acts: Acts<World> = {
  duplicateCheck: flag("duplicateCheck"),
  requireAppsecretProof: flag("requireAppsecretProof"),
  wrapInstagramExchange: flag("wrapInstagramExchange"),
  permissionsAsList: flag("permissionsAsList"),
  ignoreOrientation: flag("ignoreOrientation"),
  setWebhook: address("webhookUrl"),
  setDeauthorize: address("deauthorizeUrl"),
  refuseTwoStep: setting(
    z.strictObject({ on: z.boolean().default(true), code: z.int().default(100), subcode: z.int().exactOptional() }),
    ({ on, ...refusal }) => ({ refuseTwoStep: on ? refusal : undefined }),
  ),
  setProcessing: setting(
    z.strictObject({ imageMs: z.int().min(0).exactOptional(), videoMs: z.int().min(0).exactOptional() }),
    ({ imageMs, videoMs }) => ({
      ...(imageMs === undefined ? {} : { imageProcessingMs: imageMs }),
      ...(videoMs === undefined ? {} : { videoProcessingMs: videoMs }),
    }),
  ),
  setQuota: setting(z.strictObject({ total: z.int().min(0) }), ({ total }) => ({ igQuotaTotal: total })),
  setUsage: setting(z.strictObject({ percent: z.int().min(0).max(100) }), ({ percent }) => ({ usagePercent: percent })),
  setViewers: act(z.strictObject({ id, viewers: z.int().min(0) }), ({ data }, input) => {
    data.settings.viewers.set(input.id, input.viewers);
    return input;
  }),

  /** The person leaves or loses the Page: its tokens answer 190/492 (meta.md §12). */
  loseRole: act(z.strictObject({ pageId: id, lost: z.boolean().default(true) }), (world, { pageId, lost }) => {
    pageNamed(world, pageId).roleLost = lost;
    return { pageId, lost };
  }),
  setTasks: act(z.strictObject({ pageId: id, tasks: z.array(z.string()) }), (world, { pageId, tasks }) => {
    pageNamed(world, pageId).tasks = tasks;
    return { pageId, tasks };
  }),
  /** A token ends with a subcode of 190, such as 460 after a new password (§12). */
  endTokens: act(z.strictObject({ token: z.string(), subcode: z.int().default(460) }), ({ data }, input) => {
    data.endedTokens.set(input.token, input.subcode);
    return { ended: 1 };
  }),
  /** The person removes the app: tokens die with 458 and the deauthorize callback is called (§3b.5). */
  removeApp: act(
    z.strictObject({ personId: id, login: z.enum(["facebook", "instagram"]).default("facebook") }),
    (world, { personId, login }) => {
      const { app_id, app_secret } = login === "facebook" ? metaApp : instagramApp;
      const own = world.data.igAccounts.all((account) => account.personId === personId);
      const userIds = login === "facebook" ? [personId] : own.map((account) => account.id);
      const removed = userIds.filter((userId) => world.tokens.endSubject(userId, app_id) > 0);
      for (const userId of removed) callBack(world, userId, app_secret);
      return { userIds: removed };
    },
  ),

  /** A person posts by hand: a twin no app made. */
  postByHand: act(z.strictObject({ accountId: id, text: z.string() }), (world, { accountId, text }) => ({
    id: makeByHand(world, accountId, text),
  })),
  /**
   * Somebody comments on a post, photo, video, Instagram media or comment. Without `authorId` a name is always the same person;
   * with the account's own id it is written by hand in the account's name.
   */
  comment: act(GuestComment, (world, input) => ({ id: commentAsGuest(world, input).id })),
  newestCommentsFirst: flag("newestCommentsFirst"),

  /** Sends any event as it is, signed (§11). */
  emit: act(
    z.strictObject({
      object: z.enum(["page", "instagram", "user", "permissions"]),
      entry: z.array(z.json()),
      app: z.enum(["meta", "instagram"]).default("meta"),
      url: z.url().optional(),
    }),
    (world, { object, entry, app, url }) => {
      const { app_secret: secret } = app === "meta" ? metaApp : instagramApp;
      world.hooks.send({ address: hookOf(world, url), secret }, object, { object, entry });
      return { sent: true };
    },
  ),
  /** Subscription handshake (§11): GET with hub.challenge; answers whether the raw challenge came back. */
  handshake: act(
    z.strictObject({ url: z.url().optional(), verifyToken: z.string().default(metaApp.webhook_verify_token) }),
    async (world, { url, verifyToken }) => {
      const challenge = world.newId();
      const params = { "hub.mode": "subscribe", "hub.challenge": challenge, "hub.verify_token": verifyToken };
      return { verified: (await world.hooks.challenge(hookOf(world, url), params))?.text === challenge };
    },
  ),

  /** What the simulator accepts and answers, to compare with the official description. */
  describe: act(z.strictObject({}), () => ({
    operations: operations.map(({ node, method, edge, params, scopes }) => ({ node, method, edge, params, scopes })),
    fields: Object.fromEntries(Object.entries(nodeFields).map(([node, { table }]) => [node, Object.keys(table)])),
    instagramMetrics: {
      media: [...new Set((["feed", "reel", "story"] as const).flatMap((kind) => mediaMetrics(kind, true)))],
      account: [...accountTotals, ...demographicMetrics],
    },
  })),
  /** Expired versions were called this often (§1). */
  expiredVersionCalls: act(z.strictObject({}), ({ data }) => ({ calls: data.expiredVersionCalls })),
};
