import {
  base64Encode,
  type ConnectorContext,
  hmacSha256,
  type PlatformFailure,
  type PlatformResult,
  rowsOf,
  signedRequests,
  unlessGone,
  type WebhookSubscription,
  type Webhooks,
  webhookEvents,
  withChallenge,
} from "@postd/connector-kit";
import { fail, ok } from "@postd/contracts";
import { z } from "zod";
import { api, appApi, Id, orNone } from "./api.ts";
import { READ } from "./sign-in.ts";
import { plain } from "./texts.ts";

/** Signed with the consumer secret of the app, and not with that of OAuth 2. @source platforms/x.md section 10 */
const verify = withChallenge(
  {
    parameter: "crc_token",
    // A body that is signed holds braces and quotes, so it never has this form.
    form: /^[\w+/=.-]{1,200}$/,
    keyName: "POSTD_X_API_SECRET",
    answer: (token, key) => ({ response_token: `sha256=${base64Encode(hmacSha256(key, token))}` }),
  },
  signedRequests({
    header: "x-twitter-webhooks-signature",
    form: /^sha256=(?<digest>[A-Za-z0-9+/]{43}=)$/,
    encoding: "base64",
  }),
);

const types = {
  "post.mention.create": "mention.created",
  "post.reply.create": "comment.created",
  "post.quote.create": "post.shared",
  "post.delete": "post.changed",
  "oauth.revoke": "account.deauthorized",
};
/** Those an account's events are subscribed to; each of the first three is billed. */
const wanted = ["post.mention.create", "post.reply.create", "post.quote.create", "post.delete"] as const;
/** X's pages tell of it and its description does not, so a no to it is taken. @source platforms/x.md section 10 */
const REVOKED = "oauth.revoke";

const Text = z.string().max(500).optional().catch(undefined);
const Payload = z.object({
  id: Text,
  text: Text,
  author_id: Text,
  conversation_id: Text,
  user_id: Text,
  date_time: Text,
  created_at: Text,
});
const Event = z
  .object({
    data: z.object({
      event_uuid: z.string().min(1).max(200),
      event_type: z.string(),
      filter: orNone(z.object({ user_id: orNone(Id) })),
      payload: z.unknown(),
    }),
  })
  .transform(({ data: { event_uuid, event_type, filter, payload } }) => {
    const { id, text, author_id, conversation_id, user_id, date_time, created_at } =
      Payload.safeParse(payload).data ?? {};
    const account = filter?.user_id ?? user_id;
    if (account === undefined) return [];
    const at = Date.parse(date_time ?? created_at ?? "");
    return [
      {
        name: event_type,
        accountExternalId: account,
        key: event_uuid,
        ...(!Number.isNaN(at) && { atMs: at }),
        data: {
          event: event_type,
          post: id,
          text: text && plain(text),
          author: author_id,
          conversation: conversation_id,
        },
      },
    ];
  });
const parse = webhookEvents({ platform: "x", body: Event, types });

const Hook = z.object({ id: Id, url: z.string(), valid: z.boolean().default(true) });
const Hooks = z.object({ data: rowsOf(Hook).default([]) });
const Subscription = z.object({
  subscription_id: z.string().min(1).max(100),
  event_type: z.string(),
  filter: z.object({ user_id: z.string().optional() }).default({}),
  webhook_id: z.string().optional(),
});
const Subscriptions = z.object({
  data: rowsOf(Subscription).default([]),
  meta: z.object({ next_token: z.string().optional() }).optional(),
});
const Made = z.object({ data: z.union([Subscription, z.object({ subscription: Subscription })]) });

const noToken: PlatformFailure = {
  kind: "operator_must_act",
  what: "X's events need the bearer token of the app",
  message: "Events of X need POSTD_X_BEARER_TOKEN and POSTD_X_API_SECRET, both of the app's page in X's console.",
};

/**
 * The app has one webhook for this server, and may have few: what names an account in its address is left out, as X signs with
 * the app's key alone. X asks at once whether the address is ours.
 */
