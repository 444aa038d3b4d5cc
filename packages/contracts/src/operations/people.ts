import { z } from "zod";
import { RoleName, ScopeName } from "../access.ts";
import { afterReconnectRules } from "../backfill.ts";
import { InstantInput, TimeZoneInput } from "../bounded.ts";
import { idSchema } from "../ids.ts";
import { defineOperation } from "../operation.ts";
import { DisplayName, EmailAddress, LinkToken } from "../people-input.ts";
import {
  ApiKeyView,
  CreatedApiKeyView,
  InvitationSummary,
  InvitationView,
  MemberView,
  MeView,
  TenantView,
} from "../people-views.ts";
import { at, ids, later } from "./examples.ts";

/** Of an example only; real ones are random. */
const token = "0NlLk2wQ7fJx3mBvT9cRzHs5YdGp8uEaKi1oVtXb4Wq";
const tenant = {
  id: ids.tenant,
  name: "Nordlys",
  slug: "nordlys",
  timeZone: "Europe/Oslo",
  role: "owner",
  active: true,
  requiresApproval: false,
  requiresTwoFactor: false,
  afterReconnect: "ask",
  createdAt: at,
} as const;
const invitation = {
  id: ids.invitation,
  email: "ida@example.com",
  role: "editor",
  status: "pending",
  invitedBy: "Ola Nordmann",
  createdAt: at,
  expiresAt: later,
} as const;
const member = {
  id: ids.member,
  userId: ids.user,
  name: "Ida Holm",
  email: "ida@example.com",
  role: "editor",
  joinedAt: at,
} as const;
const key = {
  id: ids.key,
  name: "Deploy script",
  scopes: ["posts:read", "posts:write"] as ("posts:read" | "posts:write")[],
  lastCharacters: "x7Qa",
  createdBy: ids.user,
  createdAt: at,
} as const;

export const getMe = defineOperation({
  id: "getMe",
  method: "GET",
  path: "/api/me",
  summary: "Who am I",
  description: "The person or API key that asks, the tenant in use, the role in it and what it allows.",
  tags: ["people"],
  auth: { kind: "caller", by: ["session", "key"], tenantless: true },
  response: MeView,
  errors: [],
  example: {
    response: {
      user: { id: ids.user, name: "Ida Holm", email: "ida@example.com" },
      tenant: { id: ids.tenant, name: "Nordlys", slug: "nordlys", timeZone: "Europe/Oslo" },
      role: "approver",
      scopes: ["posts:read", "connections:read", "media:read", "members:read", "operations:read", "posts:approve"],
      operator: false,
      simulated: true,
    },
  },
});

export const deleteMe = defineOperation({
  id: "deleteMe",
  method: "DELETE",
  path: "/api/me",
  summary: "Delete your account",
  description:
    "Takes the password. Your memberships, sessions, API keys and open invitations end, and your name and address are removed; what you did in workspaces stays in them without your name. A workspace whose only owner you are has to be handed over or erased first.",
  tags: ["people"],
  auth: { kind: "caller", by: ["session"], tenantless: true },
  body: z.strictObject({ password: z.string().min(1).max(1_000) }),
  response: z.object({ deleted: z.literal(true) }),
  errors: ["state_conflict"],
  example: { body: { password: "correct horse battery staple" }, response: { deleted: true } },
});

export const listTenants = defineOperation({
  id: "listTenants",
  method: "GET",
  path: "/api/tenants",
  summary: "List my tenants",
  description: "Every tenant (workspace) the signed-in person is a member of.",
  tags: ["people"],
  auth: { kind: "caller", by: ["session"], tenantless: true },
  response: z.object({ items: z.array(TenantView) }),
  errors: [],
  example: { response: { items: [tenant] } },
});

export const createTenant = defineOperation({
  id: "createTenant",
  method: "POST",
  path: "/api/tenants",
  summary: "Create a tenant",
  description: "Makes a tenant with the signed-in person as its owner and switches the session to it.",
  tags: ["people"],
  auth: { kind: "caller", by: ["session"], tenantless: true },
  body: z.strictObject({ name: DisplayName, timeZone: TimeZoneInput.optional() }),
  response: TenantView,
  status: 201,
  errors: ["idempotency_conflict", "idempotency_keys_differ", "conflict"],
  creates: { by: "http" },
  example: { body: { name: "Nordlys", timeZone: "Europe/Oslo" }, response: tenant },
});

