import {
  type ConnectorContext,
  constantTimeEqual,
  hmacSha256Hex,
  type InboundAnswer,
  type InboundEvent,
  type PlatformResult,
  rowsOf,
  type Secret,
  secret,
  sha256Hex,
  storableRemark,
  unlessGone,
  type VerifyInput,
  type WebhookSubscription,
  type Webhooks,
  webhookSignature,
} from "@postd/connector-kit";
import { ok } from "@postd/contracts";
import { z } from "zod";
import { api, Id } from "./api.ts";
import { readAudiences } from "./audiences.ts";

/** @source platforms/mailchimp.md "Webhooks", Signature */
const signature = webhookSignature({
  header: "x-mailchimp-signature",
  form: /^t=(?<t>\d{1,12}),\s*v1=(?<digest>[0-9a-fA-F]{64})$/,
  encoding: "hex",
  prefix: (t) => `${t}.`,
});

/**
 * What speaks for a subscription: a word in its address that only Mailchimp was told, and for each audience what its webhook
 * signs with; empty where it was given nothing.
 */
const Kept = z.object({ word: z.string().min(32), signing: z.record(z.string(), z.string()) });
type Kept = z.output<typeof Kept>;

function keptIn(key: Secret): Kept[] {
  try {
    const read = Kept.safeParse(JSON.parse(key.reveal()));
    return read.success ? [read.data] : [];
  } catch {
    return []; // No key of ours has another form; one that has speaks for nobody.
  }
}

const bodyOf = (rawBody: Uint8Array): URLSearchParams => new URLSearchParams(new TextDecoder().decode(rawBody));

/**
 * Mailchimp asks an address with a GET whether it is there, before it keeps it. What it sends then names the address's own
 * word, and is signed where it gave something to sign with; webhooks of older contracts have the word alone.
 */
function verify({ request, keys, now }: VerifyInput): InboundAnswer {
  if (request.method === "GET" || request.method === "HEAD")
    return { kind: "handshake", status: 200, body: "ok", contentType: "text/plain" };
  const refused = (reason: string): InboundAnswer => ({ kind: "refused", status: 401, reason });
  const { word = "" } = request.query;
  const ours = keys.flatMap(keptIn).filter((kept) => constantTimeEqual(kept.word, word));
  if (ours.length === 0) return refused("the address has not the word it was subscribed with");
  // Only some events are documented to name their audience.
  const list = bodyOf(request.rawBody).get("data[list_id]");
  const signing = ours.flatMap(({ signing: all }) =>
    Object.entries(all).flatMap(([of, key]) => (list === null || of === list ? [key] : [])),
  );
  if (signing.length === 0) return refused("its audience has no webhook of ours");
  if (signing.includes("")) return { kind: "accepted" };
  const verdict = signature(request, signing.map(secret), now);
  return verdict === "genuine" ? { kind: "accepted" } : refused(`the X-Mailchimp-Signature header is ${verdict}`);
}

/** Mailchimp's names of events, and ours. `campaign`: one was sent, or its sending was stopped. */
const types: Readonly<Record<string, string>> = {
  campaign: "post.changed",
  subscribe: "contact.subscribed",
  unsubscribe: "contact.unsubscribed",
  profile: "contact.changed",
  upemail: "contact.changed",
  cleaned: "contact.cleaned",
};

/** What is told of each; the account stands in the address, as Mailchimp does not name it. */
const told: Readonly<Record<string, string>> = {
  "data[list_id]": "list",
  "data[email]": "email",
  "data[old_email]": "oldEmail",
  "data[new_email]": "newEmail",
  "data[action]": "action",
  "data[reason]": "reason",
  "data[campaign_id]": "campaignId",
  "data[subject]": "subject",
  "data[status]": "status",
};

function parse({ rawBody, query }: Parameters<Webhooks["parse"]>[0]): InboundEvent[] {
  const body = bodyOf(rawBody);
  const name = body.get("type") ?? "";
  const type = Object.hasOwn(types, name) ? types[name] : undefined;
  const { account } = query;
  if (type === undefined || !account) return [];
  const firedAt = new Date(`${(body.get("fired_at") ?? "").replace(" ", "T")}Z`);
  const data = Object.fromEntries(
    Object.entries(told).flatMap(([field, ours]) => {
      const value = body.get(field);
      return value === null || value === "" ? [] : [[ours, storableRemark(value, 500)]];
    }),
  );
  const id = body.get("data[id]");
  return [
    {
      type,
      platform: "mailchimp",
      accountExternalId: account,
      // Its events have no id, and come again in the same words until one is taken.
      dedupeKey: `mailchimp:${sha256Hex(rawBody)}`,
      ...(!Number.isNaN(firedAt.getTime()) && { occurredAt: firedAt }),
      data: {
        event: name,
        ...data,
        ...(id && { [name === "campaign" ? "post" : "contact"]: storableRemark(id, 100) }),
      },
    },
  ];
}

