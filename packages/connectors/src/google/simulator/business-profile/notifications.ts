import { randomDigits } from "@postd/connector-kit/simulator";
import { z } from "zod";
import { type Called, route } from "../call.ts";
import { badRequest } from "../words.ts";
import type { World } from "../world.ts";
import type { Account, Location, Review } from "./model.ts";
import { accountOf, hosts, managed } from "./places.ts";
import { reviewName } from "./reviews.ts";

// Fact sheet, "Webhooks -> Cloud Pub/Sub". Kinds of the closed questions API are refused.

export const notificationTypes = [
  "GOOGLE_UPDATE",
  "NEW_REVIEW",
  "UPDATED_REVIEW",
  "NEW_CUSTOMER_MEDIA",
  "DUPLICATE_LOCATION",
  "LOSS_OF_VOICE_OF_MERCHANT",
  "VOICE_OF_MERCHANT_UPDATED",
] as const;
export type NotificationType = (typeof notificationTypes)[number];

const path = `${hosts.notifications}/v1/accounts/:account/notificationSetting`;
const changeable = ["pubsubTopic", "notificationTypes"] as const;

const settingJson = ({ id, notifications }: Account) => ({
  name: `accounts/${id}/notificationSetting`,
  ...notifications,
});

function checkName(call: Called, name: string | undefined): void {
  if (name !== undefined && name !== `accounts/${call.params.account}/notificationSetting`)
    throw badRequest("notification_setting.name", "The name is not that of this account's setting.");
}

export const notificationRoutes = [
  route("GET", path, { ...managed, handle: (call) => ({ status: 200, json: settingJson(accountOf(call)) }) }),
  route("PATCH", path, {
    ...managed,
    query: z.strictObject({ updateMask: z.string().min(1) }),
    body: z
      .strictObject({
        name: z.string(),
        pubsubTopic: z.string().regex(/^(?:projects\/[^/]+\/topics\/[^/]+)?$/, "must be projects/{p}/topics/{t}"),
        notificationTypes: z.array(z.enum(notificationTypes)),
      })
      .partial(),
    handle(call) {
      const account = accountOf(call);
      checkName(call, call.body.name);
      const next: Record<string, unknown> = { ...account.notifications };
      for (const field of call.query.updateMask.split(",")) {
        if (!changeable.some((one) => one === field)) throw badRequest("update_mask", `${field} cannot be updated.`);
        const value = call.body[field as (typeof changeable)[number]];
        if (value === undefined || value.length === 0) delete next[field];
        else next[field] = value;
      }
      account.notifications = next;
      return { status: 200, json: settingJson(account) };
    },
  }),
];

/** What is told of: a kind, a place, and the review where it is about one. */
interface Notice {
  readonly type: NotificationType;
  readonly location: Location;
  readonly review?: Review;
}

const names = {
  camel: ["notificationType", "locationName", "reviewName"],
  snake: ["notification_type", "location_name", "review_name"],
  short: ["notificationType", "location", "review"],
} as const;

/** Publishes to the topic of every account that asked for this kind; resource names alone are told. */
export function tell(world: World, notice: Notice): void {
  const { profiles, settings } = world;
  const { type, location, review } = notice;
  for (const account of profiles.accounts.all(({ id }) => location.accounts.has(id))) {
    const { pubsubTopic: topic, notificationTypes: wanted = [] } = account.notifications;
    if (topic === undefined || !wanted.includes(type)) continue;
    const [typeKey, locationKey, reviewKey] = names[settings.pushNames];
    const prefix = settings.pushLocation === "full" ? `accounts/${account.id}/` : "";
    publish(world, topic, type, {
      [typeKey]: type,
      [locationKey]: `${prefix}locations/${location.id}`,
      ...(review && { [reviewKey]: reviewName(review, account.id) }),
    });
  }
}

function publish(world: World, topic: string, type: string, data: object): void {
  const message = {
    data: Buffer.from(JSON.stringify(data)).toString("base64"),
    messageId: randomDigits(16),
    publishTime: world.env.now().toISOString(),
    attributes: {},
  };
  send(world, { topic, type, message });
}

/** At least once: what was not acknowledged comes again, under the same id. */
export function send(world: World, { topic, type, message }: World["profiles"]["messages"][number]): void {
  const { profiles, hooks } = world;
  profiles.messages.push({ topic, type, message });
  const push = profiles.pushes.get(topic);
  if (push === undefined) return;
  const body = JSON.stringify({ message, subscription: push.subscription });
  hooks.send({ address: push.address, secret: push.identity }, type, body);
}
