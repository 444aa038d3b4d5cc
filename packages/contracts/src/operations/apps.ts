import { z } from "zod";
import { idSchema, ProviderId } from "../ids.ts";
import { defineOperation } from "../operation.ts";
import { TenantAppView } from "../views.ts";
import { at, ids } from "./examples.ts";

const app = {
  id: ids.app,
  provider: "meta",
  set: "meta",
  values: { app_id: "1234567890" },
  secrets: ["app_secret"],
  webhookUrl: `https://postd.example.org/api/webhooks/meta/${ids.app}`,
  createdAt: at,
};
const Value = z.string().min(1).max(4_000);

export const listApps = defineOperation({
  id: "listApps",
  method: "GET",
  path: "/api/apps",
  summary: "The workspace's own apps",
  description:
    "Apps this workspace registered at providers itself. Accounts are signed in to with them instead of this server's app. Secrets are never shown again.",
  tags: ["connect"],
  auth: { kind: "caller", by: ["session", "key"], scope: "connections:write" },
  response: z.object({ items: z.array(TenantAppView) }),
  errors: [],
  example: { response: { items: [app] } },
});

export const createApp = defineOperation({
  id: "createApp",
  method: "POST",
  path: "/api/apps",
  summary: "Sign in with an app of one's own",
  description:
    "Takes the credentials of an app that the workspace registered at a provider, by the names GET /api/platforms gives. Secrets are sealed and never shown. Give webhookUrl to the provider as the address of its events: what it signs reaches only accounts that were signed in to with this app.",
  tags: ["connect"],
  auth: { kind: "caller", by: ["session", "key"], scope: "connections:write" },
  body: z.strictObject({
    provider: ProviderId,
    /** Which of the provider's registrations it is; absent: the first. */
    set: z.string().min(1).max(60).optional(),
    values: z
      .record(z.string().min(1).max(60), Value)
      .refine((values) => Object.keys(values).length <= 20, "must be at most 20 fields"),
  }),
  response: TenantAppView,
  status: 201,
  errors: ["not_found", "platform_planned", "idempotency_conflict"],
  creates: { by: "http" },
  example: {
    body: { provider: "meta", values: { app_id: "1234567890", app_secret: "…" } },
    response: app,
  },
});

export const deleteApp = defineOperation({
  id: "deleteApp",
  method: "DELETE",
  path: "/api/apps/:id",
  summary: "Remove an app of one's own",
  description: "Refused while accounts are connected with it; disconnect them, or sign in again with another app.",
  tags: ["connect"],
  auth: { kind: "caller", by: ["session", "key"], scope: "connections:write" },
  params: z.strictObject({ id: idSchema("tenantApp") }),
  response: z.object({ deleted: z.literal(true) }),
  errors: ["not_found", "state_conflict"],
  example: { params: { id: ids.app }, response: { deleted: true } },
});
