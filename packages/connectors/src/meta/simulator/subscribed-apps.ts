import { invalidParameter, textList } from "@postd/connector-kit/simulator/graph";
import { type Call, type Operation, operation, success } from "./call.ts";
import { requirePermissions } from "./tokens.ts";

/** Fields of meta.md §11 that can be subscribed; story_insights exists with Facebook Login only (§1). */
const kinds = [
  {
    type: "page",
    scopes: ["pages_manage_metadata"],
    fields: [
      "feed",
      "mention",
      "messages",
      "messaging_postbacks",
      "ratings",
      "videos",
      "leadgen",
      "name",
      "picture",
      "description",
      "phone",
      "hours",
      "website",
      "conversations",
    ],
  },
  {
    type: "igUserOnly",
    scopes: ["instagram_business_basic"],
    fields: ["comments", "live_comments", "mentions", "messages", "message_reactions"],
  },
] as const;

/** "Per-field scope" of §3a. */
const scopeOfField = (field: string): string =>
  field.startsWith("message") ? "instagram_business_manage_messages" : "instagram_business_manage_comments";

function subscribe(call: Call, { type, fields: known }: (typeof kinds)[number], id: string) {
  const fields = textList(call.params, "subscribed_fields") ?? [];
  if (fields.length === 0) throw invalidParameter("The parameter subscribed_fields is required");
  if (fields.some((field) => !known.some((one) => one === field)))
    throw invalidParameter(`Param subscribed_fields must be one of {${known.join(", ")}}`);
  if (type === "igUserOnly") requirePermissions(call.scopes, [...new Set(fields.map(scopeOfField))]);
  call.world.data.subscriptions.set(id, fields);
  return success;
}

/** Each account is subscribed on its own (§11); on Instagram the permission follows the field, on Pages it is one. */
export const subscriptionOperations: readonly Operation[] = kinds.flatMap((kind) => {
  const { type, scopes } = kind;
  return [
    operation(type, "POST", "subscribed_apps", { scopes, params: ["subscribed_fields"] }, (call, { id }) =>
      subscribe(call, kind, id),
    ),
    operation(type, "DELETE", "subscribed_apps", { scopes }, ({ world }, { id }) => {
      world.data.subscriptions.delete(id);
      return success;
    }),
  ];
});
