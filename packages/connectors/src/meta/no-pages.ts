import { type AuthContext, type Granted, type PlatformFailure, secret } from "@postd/connector-kit";
import { z } from "zod";
import { graph } from "./graph.ts";
import { businessScope } from "./scopes.ts";

const Granular = z.object({
  data: z.object({
    granular_scopes: z
      .array(z.object({ scope: z.string(), target_ids: z.array(z.string()).optional() }))
      .optional()
      .catch(undefined),
  }),
});

const failure = (message: string, ...scopes: readonly string[]): PlatformFailure => ({
  kind: "scope_missing",
  scopes,
  message,
});

/**
 * Why a sign-in opened no Page, as far as Meta tells: the list was declined, no Page was ticked in the dialog, the Pages
 * belong to a business, or the person has no role on one.
 * @source platforms/meta.md section 3a.5 (granular_scopes), section 4
 */
export async function whyNoPages(granted: Granted, ctx: AuthContext): Promise<PlatformFailure> {
  const name = granted.subject.name;
  if (!granted.scopes.includes("pages_show_list"))
    return failure(
      `${name} did not allow the list of Pages, so none can be shown. Sign in again and allow it.`,
      "pages_show_list",
    );
  const ticked = await tickedPages(granted, ctx);
  if (ticked === 0)
    return failure(
      `No Page was ticked in Facebook's dialog, or ${name} has a role on none. ` +
        "Sign in again, choose to edit the settings and tick the Pages.",
    );
  if (!granted.scopes.includes(businessScope))
    return failure(
      `Facebook lists no Page for ${name}. Pages that belong to a business are listed only with the permission for ` +
        "businesses: sign in again and allow it, or ask the Page's owner for a role on it.",
      businessScope,
    );
  return failure(
    `Facebook lists no Page for ${name}, their businesses included. ` +
      "Ask the owner of the Page for a role that may post, or make a Page, then sign in again.",
  );
}

/** How many Pages the consent covers; undefined where that is not told, or where it covers all. */
async function tickedPages(granted: Granted, ctx: AuthContext): Promise<number | undefined> {
  const appId = ctx.app.value("app_id");
  const appSecret = ctx.app.secret("app_secret");
  if (!appId || !appSecret) return undefined;
  const read = await graph(ctx, secret(`${appId}|${appSecret.reveal()}`), {
    method: "GET",
    path: ["debug_token"],
    params: { input_token: granted.credentials.accessToken },
    answer: Granular,
    effect: "none",
  });
  const scopes = read.ok ? (read.value.data.granular_scopes ?? []) : [];
  return scopes.find(({ scope }) => scope === "pages_show_list")?.target_ids?.length;
}

/** Why Pages are there and no Instagram account is. @source platforms/meta.md section 15 */
export function whyNoInstagram(granted: Granted, pageNames: readonly string[]): PlatformFailure {
  if (!granted.scopes.includes("instagram_basic"))
    return failure(
      `${granted.subject.name} did not allow access to Instagram accounts. Sign in again and allow it.`,
      "instagram_basic",
    );
  const pages = pageNames.slice(0, 5).join(", ");
  return failure(
    `No Instagram account is linked to ${pages}, or it was not ticked in the dialog. Only Business and Creator accounts ` +
      "that are linked to a Page can be used this way: switch the account in Instagram, link it in the Page's settings, " +
      "tick both when signing in again. Or sign in with Instagram itself.",
  );
}
