import { type Call, hmacSha256Hex, type Route, randomDigits } from "@postd/connector-kit/simulator";
import { z } from "zod";
import { ownPage, rest, route } from "./call.ts";
import { badField, notFound, refuse } from "./words.ts";
import { apps, type Post, type World } from "./world.ts";

// Fact sheet, "Webhooks": events of pages only, signed with the secret of the app.

const eventType = "ORGANIZATION_SOCIAL_ACTION_NOTIFICATIONS";
const secret = apps.linkedin_page.client_secret;
const subscription = rest("eventSubscriptions/(developerApplication::app,user::user,entity::page,eventType::event)");
const scopes = ["rw_organization_admin"];
const lastsMs = 30 * 86_400_000;
type Keyed = Pick<Call<World>, "world" | "caller" | "params">;

/** Tells who subscribed to the page's posts; only public ones are told of. */
export function tellPage(world: World, post: Post, action: string, generatedActivity: string): void {
  if (post.visibility !== "PUBLIC") return;
  const notification = {
    notificationId: Number(randomDigits(12)),
    organizationalEntity: post.author,
    action,
    sourcePost: post.id,
    generatedActivity,
    lastModifiedAt: world.env.now().getTime(),
  };
  world.hooks.emit(post.author, eventType, { type: eventType, notifications: [notification] });
}

/** The address answers with the HMAC of the challenge, or the subscription is refused. */
async function prove({ world }: Pick<Keyed, "world">, address: string): Promise<void> {
  const challengeCode = world.env.randomId();
  const answer = await world.hooks.challenge(address, { challengeCode });
  const proof = z.looseObject({
    challengeCode: z.literal(challengeCode),
    challengeResponse: z.literal(hmacSha256Hex(secret, challengeCode)),
  });
  if (answer?.status !== 200 || !proof.safeParse(answer.json).success)
    throw refuse(400, "The webhook did not answer the challenge", { code: "WEBHOOK_VALIDATION_FAILED" });
}

/** The page a subscription's key names. */
function pageOf(call: Keyed): string {
  if (call.params.event !== eventType) throw badField("eventType", "INVALID_VALUE_FOR_FIELD");
  return ownPage(call, call.params.page ?? "").id;
}

export const subscriptionRoutes: readonly Route<World>[] = [
  route("PUT", subscription, {
    scopes,
    body: z.strictObject({ webhook: z.url({ protocol: /^https$/ }) }),
    async handle(call) {
      const [page, address] = [pageOf(call), call.body.webhook];
      await prove(call, address);
      call.world.hooks.subscribe({ id: page, address, secret, subject: page });
      return { status: 204 };
    },
  }),
  route("GET", subscription, {
    scopes,
    handle(call) {
      const found = call.world.hooks.get(pageOf(call));
      if (found === undefined) throw notFound("subscription");
      return { status: 200, json: { webhook: found.address, expiresAt: call.now.getTime() + lastsMs } };
    },
  }),
  route("DELETE", subscription, {
    scopes,
    handle(call) {
      call.world.hooks.remove(pageOf(call));
      return { status: 204 };
    },
  }),
];
