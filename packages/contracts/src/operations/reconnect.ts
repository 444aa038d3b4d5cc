import { z } from "zod";
import { Locale, ReturnTo, TypedFields } from "../connecting.ts";
import { idSchema } from "../ids.ts";
import { defineOperation } from "../operation.ts";
import { ConnectionView } from "../views.ts";
import { ids, later } from "./examples.ts";

const Field = z.object({
  name: z.string(),
  label: z.string(),
  secret: z.boolean(),
  required: z.boolean(),
  help: z.string().optional(),
  defaultValue: z.string().optional(),
});

export const reconnectConnection = defineOperation({
  id: "reconnectConnection",
  method: "POST",
  path: "/api/connections/:id/reconnect",
  summary: "Sign in again for this account",
  description:
    "Answers the address to open in the browser that holds this session (one started with an API key may be opened in anybody's), with the permissions it asks for and those that are missing now. An account that is connected with typed keys answers the fields; send them as `keys` and it is signed in at once. Only this very account renews the connection: another one is refused by name, and nothing changes. What was planned meanwhile and is late waits for GET /api/connections/:id/backfill.",
  tags: ["connections"],
  auth: { kind: "caller", by: ["session", "key"], scope: "connections:write" },
  params: z.strictObject({ id: idSchema("connection") }),
  body: z.strictObject({
    /** What the sign-in has to know first, by the names of its fields. */
    fields: TypedFields.optional(),
    /** Of an account with typed keys: the new ones. */
    keys: z.record(z.string().min(1).max(60), z.string().max(5_000)).optional(),
    locale: Locale.optional(),
    returnTo: ReturnTo.optional(),
  }),
  response: z.object({
    kind: z.enum(["oauth2", "keys", "done"]),
    /** Who has to sign in. */
    account: z.string(),
    platform: z.string(),
    scopes: z.object({
      /** Everything that is asked for, and no more. */
      asked: z.array(z.string()),
      /** Of those, what the sign-in does not have now. */
      missing: z.array(z.string()),
    }),
    /** `oauth2`; left out where an Idempotency-Key is repeated, as it is good for one sign-in. */
    authUrl: z.string().optional(),
    state: z.string().optional(),
    expiresAt: z.iso.datetime().optional(),
    /** `keys`: what to type. */
    fields: z.array(Field).optional(),
    /** `done`: it is signed in. */
    connection: ConnectionView.optional(),
    simulated: z.boolean(),
  }),
  errors: [
    "not_found",
    "not_configured",
    "conflict",
    "state_conflict",
    "account_needs_attention",
    "platform_refused",
    "platform_unavailable",
    "platform_planned",
  ],
  creates: { by: "http", secretFields: ["authUrl", "state"] },
  example: {
    params: { id: ids.connection },
    body: { returnTo: "/accounts" },
    response: {
      kind: "oauth2",
      account: "Nordlys Coffee",
      platform: "facebook",
      scopes: { asked: ["pages_show_list", "pages_manage_posts"], missing: ["pages_manage_posts"] },
      authUrl: "http://127.0.0.1:4100/www.facebook.com/v25.0/dialog/oauth?state=…",
      state: "…",
      expiresAt: later,
      simulated: true,
    },
  },
});
