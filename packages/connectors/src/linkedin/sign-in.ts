import {
  type AppCredentialsSet,
  type AuthContext,
  type Credentials,
  type FoundAccount,
  type Granted,
  type OAuth2Facts,
  oauth2,
  type PlatformResult,
} from "@postd/connector-kit";
import { fail, ok } from "@postd/contracts";
import { z } from "zod";
import { api, idIn, personUrn, Urn, V2 } from "./api.ts";

const appFields = (where: string, signs?: { readonly signs: true }): AppCredentialsSet["fields"] => [
  { name: "client_id", secret: false, required: true, help: `Client ID of the ${where} app, from its Auth tab.` },
  {
    name: "client_secret",
    secret: true,
    required: true,
    ...signs,
    help: `Primary client secret of the ${where} app.${signs ? " LinkedIn signs events with it too." : ""}`,
  },
];
/** LinkedIn wants the page product alone on an app of its own, so there are two. @source platforms/linkedin.md "App set-up" */
export const memberApp: AppCredentialsSet = { id: "linkedin", fields: appFields("member") };
export const pageApp: AppCredentialsSet = {
  id: "linkedin_page",
  fields: [
    ...appFields("page", { signs: true }),
    { name: "app_id", secret: false, required: false, help: "Number of the page app, for events of its pages." },
  ],
};

export const memberScopes = { required: ["openid", "profile", "w_member_social"], optional: [] };
export const pageScopes = {
  required: ["w_organization_social", "r_organization_social", "rw_organization_admin"],
  optional: [],
};

/** A token asked for with another set of scopes ends all earlier ones, so the set never changes by account or time. */
const common: Pick<
  OAuth2Facts,
  "authorizeAt" | "tokenAt" | "pkce" | "answer" | "refresh" | "revoke" | "refreshBeforeMs"
> = {
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
};

export const UserInfo = z.object({
  sub: z.string().min(1).max(100),
  name: z.string().optional(),
  picture: z.url().optional(),
});

/** The member's own profile. */
async function member(granted: Granted, ctx: AuthContext): PlatformResult<readonly FoundAccount[]> {
  const me = await api.read(
    ctx,
    { method: "GET", base: V2, path: "userinfo", bearer: granted.credentials.accessToken, about: "account" },
    UserInfo,
  );
  if (!me.ok) return me;
  const { sub, name = granted.subject.name, picture } = me.value;
  return ok([
    {
      platform: "linkedin",
      externalId: personUrn(sub),
      kind: "member",
      name,
      ...(picture && { pictureUrl: picture }),
      extras: {},
      credentials: granted.credentials,
      missingScopes: missing(granted, memberScopes.required),
    },
  ]);
}

const missing = ({ scopes }: Granted, needed: readonly string[]) => needed.filter((scope) => !scopes.includes(scope));

const Acls = z.object({
  elements: z.array(
    z.object({
      organization: Urn.optional(),
      organizationTarget: Urn.optional(),
      roleAssignee: Urn.optional(),
      role: z.string().optional(),
      state: z.string().optional(),
    }),
  ),
  paging: z.object({ start: z.number(), count: z.number(), total: z.number().optional() }).optional(),
});
export const Organization = z.object({
  localizedName: z.string().optional(),
  vanityName: z.string().optional(),
});
const PAGE_ROWS = 100;

/** Every page the person administers. LinkedIn names the person in the same answer and in no other. */
export async function pageRoles(ctx: AuthContext, credentials: Pick<Credentials, "accessToken">) {
  return api.readAll(
    ctx,
    {
      method: "GET",
      path: `organizationAcls?q=roleAssignee&role=ADMINISTRATOR&state=APPROVED&start=0&count=${PAGE_ROWS}`,
      bearer: credentials.accessToken,
      about: "account",
      needs: pageScopes.required,
    },
    Acls,
    {
      rows: ({ elements }) => elements,
      next: ({ elements, paging }) => {
        const start = (paging?.start ?? 0) + elements.length;
        const isLast = elements.length < PAGE_ROWS || (paging?.total !== undefined && start >= paging.total);
        return isLast
          ? undefined
          : {
              path: `organizationAcls?q=roleAssignee&role=ADMINISTRATOR&state=APPROVED&start=${start}&count=${PAGE_ROWS}`,
            };
      },
    },
  );
}

export const readPage = (ctx: AuthContext, urn: string, credentials: Pick<Credentials, "accessToken">) =>
  api.read(
    ctx,
    {
      method: "GET",
      path: ["organizations", idIn(urn)],
      bearer: credentials.accessToken,
      about: "account",
      needs: pageScopes.required,
    },
    Organization,
  );

async function pages(granted: Granted, ctx: AuthContext): PlatformResult<readonly FoundAccount[]> {
  const roles = await pageRoles(ctx, granted.credentials);
  if (!roles.ok) return roles;
  const found: FoundAccount[] = [];
  for (const { organization, organizationTarget, roleAssignee } of roles.value) {
    const urn = organization ?? organizationTarget;
    if (!urn || found.some(({ externalId }) => externalId === urn)) continue;
    const page = await readPage(ctx, urn, granted.credentials);
    if (!page.ok && page.error.kind !== "scope_missing") return page;
    const { localizedName = idIn(urn), vanityName } = page.ok ? page.value : {};
    found.push({
      platform: "linkedin",
      externalId: urn,
      kind: "page",
      name: localizedName,
      ...(vanityName && { handle: vanityName, profileUrl: `https://www.linkedin.com/company/${vanityName}` }),
      extras: roleAssignee ? { administrator: roleAssignee } : {},
      credentials: granted.credentials,
      missingScopes: missing(granted, pageScopes.required),
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
    const person = roles.value.find(({ roleAssignee }) => roleAssignee)?.roleAssignee;
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
