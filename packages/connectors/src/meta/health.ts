import {
  atSeconds,
  type ConnectorContext,
  GraphId,
  type HealthAnswer,
  type PlatformResult,
  secret,
} from "@postd/connector-kit";
import { fail, ok } from "@postd/contracts";
import { z } from "zod";
import { PageFields } from "./facebook/manage.ts";
import { graph, otherVersion } from "./graph.ts";
import { readMe } from "./login-instagram.ts";
import { instagramScopes, linkedInstagramScopes, missing, pageScopes } from "./scopes.ts";

/** Fields of `debug_token` may change, so each may be missing. @source platforms/meta.md section 3a.5 */
const TokenInfo = z.object({
  data: z.object({
    is_valid: z.boolean().optional(),
    expires_at: z.number().optional(),
    data_access_expires_at: z.number().optional(),
    scopes: z.array(z.string()).optional(),
  }),
});

interface TokenHealth {
  readonly scopes?: readonly string[];
  readonly expiresAt?: Date;
  readonly signInAgainBy?: Date;
  readonly notes: readonly string[];
}

const WARN_MS = 14 * 86_400_000;

/** What Meta says of the token; without the app's secret nobody may ask, and the stored scopes stand. */
async function inspectToken(ctx: ConnectorContext): PlatformResult<TokenHealth> {
  const appId = ctx.app.value("app_id");
  const appSecret = ctx.app.secret("app_secret");
  const stored = { ...(ctx.credentials.scopes && { scopes: ctx.credentials.scopes }), notes: [] };
  if (!appId || !appSecret) return ok(stored);
  const read = await graph(ctx, secret(`${appId}|${appSecret.reveal()}`), {
    method: "GET",
    path: ["debug_token"],
    params: { input_token: ctx.credentials.accessToken },
    answer: TokenInfo,
  });
  if (!read.ok) return read.error.kind === "unexpected_response" ? ok(stored) : read;
  const { is_valid, scopes, expires_at, data_access_expires_at } = read.value.data;
  if (is_valid === false)
    return fail({ kind: "auth_revoked", message: "Meta no longer accepts this account's sign-in. Sign in again." });
  const expiresAt = atSeconds(expires_at);
  const signInAgainBy = atSeconds(data_access_expires_at);
  return ok({
    ...stored,
    ...(scopes && { scopes }),
    ...(expiresAt && { expiresAt }),
    ...(signInAgainBy && { signInAgainBy }),
    notes: dataAccessNotes(signInAgainBy, ctx.clock.now()),
  });
}

/** Ninety days after the last sign-in Meta stops giving out data though the token goes on. Pure. */
export function dataAccessNotes(endsAt: Date | undefined, now: Date): readonly string[] {
  if (!endsAt) return [];
  const day = endsAt.toISOString().slice(0, 10);
  if (endsAt <= now) return [`Meta has given out no data of this account since ${day}. Sign in again to renew it.`];
  if (endsAt.getTime() - now.getTime() > WARN_MS) return [];
  return [`Meta gives out this account's data until ${day}. Sign in again before then to renew it.`];
}

/** Meta serves a version that has ended in the next one, silently: fields may be gone. */
function versionNotes(ctx: ConnectorContext, served: string | undefined): readonly string[] {
  if (served === undefined) return [];
  return [
    `Meta answers in ${served} and POSTD asks for ${ctx.apiVersion}. Set POSTD_META_GRAPH_VERSION to a version that lives.`,
  ];
}

export async function facebookHealth(ctx: ConnectorContext): PlatformResult<HealthAnswer> {
  const token = await inspectToken(ctx);
  if (!token.ok) return token;
  let served: string | undefined;
  const page = await graph(ctx, ctx.credentials.accessToken, {
    method: "GET",
    path: [ctx.account.externalId],
    params: { fields: "id,name,username,picture{url}" },
    answer: PageFields,
    needs: ["pages_read_engagement"],
    look: (res) => {
      served = otherVersion(ctx, res);
    },
  });
  if (!page.ok) return page;
  const { name, username, picture: pictureUrl } = page.value;
  return ok({
    ...token.value,
    notes: [...token.value.notes, ...versionNotes(ctx, served)],
    missingScopes: token.value.scopes ? missing(pageScopes.required, token.value.scopes) : [],
    ...(name && { name }),
    ...(username && { handle: username }),
    ...(pictureUrl && { pictureUrl }),
  });
}

const LinkedAccount = z.object({
  id: GraphId,
  username: z.string().optional(),
  name: z.string().optional(),
  profile_picture_url: z.string().optional(),
});

export async function instagramHealth(ctx: ConnectorContext): PlatformResult<HealthAnswer> {
  return ctx.account.authKind === "instagram_login" ? ownLoginHealth(ctx) : linkedHealth(ctx);
}

async function linkedHealth(ctx: ConnectorContext): PlatformResult<HealthAnswer> {
  const token = await inspectToken(ctx);
  if (!token.ok) return token;
  let served: string | undefined;
  const read = await graph(ctx, ctx.credentials.accessToken, {
    method: "GET",
    path: [ctx.account.externalId],
    params: { fields: "id,username,name,profile_picture_url" },
    answer: LinkedAccount,
    needs: ["instagram_basic"],
    look: (res) => {
      served = otherVersion(ctx, res);
    },
  });
  if (!read.ok) return read;
  const missingScopes = token.value.scopes ? missing(linkedInstagramScopes.required, token.value.scopes) : [];
  const notes = [...token.value.notes, ...versionNotes(ctx, served)];
  return ok({ ...token.value, notes, missingScopes, ...identity(read.value) });
}

/** Instagram has no call that tells a token's scopes; those of the sign-in stand. */
async function ownLoginHealth(ctx: ConnectorContext): PlatformResult<HealthAnswer> {
  const me = await readMe(ctx, ctx.credentials.accessToken);
  if (!me.ok) return me;
  const { scopes, expiresAt } = ctx.credentials;
  return ok({
    ...(scopes && { scopes }),
    missingScopes: scopes ? missing(instagramScopes.required, scopes) : [],
    ...identity(me.value),
    ...(expiresAt && { expiresAt }),
  });
}

function identity(given: Partial<Omit<z.output<typeof LinkedAccount>, "id">>): Partial<HealthAnswer> {
  const { name, username, profile_picture_url } = given;
  return {
    ...(name && { name }),
    ...(username && { handle: username }),
    ...(profile_picture_url && { pictureUrl: profile_picture_url }),
  };
}
