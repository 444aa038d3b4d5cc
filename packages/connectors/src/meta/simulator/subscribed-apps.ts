import { appName, instagramApp, metaApp } from "./apps.ts";
import { type Operation, operationOn, success } from "./call.ts";
import { invalidParameter } from "./graph-error.ts";
import { type Params, textList } from "./params.ts";
import { requirePermissions } from "./tokens.ts";

/** Fields of meta.md §11 that can be subscribed. */
const pageFields = [
  "feed",
  "mention",
  "messages",
  "messaging_postbacks",
  "ratings",
  "videos",
  "name",
  "picture",
  "conversations",
];
const instagramFields = ["comments", "live_comments", "mentions", "messages", "message_reactions", "story_insights"];

function subscribedFields(params: Params, known: readonly string[]): readonly string[] {
  const fields = textList(params, "subscribed_fields") ?? [];
  if (fields.length === 0) throw invalidParameter("The parameter subscribed_fields is required");
  const unknown = fields.filter((field) => !known.includes(field));
  if (unknown.length > 0) throw invalidParameter(`Param subscribed_fields must be one of {${known.join(", ")}}`);
  return fields;
}

/** "Per-field scope" of §3a. */
const scopeOfField = (field: string): string =>
  field.startsWith("message") ? "instagram_business_manage_messages" : "instagram_business_manage_comments";

/** Each account is subscribed on its own (§11); on Instagram the permission follows the field, on Pages it is one. */
export const subscriptionOperations: readonly Operation[] = [
  operationOn("page", {
    method: "POST",
    edge: "subscribed_apps",
    params: ["subscribed_fields"],
    scopes: ["pages_manage_metadata"],
    tokens: ["page"],
    run(call, page) {
      page.subscribedFields = subscribedFields(call.params, pageFields);
      return success;
    },
  }),
  operationOn("page", {
    method: "GET",
    edge: "subscribed_apps",
    params: [],
    scopes: ["pages_manage_metadata"],
    tokens: ["page"],
    run: (_call, page) => ({
      data: page.subscribedFields
        ? [{ id: metaApp.app_id, name: appName, subscribed_fields: page.subscribedFields }]
        : [],
    }),
  }),
  operationOn("page", {
    method: "DELETE",
    edge: "subscribed_apps",
    params: [],
    scopes: ["pages_manage_metadata"],
    tokens: ["page"],
    run(_call, page) {
      page.subscribedFields = undefined;
      return success;
    },
  }),
  operationOn("igUserOnly", {
    method: "POST",
    edge: "subscribed_apps",
    params: ["subscribed_fields"],
    scopes: ["instagram_business_basic"],
    tokens: ["instagram"],
    run(call, account) {
      // story_insights exists with Facebook Login only (§1).
      const fields = subscribedFields(
        call.params,
        instagramFields.filter((field) => field !== "story_insights"),
      );
      requirePermissions(call.grant, [...new Set(fields.map(scopeOfField))]);
      account.subscribedFields = fields;
      return success;
    },
  }),
  operationOn("igUserOnly", {
    method: "GET",
    edge: "subscribed_apps",
    params: [],
    scopes: ["instagram_business_basic"],
    tokens: ["instagram"],
    run: (_call, account) => ({
      data: account.subscribedFields ? [{ id: instagramApp.app_id, subscribed_fields: account.subscribedFields }] : [],
    }),
  }),
  operationOn("igUserOnly", {
    method: "DELETE",
    edge: "subscribed_apps",
    params: [],
    scopes: ["instagram_business_basic"],
    tokens: ["instagram"],
    run(_call, account) {
      account.subscribedFields = undefined;
      return success;
    },
  }),
];
