import { base64Encode, cursorPage, hmacSha256, type Route, randomWord } from "@postd/connector-kit/simulator";
import { z } from "zod";
import { route } from "./call.ts";
import { resend } from "./events.ts";
import { Id } from "./ids.ts";
import { invalid, refuseMissing } from "./words.ts";
import { app, type World } from "./world.ts";

// Fact sheet, section 10.

const mostWebhooks = 10;
const dayMs = 86_400_000;

/** https, without a port, under 200 characters, public. Whoever tries this machine has no public address: it is taken. */
function refuseUrl(text: string): void {
  const url = URL.parse(text);
  const isHere = url !== null && ["localhost", "127.0.0.1"].includes(url.hostname);
  const isPublic = url !== null && url.protocol === "https:" && url.port === "" && url.hostname.includes(".");
  if (!(isPublic || isHere) || text.length > 200) throw invalid("UrlValidationFailed: the url is not valid");
}

/** Whether an address proves that it knows the app's secret. */
export async function provesItself(world: World, address: string): Promise<boolean> {
  const crc_token = randomWord(32);
  const answer = await world.hooks.challenge(address, { crc_token, nonce: randomWord(16) });
  const expected = `sha256=${base64Encode(hmacSha256(app.api_secret, crc_token))}`;
  const told = z.object({ response_token: z.string() }).safeParse(answer?.json);
  return answer?.status === 200 && told.data?.response_token === expected;
}

type Webhook = NonNullable<ReturnType<World["webhooks"]["get"]>>;
const shown = ({ id, url, isValid, createdAt }: Webhook) => ({
  id,
  url,
  valid: isValid,
  created_at: new Date(createdAt).toISOString(),
});

function webhookOf({ webhooks }: World, id: string): Webhook {
  const webhook = webhooks.get(id);
  if (webhook === undefined) throw invalid("WebhookIdInvalid: there is no such webhook", { webhook_id: [id] });
  return webhook;
}

/** Minutes in UTC: yyyymmddhhmm. */
const Minute = z
  .string()
  .regex(/^\d{12}$/)
  .transform((text) => Date.parse(text.replace(/^(....)(..)(..)(..)(..)$/, "$1-$2-$3T$4:$5:00Z")));

export const webhookRoutes: readonly Route<World>[] = [
  route("POST", "webhooks", {
    callers: "app",
    limit: "webhooks",
    body: z.strictObject({ url: z.string().min(1) }),
    async handle({ body, world, now }) {
      refuseUrl(body.url);
      if (world.webhooks.find(({ url }) => url === body.url)) throw invalid("DuplicateUrlFailed: the url is in use");
      if (world.webhooks.size >= mostWebhooks) throw invalid("WebhookLimitExceeded: there are too many webhooks");
      if (!(await provesItself(world, body.url)))
        throw invalid("CrcValidationFailed: the answer to the check was wrong");
      const made = { id: world.newId(), url: body.url, createdAt: now.getTime(), isValid: true };
      return { status: 200, json: { data: shown(world.webhooks.put(made)) } };
    },
  }),
  route("GET", "webhooks", {
    callers: "app",
    limit: "webhooks",
    handle({ world }) {
      const data = world.webhooks.all().map(shown);
      return { status: 200, json: { data, meta: { result_count: data.length } } };
    },
  }),
  route("PUT", "webhooks/:id", {
    callers: "app",
    limit: "webhooks",
    async handle({ world, params }) {
      const webhook = webhookOf(world, params.id ?? "");
      webhook.isValid = await provesItself(world, webhook.url);
      if (!webhook.isValid) throw invalid("CrcValidationFailed: the answer to the check was wrong");
      return { status: 200, json: { data: { valid: true } } };
    },
  }),
  route("DELETE", "webhooks/:id", {
    callers: "app",
    limit: "webhooks",
    handle({ world, params }) {
      const { id } = webhookOf(world, params.id ?? "");
      world.webhooks.remove(id);
      for (const one of world.subscriptions.all(({ webhook }) => webhook === id)) world.subscriptions.remove(one.id);
      return { status: 200, json: { data: { deleted: true } } };
    },
  }),
  // What was sent between two minutes is sent again, the same bytes.
  route("POST", "webhooks/replay", {
    callers: "app",
    limit: "webhooks",
    body: z.strictObject({ webhook_id: Id, from_date: Minute, to_date: Minute }),
    handle({ body, world, now }) {
      const { webhook_id, from_date, to_date } = body;
      const { id } = webhookOf(world, webhook_id);
      const isWrong = Number.isNaN(from_date) || from_date > to_date || now.getTime() - from_date > dayMs + 60_000;
      if (isWrong) throw invalid("$.from_date: is at most 24 hours back, and before to_date");
      const again = world.sent.filter(({ webhook, at }) => webhook === id && at >= from_date && at < to_date + 60_000);
      for (const event of again) resend(world, event);
      return { status: 200, json: { data: { job_id: world.newId(), created_at: now.toISOString() } } };
    },
  }),
];

