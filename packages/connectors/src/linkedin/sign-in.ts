import {
  type AccountPermissions,
  type AccountRef,
  type AppCredentialsSet,
  type AuthContext,
  type Credentials,
  clientFields,
  type FoundAccount,
  type Granted,
  missingScopes,
  type OAuth2Facts,
  oauth2,
  type PlatformResult,
} from "@postd/connector-kit";
import { fail, ok } from "@postd/contracts";
import { z } from "zod";
import { api, idIn, personUrn, Urn, V2 } from "./api.ts";

const found = (where: string, more = "") => ({
  id: `Client ID of the ${where} app, from its Auth tab.`,
  secret: `Primary client secret of the ${where} app.${more}`,
});
/** LinkedIn wants the page product alone on an app of its own, so there are two. @source platforms/linkedin.md "App set-up" */
export const memberApp: AppCredentialsSet = { id: "linkedin", fields: clientFields(found("member")) };
export const pageApp: AppCredentialsSet = {
  id: "linkedin_page",
  fields: [
    ...clientFields(found("page", " LinkedIn signs events with it too."), { signs: true }),
    { name: "app_id", secret: false, required: false, help: "Number of the page app, for events of its pages." },
  ],
};

export const memberScopes = { required: ["openid", "profile", "w_member_social"], optional: [] };
export const COMMENT_SCOPES = { write: "w_organization_social_feed", read: "r_organization_social_feed" };
export const pageScopes = {
  required: ["w_organization_social", "r_organization_social", "rw_organization_admin"],
  optional: Object.values(COMMENT_SCOPES),
};

/** A token asked for with another set of scopes ends all earlier ones, so the set never changes by account or time. */
const common = {
  authorizeAt: "https://www.linkedin.com/oauth/v2/authorization",
  tokenAt: "https://www.linkedin.com/oauth/v2/accessToken",
  // Its ordinary flow knows no PKCE.
  pkce: "none",
  answer: {
    // LinkedIn's own sample gives a year in minutes; no refresh token lives for so few seconds.
    read: (body) =>
      body.refresh_token_expires_in === 525_600 ? { ...body, refresh_token_expires_in: 525_600 * 60 } : body,
  },
  refresh: "repeatable",
  revoke: { at: "https://www.linkedin.com/oauth/v2/revoke", send: "access" },
} satisfies Partial<OAuth2Facts>;

const UserInfo = z.object({
  sub: z.string().min(1).max(100),
  name: z.string().optional(),
  picture: z.url().optional(),
});
type Token = Pick<Credentials, "accessToken">;
const asked = ({ accessToken }: Token) => ({ bearer: accessToken, about: "account" }) as const;

export const readMember = (ctx: AuthContext, token: Token) =>
  api.get(ctx, "userinfo", UserInfo, { ...asked(token), base: V2 });

/** The member's own profile. */
async function member(granted: Granted, ctx: AuthContext): PlatformResult<readonly FoundAccount[]> {
  const { credentials, scopes, subject } = granted;
  const me = await readMember(ctx, credentials);
  if (!me.ok) return me;
  const { sub, name = subject.name, picture } = me.value;
  return ok([
    {
      platform: "linkedin",
      externalId: personUrn(sub),
      kind: "member",
      name,
      ...(picture && { pictureUrl: picture }),
      extras: {},
      credentials,
      missingScopes: missingScopes(scopes, memberScopes.required),
    },
  ]);
}

/** The one role that is asked for. */
const ADMINISTRATOR = "ADMINISTRATOR";

const Acl = z
  .object({
    organization: Urn.optional(),
    organizationTarget: Urn.optional(),
    roleAssignee: Urn.optional(),
    role: z.string().optional(),
  })
  .transform(({ organization, organizationTarget, roleAssignee, role = ADMINISTRATOR }) => ({
    page: organization ?? organizationTarget,
    person: roleAssignee,
    role,
  }));
const Acls = z.object({
  elements: z.array(Acl),
  paging: z.object({ start: z.number(), total: z.number().optional() }).optional(),
});
const PAGE_ROWS = 100;

