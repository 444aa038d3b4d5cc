import { type Call, hmacSha256Hex, offsetPage, type Route } from "@postd/connector-kit/simulator";
import { z } from "zod";
import { appOf, created, mayActAs, ownPage, rest, route } from "./call.ts";
import { recordParam } from "./rest-li.ts";
import { badField, denied, notFound, refuse } from "./words.ts";
import { apps, type Comment, type Post, type World } from "./world.ts";

// Fact sheet, "Comments / reactions", "Webhooks".

const eventType = "ORGANIZATION_SOCIAL_ACTION_NOTIFICATIONS";
const Input = z.strictObject({
  actor: z.string(),
  object: z.string().optional(),
  message: z.strictObject({ text: z.string().min(1).max(1250), attributes: z.array(z.unknown()).optional() }),
  parentComment: z.string().optional(),
});

function postOf({ world, params }: Pick<Call<World>, "world" | "params">): Post {
  const post = world.posts.get(params.urn ?? "");
  if (post === undefined) throw notFound(`post ${params.urn}`);
  return post;
}

/** `/rest/socialActions` is closed to apps without Community Management; no scope mends it. */
function needProgramme(call: Pick<Call<World>, "caller">, action: string): void {
  if (appOf(call) !== apps.linkedin_page.client_id) throw denied(`partnerApiSocialActions.${action}.20260901`);
}

const commentView = ({ id, post, actor, text, parent, createdAt }: Comment) => ({
  id: id.split(",").at(-1)?.replace(")", ""),
  commentUrn: id,
  actor,
  object: post,
  message: { text, attributes: [] },
  created: { time: createdAt },
  ...(parent && { parentComment: parent }),
});

function addComment(call: Call<World, z.output<typeof Input>>, { isOpen }: { readonly isOpen: boolean }) {
  if (!isOpen) needProgramme(call, "CREATE");
  const { world, body, now } = call;
  const post = postOf(call);
  const scopes = { member: isOpen ? "w_member_social" : "w_member_social_feed", page: "w_organization_social_feed" };
  mayActAs(call, body.actor, scopes);
  const id = `urn:li:comment:(${post.id.replace(/:(share|ugcPost):/, ":activity:")},${world.newUrn("x").split(":").at(-1)})`;
  const { actor, message, parentComment: parent } = body;
  const comment = world.comments.put({
    id,
    post: post.id,
    actor,
    text: message.text,
    parent,
    createdAt: now.getTime(),
  });
  tellPage(world, post, "COMMENT", comment.id);
  return { ...created(id), json: commentView(comment) };
}

/** Tells who subscribed to the page's posts; only public ones are told of. */
export function tellPage(world: World, post: Post, action: string, activity: string): number {
  if (post.visibility !== "PUBLIC" || !post.author.startsWith("urn:li:organization:")) return 0;
  const notification = {
    notificationId: Number(world.newUrn("x").split(":").at(-1)?.slice(0, 12)),
    organizationalEntity: post.author,
    action,
    sourcePost: post.id,
    generatedActivity: activity,
    lastModifiedAt: world.env.now().getTime(),
  };
  return world.hooks.emit(post.author, eventType, { type: eventType, notifications: [notification] });
}

/** The address answers with the HMAC of the challenge, or the subscription is refused. */
async function prove({ world }: Pick<Call<World>, "world">, address: string, secret: string): Promise<void> {
  const challengeCode = world.env.randomId();
  const answer = await world.hooks.challenge(address, { challengeCode });
  const expected = { challengeCode, challengeResponse: hmacSha256Hex(secret, challengeCode) };
  const told = z
    .looseObject({ challengeCode: z.string(), challengeResponse: z.string() })
    .safeParse(parse(answer?.text));
  if (answer?.status !== 200 || told.data?.challengeResponse !== expected.challengeResponse)
    throw refuse(400, "The webhook did not answer the challenge", { code: "WEBHOOK_VALIDATION_FAILED" });
}

function parse(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? "");
  } catch {
    return undefined; // Not JSON: no answer to a challenge.
  }
}

/** The page a subscription's key names; the key's app and person must be the caller's. */
function subscribed(call: Pick<Call<World>, "world" | "caller" | "request">): string {
  const key = recordParam(call.request.path.split("/").at(-1), "key");
  const page = String(key.entity);
  if (key.eventType !== eventType) throw badField("eventType", "INVALID_VALUE_FOR_FIELD");
  ownPage(call, page);
  return page;
}

const adminScope = { scopes: ["rw_organization_admin"] };
const subscription = rest("eventSubscriptions/:key");

export const commentRoutes: readonly Route<World>[] = [
  route("POST", rest("socialActions/:urn/comments"), {
    publishes: true,
    body: Input,
    handle: (call) => addComment(call, { isOpen: false }),
  }),
  // Members comment on their own posts here, without the programme (measured by others, 2026).
  route("POST", "api.linkedin.com/v2/socialActions/:urn/comments", {
    publishes: true,
    body: Input,
    handle: (call) => addComment(call, { isOpen: true }),
  }),
  route("GET", rest("socialActions/:urn/comments"), {
    scopes: [["r_organization_social_feed", "r_member_social_feed"]],
    query: z.strictObject({
      start: z.coerce.number().int().default(0),
      count: z.coerce.number().int().max(199).default(10),
    }),
    handle(call) {
      needProgramme(call, "GET_ALL");
      const all = call.world.comments.all(({ post }) => post === postOf(call).id);
      if (all.length === 0) throw notFound("comments");
      const { items, start, count, total } = offsetPage(all, call.query);
      return { status: 200, json: { elements: items.map(commentView), paging: { start, count, total, links: [] } } };
    },
  }),
  route("DELETE", rest("socialActions/:urn/comments/:id"), {
    handle(call) {
      needProgramme(call, "DELETE");
      const found = call.world.comments.find(({ id }) => id.endsWith(`,${call.params.id})`));
      if (found) call.world.comments.remove(found.id);
      return { status: 204 };
    },
  }),
  route("PUT", subscription, {
    ...adminScope,
    body: z.strictObject({ webhook: z.url({ protocol: /^https$/ }) }),
    async handle(call) {
      const page = subscribed(call);
      const secret = apps.linkedin_page.client_secret;
      await prove(call, call.body.webhook, secret);
      call.world.hooks.subscribe({ id: page, address: call.body.webhook, secret, subject: page });
      return { status: 204 };
    },
  }),
  route("GET", subscription, {
    ...adminScope,
    handle(call) {
      const found = call.world.hooks.get(subscribed(call));
      if (found === undefined) throw notFound("subscription");
      return { status: 200, json: { webhook: found.address, expiresAt: call.now.getTime() + 30 * 86_400_000 } };
    },
  }),
  route("DELETE", subscription, {
    ...adminScope,
    handle(call) {
      call.world.hooks.remove(subscribed(call));
      return { status: 204 };
    },
  }),
];
