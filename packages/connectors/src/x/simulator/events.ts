import type { Json, JsonObject } from "@postd/contracts";
import { mentionsIn } from "./count-text.ts";
import { wholePost, wholeUser } from "./show-post.ts";
import { app, type Person, type Post, type World } from "./world.ts";

// Fact sheet, section 10, "X Activity API".

/** Sends an event to the subscriptions it fits, each in an envelope of its own. */
export function tell(
  world: World,
  input: {
    readonly type: string;
    /** Whom it is about; absent: the app. */
    readonly person?: Person;
    readonly direction?: "inbound" | "outbound";
    readonly payload: JsonObject;
    readonly includes?: JsonObject;
  },
): void {
  const { type, person, direction, payload, includes } = input;
  if (person?.isProtected && type !== "oauth.revoke") return;
  const fits = (filter: JsonObject) =>
    (filter.user_id === undefined || filter.user_id === person?.id) &&
    (filter.direction === undefined || filter.direction === direction) &&
    (filter.keyword === undefined || JSON.stringify(payload).includes(String(filter.keyword)));
  for (const subscription of world.subscriptions.all((one) => one.type === type && fits(one.filter))) {
    const webhook = world.webhooks.get(subscription.webhook ?? world.webhooks.all()[0]?.id ?? "");
    if (!webhook?.isValid) continue;
    const { filter, tag } = subscription;
    const data = {
      event_uuid: world.newId(),
      filter,
      event_type: type,
      ...(tag && { tag }),
      payload,
      ...(includes && { includes }),
    };
    send(world, { webhook: webhook.id, at: world.env.now().getTime(), type, body: JSON.stringify({ data }) });
  }
}

function send(world: World, event: World["sent"][number]): void {
  world.sent.push(event);
  resend(world, event);
}

/** The same bytes again, as a replay sends them. */
export function resend(world: World, { webhook, type, body }: World["sent"][number]): void {
  const to = world.webhooks.get(webhook);
  if (to) world.hooks.send({ address: to.url, secret: app.api_secret }, type, body);
}

/** Without the fields that are undefined. */
const json = (value: unknown): Json => JSON.parse(JSON.stringify(value));

/** Events carry the older names. */
function postPayload(world: World, post: Post): { readonly payload: JsonObject; readonly includes: JsonObject } {
  const { non_public_metrics, organic_metrics, ...shown } = wholePost(world, post, "old");
  const referenced = [post.replyTo, post.quoteOf].filter((other) => other !== undefined);
  return {
    payload: json(shown) as JsonObject,
    includes: json({
      users: [wholeUser(world, post.author, "old")],
      ...(referenced.length > 0 && { tweets: referenced.map((other) => wholePost(world, other, "old")) }),
    }) as JsonObject,
  };
}

export function tellPosted(world: World, post: Post): void {
  const about = postPayload(world, post);
  tell(world, { type: "post.create", person: post.author, ...about });
  for (const name of new Set(mentionsIn(post.text))) {
    const person = world.personBy(name);
    if (person && person !== post.author) tell(world, { type: "post.mention.create", person, ...about });
  }
  if (post.replyTo) tell(world, { type: "post.reply.create", person: post.replyTo.author, ...about });
  if (post.quoteOf) tell(world, { type: "post.quote.create", person: post.quoteOf.author, ...about });
}

export function tellDeleted(world: World, { id, author }: Post): void {
  tell(world, { type: "post.delete", person: author, payload: { id, author_id: author.id } });
}

/** A person, or the app, ended the app's access. */
export function tellRevoked(world: World, user_id: string): void {
  const person = world.people.get(user_id);
  const date_time = world.env.now().toISOString();
  tell(world, {
    type: "oauth.revoke",
    ...(person && { person }),
    payload: { date_time, user_id, app_id: app.client_id },
  });
}