/** Every page the person administers. LinkedIn names the person in the same answer and in no other. */
export async function pageRoles(ctx: AuthContext, token: Token) {
  const path = (start: number) =>
    `organizationAcls?q=roleAssignee&role=${ADMINISTRATOR}&state=APPROVED&start=${start}&count=${PAGE_ROWS}`;
  const call = { method: "GET", path: path(0), ...asked(token), needs: pageScopes.required } as const;
  return api.readAll(ctx, call, Acls, {
    rows: ({ elements }) => elements,
    next({ elements: { length }, paging: { start = 0, total = Number.POSITIVE_INFINITY } = {} }) {
      return length < PAGE_ROWS || start + length >= total ? undefined : { path: path(start + length) };
    },
  });
}

/** Roles that may post as a page. @source platforms/linkedin.md "Apps and scopes" */
const POSTING_ROLES = [ADMINISTRATOR, "DIRECT_SPONSORED_CONTENT_POSTER", "CONTENT_ADMIN"];
const Roles = z.object({ roles: z.array(z.string()) });

/** Roles at a page; a profile has none, and pages connected before they were kept tell nothing. */
export function pagePermissions({ extras }: Pick<AccountRef, "extras">): AccountPermissions | undefined {
  const told = Roles.safeParse(extras);
  if (!told.success) return undefined;
  const { roles } = told.data;
  const message =
    "The person who connected this page has no role there that may post. An administrator has to connect it again.";
  const mayPost = roles.some((role) => POSTING_ROLES.includes(role));
  return { granted: roles, missing: mayPost ? [] : [{ name: ADMINISTRATOR, facet: "publishing", message }] };
}

const Organization = z.object({ localizedName: z.string().optional(), vanityName: z.string().optional() });
export const readPage = (ctx: AuthContext, urn: string, token: Token) =>
  api.get(ctx, ["organizations", idIn(urn)], Organization, { ...asked(token), needs: pageScopes.required });

async function pages({ credentials, scopes }: Granted, ctx: AuthContext): PlatformResult<readonly FoundAccount[]> {
  const roles = await pageRoles(ctx, credentials);
  if (!roles.ok) return roles;
  const found: FoundAccount[] = [];
  for (const { page: urn, person, role } of roles.value) {
    if (!urn || found.some(({ externalId }) => externalId === urn)) continue;
    const page = await readPage(ctx, urn, credentials);
    if (!page.ok && page.error.kind !== "scope_missing") return page;
    const { localizedName: name = idIn(urn), vanityName: handle } = page.ok ? page.value : {};
    found.push({
      platform: "linkedin",
      externalId: urn,
      kind: "page",
      name,
      ...(handle && { handle, profileUrl: `https://www.linkedin.com/company/${handle}` }),
      extras: { ...(person && { administrator: person }), roles: [role] },
      credentials,
      missingScopes: missingScopes(scopes, pageScopes.required),
      ...(page.ok ? {} : { blocked: page.error.message }),
    });
  }
  return ok(found);
}

export const memberSignIn = oauth2({
  ...common,
  id: "linkedin_member",
  label: "LinkedIn profile",
  app: memberApp.id,
  scopes: memberScopes,
  subject: { userinfo: `${V2}/userinfo` },
  accounts: member,
});

export const pageSignIn = oauth2({
  ...common,
  id: "linkedin_page",
  label: "LinkedIn pages",
  app: pageApp.id,
  scopes: pageScopes,
  subject: async (token, _at, ctx) => {
    const roles = await pageRoles(ctx, token);
    if (!roles.ok) return roles;
    const person = roles.value.find((role) => role.person)?.person;
    if (!person)
      return fail({
        kind: "content_rejected",
        field: "account",
        reason: "no_pages",
        message:
          "This LinkedIn member administers no page. Ask for the role of a super admin at the page, then connect again.",
      });
    return ok({ externalId: idIn(person), name: "a LinkedIn member" });
  },
  accounts: pages,
});