async function hookAt(ctx: ConnectorContext, named: string): PlatformResult<string> {
  const [address = ""] = named.split("?");
  const hooks = await appApi.get(ctx, "webhooks", Hooks, { about: "account" });
  if (!hooks.ok) return hooks;
  const known = hooks.value.data.find(({ url }) => url === address);
  if (known?.valid) return ok(known.id);
  const call = known
    ? ({ method: "PUT", path: ["webhooks", known.id] } as const)
    : ({ method: "POST", path: "webhooks", json: { url: address } } as const);
  const made = await appApi.send(ctx, { ...call, about: "account" });
  if (!made.ok) return made;
  if (known) return ok(known.id);
  const told = z.object({ data: Hook }).or(Hook).safeParse(made.value.json).data;
  if (told) return ok("data" in told ? told.data.id : told.id);
  return fail({ kind: "unavailable", message: "X took the webhook and did not name it." });
}

/** Everything the app is subscribed to, for all its accounts. */
const subscriptions = (ctx: ConnectorContext) =>
  appApi.readAll(
    ctx,
    { method: "GET", path: "activity/subscriptions", query: { max_results: 1_000 }, about: "account" },
    Subscriptions,
    {
      rows: ({ data }) => data,
      next: ({ meta }) => (meta?.next_token ? { query: { pagination_token: meta.next_token } } : undefined),
    },
  );

/** X gives an address up that fails for about 28 hours and tells nobody, so it is looked at twice a day. @source platforms/x.md section 10 */
const KNOWN_MS = 24 * 60 * 60_000;

/**
 * Subscribed once, whoever asks again, as each event is billed: what is there already is kept, and led here where it went to
 * an address POSTD had before.
 */
async function subscribe(ctx: ConnectorContext, { address }: { address: string }): PlatformResult<WebhookSubscription> {
  if (!ctx.app.secret("bearer_token") || !ctx.app.secret("api_secret")) return fail(noToken);
  const hook = await hookAt(ctx, address);
  if (!hook.ok) return hook;
  const user_id = ctx.account.externalId;
  const there = await subscriptions(ctx);
  if (!there.ok) return there;
  const ids: string[] = [];
  for (const event_type of [...wanted, REVOKED]) {
    const known = there.value.find((one) => one.event_type === event_type && one.filter.user_id === user_id);
    const kept = known ? await leadTo(ctx, hook.value, known) : await subscribeTo(ctx, hook.value, event_type);
    if (kept.ok) ids.push(kept.value);
    else if (event_type !== REVOKED) return kept;
  }
  return ok({ id: ids.join(","), expiresAt: new Date(ctx.clock.now().getTime() + KNOWN_MS) });
}

async function leadTo(
  ctx: ConnectorContext,
  hook: string,
  { subscription_id, webhook_id = hook }: z.output<typeof Subscription>,
): PlatformResult<string> {
  if (webhook_id === hook) return ok(subscription_id);
  const call = { method: "PUT", path: ["activity", "subscriptions", subscription_id], about: "object" } as const;
  const led = await appApi.send(ctx, { ...call, json: { webhook_id: hook } });
  return led.ok ? ok(subscription_id) : led;
}

async function subscribeTo(ctx: ConnectorContext, webhook_id: string, event_type: string): PlatformResult<string> {
  const json = { event_type, filter: { user_id: ctx.account.externalId }, webhook_id };
  const call = { method: "POST", path: "activity/subscriptions", json, about: "account", needs: READ } as const;
  const made = await api.read(ctx, call, Made);
  if (!made.ok) return made;
  const { data } = made.value;
  return ok("subscription" in data ? data.subscription.subscription_id : data.subscription_id);
}

export const xWebhooks: Webhooks = {
  verify,
  parse,
  subscribe,
  /** The hook must still be valid too: X gives one up whose address fails for long. */
  async isSubscribed(ctx, { id }) {
    const there = await subscriptions(ctx);
    if (!there.ok) return there;
    const hooks = await appApi.get(ctx, "webhooks", Hooks, { about: "account" });
    if (!hooks.ok) return hooks;
    const valid = hooks.value.data.filter((hook) => hook.valid).map((hook) => hook.id);
    const known = new Map(there.value.map((one) => [one.subscription_id, one.webhook_id]));
    return ok(id.split(",").every((one) => known.has(one) && valid.includes(known.get(one) ?? valid[0] ?? "")));
  },
  async unsubscribe(ctx, { id }) {
    if (!id || !ctx.app.secret("bearer_token")) return ok(undefined);
    const call = { method: "DELETE", path: "activity/subscriptions", query: { ids: id }, about: "object" } as const;
    return unlessGone(await appApi.send(ctx, call));
  },
};