/** More audiences than these are looked at daily and not told of. */
const MOST_AUDIENCES = 50;
const DAY_MS = 24 * 3_600_000;

const Hooks = z.object({ webhooks: rowsOf(z.object({ id: Id, url: z.string().default("") })) });
const Made = z.object({ id: Id, signing_secret: z.string().min(1).optional().catch(undefined) });

const hooksOf = (id: string): readonly (readonly [string, string])[] =>
  id.split(",").flatMap((pair) => {
    const [list, hook] = pair.split(":");
    return list && hook ? [[list, hook] as const] : [];
  });
const idOf = (hooks: readonly (readonly [string, string])[]): string => hooks.map((pair) => pair.join(":")).join(",");

/** Looked at again each day: audiences come and go, and Mailchimp switches off a webhook that was not answered for long. */
const endsAt = (ctx: ConnectorContext): Date => new Date(ctx.clock.now().getTime() + 2 * DAY_MS);

/** @source platforms/mailchimp.md "Webhooks" */
async function subscribe(ctx: ConnectorContext, { address }: { address: string }): PlatformResult<WebhookSubscription> {
  const lists = await readAudiences(ctx);
  if (!lists.ok) return lists;
  const word = hmacSha256Hex(ctx.credentials.accessToken, `webhook ${address}`);
  const url = new URL(address);
  url.searchParams.set("account", ctx.account.externalId);
  url.searchParams.set("word", word);
  const hooks: (readonly [string, string])[] = [];
  const signing: Record<string, string> = {};
  for (const { id: list } of lists.value.slice(0, MOST_AUDIENCES)) {
    const made = await hookFor(ctx, list, url);
    if (!made.ok) {
      await endAll(ctx, hooks);
      return made;
    }
    hooks.push([list, made.value.id]);
    signing[list] = made.value.signing_secret ?? "";
  }
  return ok({
    id: idOf(hooks),
    secret: secret(JSON.stringify({ word, signing } satisfies Kept)),
    expiresAt: endsAt(ctx),
  });
}

/**
 * One that was made when the answer was lost is still there: its key nobody knows, and what it sends would be refused until
 * Mailchimp gives up on it.
 */
async function hookFor(ctx: ConnectorContext, list: string, url: URL): PlatformResult<z.output<typeof Made>> {
  const path = ["lists", list, "webhooks"];
  const there = await api.get(ctx, path, Hooks);
  if (!there.ok) return there;
  const left = there.value.webhooks.filter((one) => one.url === url.href);
  const ended = await endAll(
    ctx,
    left.map(({ id }) => [list, id] as const),
  );
  return ended.ok ? api.read(ctx, { method: "POST", path, json: hookBody(url) }, Made) : ended;
}

/** What this very app writes is no news to it. */
const hookBody = (url: URL) => ({
  url: url.href,
  events: { subscribe: true, unsubscribe: true, profile: true, cleaned: true, upemail: true, campaign: true },
  sources: { user: true, admin: true, api: false },
});

async function endAll(ctx: ConnectorContext, hooks: readonly (readonly [string, string])[]): PlatformResult<void> {
  for (const [list, hook] of hooks) {
    const path = ["lists", list, "webhooks", hook];
    const ended = unlessGone(await api.send(ctx, { method: "DELETE", path, did: "end its events" }));
    if (!ended.ok) return ended;
  }
  return ok(undefined);
}

/** Whether every audience there is has its webhook still. */
async function isWhole(ctx: ConnectorContext, id: string): PlatformResult<boolean> {
  const lists = await readAudiences(ctx);
  if (!lists.ok) return lists;
  const known = new Map(hooksOf(id));
  const now = lists.value.slice(0, MOST_AUDIENCES);
  if (now.length !== known.size || now.some((list) => !known.has(list.id))) return ok(false);
  for (const [list, hook] of known) {
    const read = await api.get(ctx, ["lists", list, "webhooks"], Hooks);
    if (!read.ok) return read;
    if (!read.value.webhooks.some((one) => one.id === hook)) return ok(false);
  }
  return ok(true);
}

export const mailchimpWebhooks: Webhooks = {
  verify,
  parse,
  contentTypes: ["application/x-www-form-urlencoded"],
  secretQuery: ["word"],
  subscribe,
  async renew(ctx, { id, address }) {
    const whole = await isWhole(ctx, id);
    if (!whole.ok) return whole;
    if (whole.value) return ok({ id, expiresAt: endsAt(ctx) });
    // A key cannot be read later, so all are made anew together.
    const ended = await endAll(ctx, hooksOf(id));
    return ended.ok ? subscribe(ctx, { address }) : ended;
  },
  isSubscribed: (ctx, { id }) => isWhole(ctx, id),
  unsubscribe: (ctx, { id = "" }) => endAll(ctx, hooksOf(id)),
};