export const switchTenant = defineOperation({
  id: "switchTenant",
  method: "POST",
  path: "/api/tenants/switch",
  summary: "Switch to another tenant",
  description:
    "Makes another of my tenants the one this session works in. One request may also choose with the header X-Postd-Tenant.",
  tags: ["people"],
  auth: { kind: "caller", by: ["session"], tenantless: true },
  body: z.strictObject({ tenantId: idSchema("tenant") }),
  response: TenantView,
  errors: ["not_found"],
  example: { body: { tenantId: ids.tenant }, response: tenant },
});

export const updateTenant = defineOperation({
  id: "updateTenant",
  method: "PATCH",
  path: "/api/tenants/current",
  summary: "Change the tenant",
  description:
    "Its name, its time zone, whether every post waits for an approver (owners and admins publish without, in person and not with a key), whether everybody shows a second factor (only an owner decides, signed in with one; members without can only enrol, and keys they made wait), and what becomes of posts that missed their time (afterReconnect: ask, send, spread or drop).",
  tags: ["people"],
  auth: { kind: "caller", by: ["session"], scope: "members:write" },
  body: z.strictObject({
    name: DisplayName.optional(),
    timeZone: TimeZoneInput.optional(),
    requiresApproval: z.boolean().optional(),
    /** By an owner who showed a second factor in this session. */
    requiresTwoFactor: z.boolean().optional(),
    /** From now on: `ask` keeps posts that missed their time until somebody decides; the others decide for them. */
    afterReconnect: z.enum(afterReconnectRules).optional(),
  }),
  response: TenantView,
  errors: [],
  example: { body: { timeZone: "Europe/Oslo" }, response: tenant },
});

export const listMembers = defineOperation({
  id: "listMembers",
  method: "GET",
  path: "/api/members",
  summary: "List members and open invitations",
  description: "Everyone in the tenant with their role, and the invitations that wait for an answer.",
  tags: ["people"],
  auth: { kind: "caller", by: ["session", "key"], scope: "members:read" },
  response: z.object({ items: z.array(MemberView), invitations: z.array(InvitationView) }),
  errors: [],
  example: { response: { items: [member], invitations: [invitation] } },
});

export const inviteMember = defineOperation({
  id: "inviteMember",
  method: "POST",
  path: "/api/members/invite",
  summary: "Invite a member",
  description:
    "Sends the link by mail. Where no mail leaves, because no mail server is configured or a limit is reached, the answer holds the link, to be sent by hand; it is shown nowhere else. The invitation ends with the right of whoever sent it. Only owners invite owners.",
  tags: ["people"],
  auth: { kind: "caller", by: ["session"], scope: "members:write" },
  body: z.strictObject({ email: EmailAddress, role: RoleName }),
  response: InvitationView,
  status: 201,
  errors: ["conflict", "idempotency_conflict", "rate_limited"],
  creates: { by: "http", secretFields: ["link"] },
  example: {
    body: { email: "ida@example.com", role: "editor" },
    response: { ...invitation, link: `https://postd.example.com/invitations/${token}`, mailed: false },
  },
});

export const changeMemberRole = defineOperation({
  id: "changeMemberRole",
  method: "PATCH",
  path: "/api/members/:id",
  summary: "Change a member's role",
  description: "Gives a member another role. The last owner keeps it; only owners make or change owners.",
  tags: ["people"],
  auth: { kind: "caller", by: ["session"], scope: "members:write" },
  params: z.strictObject({ id: idSchema("member") }),
  body: z.strictObject({ role: RoleName }),
  response: MemberView,
  errors: ["not_found", "state_conflict"],
  example: { params: { id: ids.member }, body: { role: "admin" }, response: { ...member, role: "admin" } },
});

export const removeMember = defineOperation({
  id: "removeMember",
  method: "DELETE",
  path: "/api/members/:id",
  summary: "Remove a member",
  description:
    "Takes a person out of the tenant. Their posts stay; API keys they made and invitations they sent end. The last owner cannot be removed.",
  tags: ["people"],
  auth: { kind: "caller", by: ["session"], scope: "members:write" },
  params: z.strictObject({ id: idSchema("member") }),
  response: MemberView,
  errors: ["not_found", "state_conflict"],
  example: { params: { id: ids.member }, response: member },
});

