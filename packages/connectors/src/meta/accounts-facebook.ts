import {
  type AuthContext,
  type Credentials,
  type FoundAccount,
  type Granted,
  GraphId,
  type PlatformResult,
  secret,
} from "@postd/connector-kit";
import { fail, ok } from "@postd/contracts";
import { z } from "zod";
import { Picture } from "./facebook/manage.ts";
import { graph, graphList } from "./graph.ts";
import { whyNoInstagram, whyNoPages } from "./no-pages.ts";
import { pagePermissions } from "./permissions.ts";
import { businessScope, linkedInstagramScopes, missing, pageScopes } from "./scopes.ts";

const Instagram = z.object({
  id: GraphId,
  username: z.string().optional(),
  name: z.string().optional(),
  profile_picture_url: z.string().optional(),
});

/** @source platforms/meta.md section 4 */
const Page = z.object({
  id: GraphId,
  name: z.string().optional(),
  username: z.string().optional(),
  access_token: z.string().optional(),
  tasks: z.array(z.string()).optional(),
  picture: Picture,
  instagram_business_account: Instagram.optional(),
});
type Page = z.output<typeof Page>;

const instagramFields = "id,username,name,profile_picture_url";
/** Pages that are asked one by one for an older kind of link; more would cost more calls than it is worth. */
const maxLinkLookups = 25;

/**
 * Every Page the grant opens and every Instagram account linked to one, each with the Page's own token, which does not
 * end. Pages reached through a business come from its own lists. A person may have ticked single Pages only; then these
 * are all there is. Where nothing of the wanted platform was found, the failure says why.
 */
export async function facebookAccounts(
  granted: Granted,
  ctx: AuthContext,
  wanted: "facebook" | "instagram" = "facebook",
): PlatformResult<readonly FoundAccount[]> {
  const token = granted.credentials.accessToken;
  const withInstagram = granted.scopes.includes("instagram_basic");
  const base = "id,name,username,access_token,category,tasks,picture{url}";
  const fields = withInstagram ? `${base},instagram_business_account{${instagramFields}}` : base;
  const own = await graphList(ctx, token, { path: ["me", "accounts"], params: { fields, limit: 100 }, row: Page });
  if (!own.ok) return own;
  const pages = new Map(own.value.map((page) => [page.id, page]));
  if (granted.scopes.includes(businessScope))
    for (const page of await businessPages(granted, ctx, fields))
      if (!pages.get(page.id)?.access_token) pages.set(page.id, { ...pages.get(page.id), ...page });
  const found: FoundAccount[] = [];
  let lookups = 0;
  for (const page of pages.values()) {
    found.push(pageAccount(page, granted));
    if (!withInstagram) continue;
    const linked =
      page.instagram_business_account ?? (lookups++ < maxLinkLookups ? await olderLink(page, ctx) : undefined);
    if (linked && !found.some((it) => it.platform === "instagram" && it.externalId === linked.id))
      found.push(instagramAccount(page, linked, granted));
  }
  if (found.length === 0) return fail(await whyNoPages(granted, ctx));
  if (wanted === "instagram" && !found.some(({ platform }) => platform === wanted))
    return fail(
      whyNoInstagram(
        granted,
        found.map(({ name }) => name),
      ),
    );
  return ok(found);
}

/** Pages owned by, or shared with, the person's businesses. A business that refuses only lacks its Pages. */
async function businessPages(granted: Granted, ctx: AuthContext, fields: string): Promise<readonly Page[]> {
  const token = granted.credentials.accessToken;
  const businesses = await graphList(ctx, token, { path: ["me", "businesses"], row: z.object({ id: z.string() }) });
  if (!businesses.ok) {
    ctx.log.warn({ platformCode: businesses.error.platformCode }, "businesses could not be listed");
    return [];
  }
  const pages: Page[] = [];
  for (const business of businesses.value)
    for (const edge of ["owned_pages", "client_pages"]) {
      const list = await graphList(ctx, token, {
        path: [business.id, edge],
        params: { fields, limit: 100 },
        row: Page,
      });
      if (list.ok) pages.push(...list.value);
      else ctx.log.warn({ edge, platformCode: list.error.platformCode }, "a business's Pages could not be listed");
    }
  return pages;
}

/** Accounts linked before the business link existed stand in another field. */
async function olderLink(page: Page, ctx: AuthContext): Promise<z.output<typeof Instagram> | undefined> {
  if (!page.access_token) return undefined;
  const answer = await graph(ctx, secret(page.access_token), {
    method: "GET",
    path: [page.id],
    params: { fields: `connected_instagram_account{${instagramFields}}` },
    answer: z.object({ connected_instagram_account: Instagram.optional() }),
    about: "object",
  });
  return answer.ok ? answer.value.connected_instagram_account : undefined;
}

function credentialsOf(page: Page, granted: Granted): Credentials {
  return {
    accessToken: secret(page.access_token ?? ""),
    scopes: granted.scopes,
  };
}

const tasksOf = ({ tasks }: Page) => (tasks ? { tasks } : {});

function blockedReason(page: Page): string | undefined {
  if (!page.access_token)
    return "Facebook gives no access to this Page. Ask its owner for a role on it, then sign in again.";
  return pagePermissions({ extras: tasksOf(page) })?.missing.at(0)?.message;
}

function pageAccount(page: Page, granted: Granted): FoundAccount {
  const blocked = blockedReason(page);
  return {
    platform: "facebook",
    externalId: page.id,
    kind: "page",
    name: page.name ?? page.id,
    ...(page.username && { handle: page.username }),
    ...(page.picture && { pictureUrl: page.picture }),
    profileUrl: `https://www.facebook.com/${page.username ?? page.id}`,
    extras: { personId: granted.subject.externalId, ...tasksOf(page) },
    credentials: credentialsOf(page, granted),
    missingScopes: missing(pageScopes.required, granted.scopes),
    ...(blocked && { blocked }),
  };
}

function instagramAccount(page: Page, linked: z.output<typeof Instagram>, granted: Granted): FoundAccount {
  const blocked = blockedReason(page);
  return {
    platform: "instagram",
    externalId: linked.id,
    kind: "professional",
    name: linked.name || linked.username || linked.id,
    ...(linked.username && { handle: linked.username, profileUrl: `https://www.instagram.com/${linked.username}/` }),
    ...(linked.profile_picture_url && { pictureUrl: linked.profile_picture_url }),
    extras: {
      pageId: page.id,
      pageName: page.name ?? page.id,
      personId: granted.subject.externalId,
      ...tasksOf(page),
    },
    credentials: credentialsOf(page, granted),
    missingScopes: missing(linkedInstagramScopes.required, granted.scopes),
    ...(blocked && { blocked }),
  };
}