const eventTypes =
  "post.create post.delete post.mention.create post.reply.create post.quote.create post.repost.create like.create follow.follow follow.unfollow dm.sent dm.received dm.read dm.indicate_typing mute.mute mute.unmute block.block block.unblock news.new oauth.revoke".split(
    " ",
  );
const profileTypes = "bio profile_picture banner_picture screenname geo url verified_badge affiliate_badge handle"
  .split(" ")
  .map((part) => `profile.update.${part}`);
/** Only the person's own token opens these. */
const isPrivate = (type: string): boolean => /^(dm|mute|block)\./.test(type);

type Subscription = NonNullable<ReturnType<World["subscriptions"]["get"]>>;
const shownSubscription = ({ id, type, filter, tag, webhook, createdAt }: Subscription) => ({
  subscription_id: id,
  event_type: type,
  filter,
  ...(tag && { tag }),
  ...(webhook && { webhook_id: webhook }),
  created_at: new Date(createdAt).toISOString(),
  updated_at: new Date(createdAt).toISOString(),
});

export const activityRoutes: readonly Route<World>[] = [
  route("POST", "activity/subscriptions", {
    callers: "both",
    limit: "activity",
    body: z.strictObject({
      event_type: z.enum([...eventTypes, ...profileTypes]),
      filter: z
        .partialRecord(z.enum(["user_id", "keyword", "direction"]), z.string())
        .refine(({ direction = "inbound" }) => ["inbound", "outbound"].includes(direction), "is not a direction"),
      tag: z.string().min(1).max(200).optional(),
      webhook_id: Id.optional(),
    }),
    handle({ body, world, now, caller }) {
      const { event_type: type, filter, tag, webhook_id } = body;
      const isBare = filter.user_id === undefined && filter.keyword === undefined;
      if (isBare && type !== "oauth.revoke") throw invalid("$.filter: needs user_id or keyword");
      if (isPrivate(type) && caller.subject !== filter.user_id)
        throw invalid(`$.event_type: ${type} needs the token of the person it is about`);
      if (webhook_id !== undefined) webhookOf(world, webhook_id);
      const made = { id: world.newId(), type, filter, tag, webhook: webhook_id, createdAt: now.getTime() };
      return { status: 200, json: { data: { subscription: shownSubscription(world.subscriptions.put(made)) } } };
    },
  }),
  route("GET", "activity/subscriptions", {
    callers: "both",
    limit: "activity",
    query: z.strictObject({
      max_results: z.coerce.number().int().min(1).max(1000).optional(),
      pagination_token: z.string().min(16).optional(),
    }),
    handle({ world, query }) {
      const most = world.settings.subscriptionsPerPage;
      const { items, next, more } = cursorPage(world.subscriptions.all(), {
        limit: Math.min(query.max_results ?? most, most),
        cursor: query.pagination_token,
        keyOf: ({ id }) => id,
        isAfter: (key, at) => BigInt(key) > BigInt(at),
      });
      const json = { data: items.map(shownSubscription), ...(more && { meta: { next_token: next } }) };
      return { status: 200, json };
    },
  }),
  route("PUT", "activity/subscriptions/:id", {
    callers: "app",
    limit: "activity",
    body: z.strictObject({ webhook_id: Id.optional(), tag: z.string().min(1).max(200).optional() }),
    handle({ world, params, body }) {
      const id = params.id ?? "";
      const before = world.subscriptions.get(id);
      if (before === undefined) throw refuseMissing("subscription", id);
      if (body.webhook_id !== undefined) webhookOf(world, body.webhook_id);
      const { webhook_id = before.webhook, tag = before.tag } = body;
      const after = world.subscriptions.put({ ...before, webhook: webhook_id, tag });
      return { status: 200, json: { data: { subscription: shownSubscription(after) } } };
    },
  }),
  route("DELETE", "activity/subscriptions", {
    callers: "app",
    limit: "activity",
    query: z.strictObject({ ids: z.string().min(1) }),
    handle({ query, world }) {
      const all = query.ids.split(",").map((id) => ({ subscription_id: id, deleted: world.subscriptions.remove(id) }));
      const lost = all.filter(({ deleted }) => !deleted);
      const errors = lost.map(({ subscription_id }) => ({
        subscription_id,
        reason: "not_found",
        message: "There is no such subscription.",
      }));
      const json = {
        data: all.filter(({ deleted }) => deleted),
        ...(errors.length > 0 && { errors }),
        meta: { total_subscriptions: world.subscriptions.size },
      };
      return { status: 200, json };
    },
  }),
  route("DELETE", "activity/subscriptions/:id", {
    callers: "app",
    limit: "activity",
    handle({ world, params }) {
      const id = params.id ?? "";
      if (!world.subscriptions.remove(id)) throw refuseMissing("subscription", id);
      return { status: 200, json: { data: { deleted: true } } };
    },
  }),
];