export const revokeInvitation = defineOperation({
  id: "revokeInvitation",
  method: "DELETE",
  path: "/api/invitations/:id",
  summary: "Withdraw an invitation",
  description: "The link stops working. An accepted invitation stays as it is.",
  tags: ["people"],
  auth: { kind: "caller", by: ["session"], scope: "members:write" },
  params: z.strictObject({ id: idSchema("invitation") }),
  response: InvitationView,
  errors: ["not_found", "state_conflict"],
  example: { params: { id: ids.invitation }, response: { ...invitation, status: "canceled" } },
});

export const getInvitation = defineOperation({
  id: "getInvitation",
  method: "POST",
  path: "/api/invitations/look",
  summary: "See an invitation",
  description:
    "What somebody who holds the link may see before signing in: the tenant, who invites, and as what. Changes nothing; the token is sent in the body so that no log of addresses keeps it.",
  tags: ["people"],
  auth: { kind: "public" },
  body: z.strictObject({ token: LinkToken }),
  response: InvitationSummary,
  errors: ["not_found"],
  example: {
    body: { token },
    response: {
      id: ids.invitation,
      tenantName: "Nordlys",
      invitedBy: "Ola Nordmann",
      email: "ida@example.com",
      role: "editor",
      status: "pending",
      expiresAt: later,
    },
  },
});

export const acceptInvitation = defineOperation({
  id: "acceptInvitation",
  method: "POST",
  path: "/api/invitations/accept",
  summary: "Accept an invitation",
  description:
    "Joins the tenant and switches the session to it. The token is the last part of the invitation's link and works once. Where mail is sent, the signed-in person must have confirmed the invited address.",
  tags: ["people"],
  auth: { kind: "caller", by: ["session"], tenantless: true },
  body: z.strictObject({ token: LinkToken }),
  response: TenantView,
  errors: ["not_found", "expired", "state_conflict"],
  example: { body: { token }, response: { ...tenant, role: "editor" } },
});

export const becomeOperator = defineOperation({
  id: "becomeOperator",
  method: "POST",
  path: "/api/operators",
  summary: "Become an operator of this instance",
  description:
    "Exchanges the one-time link that the first start prints, or npm run people -- link makes, for the right to act for the whole instance. The token is the last part of the link.",
  tags: ["people"],
  auth: { kind: "caller", by: ["session"], tenantless: true },
  body: z.strictObject({ token: LinkToken }),
  response: z.object({ operator: z.literal(true) }),
  errors: ["not_found"],
  example: { body: { token }, response: { operator: true } },
});

export const listApiKeys = defineOperation({
  id: "listApiKeys",
  method: "GET",
  path: "/api/api-keys",
  summary: "List API keys",
  description: "Names, scopes and last use. The keys themselves are not kept and cannot be shown.",
  tags: ["people"],
  auth: { kind: "caller", by: ["session"], scope: "keys:read" },
  response: z.object({ items: z.array(ApiKeyView) }),
  errors: [],
  example: { response: { items: [key] } },
});

export const createApiKey = defineOperation({
  id: "createApiKey",
  method: "POST",
  path: "/api/api-keys",
  summary: "Create an API key",
  description:
    "The key is in this answer and nowhere else: only its hash is kept. Give it the scopes it needs and no more. It never does more than the role of whoever made it allows at the time of use, and ends when they leave the tenant.",
  tags: ["people"],
  auth: { kind: "caller", by: ["session"], scope: "keys:write" },
  body: z.strictObject({
    name: DisplayName,
    scopes: z.array(ScopeName).min(1).max(20),
    expiresAt: InstantInput.optional(),
  }),
  response: CreatedApiKeyView,
  status: 201,
  errors: ["idempotency_conflict"],
  creates: { by: "http", secretFields: ["key"] },
  example: {
    body: { name: "Deploy script", scopes: ["posts:read", "posts:write"] },
    response: { ...key, key: "postd_0195a1b2c3d47e8f90a1b2c3d4e5f608_…x7Qa" },
  },
});

export const revokeApiKey = defineOperation({
  id: "revokeApiKey",
  method: "DELETE",
  path: "/api/api-keys/:id",
  summary: "Revoke an API key",
  description: "The key stops working at once. Revoking twice is the same as once.",
  tags: ["people"],
  auth: { kind: "caller", by: ["session"], scope: "keys:write" },
  params: z.strictObject({ id: idSchema("apiKey") }),
  response: ApiKeyView,
  errors: ["not_found"],
  example: { params: { id: ids.key }, response: { ...key, revokedAt: later } },
});
