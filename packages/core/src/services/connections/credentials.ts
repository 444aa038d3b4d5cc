import { type Credentials, type Secret, secret } from "@postd/connector-kit";
import { z } from "zod";
import { Tampered } from "../../ports/vault.ts";

/** Name under which a sign-in's, or a connection's own, credentials are sealed. */
export const credentialsName = "credentials";
/** Name of what the person granted, under its grant. */
export const grantSignInName = "sign_in";
/** Name of one account's credentials under its grant. */
export const grantAccountName = (account: { readonly platform: string; readonly externalId: string }): string =>
  `${account.platform}:${account.externalId}`;

const Stored = z.object({
  accessToken: z.string(),
  refreshToken: z.string().optional(),
  expiresAt: z.iso.datetime().optional(),
  refreshExpiresAt: z.iso.datetime().optional(),
  scopes: z.array(z.string()).optional(),
  extra: z.record(z.string(), z.string()).optional(),
});

/** All credentials as one value to seal, so that a rotated pair replaces the old one as a whole. */
export function packCredentials(credentials: Credentials): Secret {
  const { accessToken, refreshToken, expiresAt, refreshExpiresAt, scopes, extra } = credentials;
  return secret(
    JSON.stringify({
      accessToken: accessToken.reveal(),
      refreshToken: refreshToken?.reveal(),
      expiresAt: expiresAt?.toISOString(),
      refreshExpiresAt: refreshExpiresAt?.toISOString(),
      scopes,
      extra: extra && Object.fromEntries(Object.entries(extra).map(([name, value]) => [name, value.reveal()])),
    }),
  );
}

/** Throws `Tampered` when the value is not what `packCredentials` made. */
export function unpackCredentials(packed: Secret): Credentials {
  const parsed = Stored.safeParse(JSON.parse(packed.reveal()));
  if (!parsed.success) throw new Tampered("stored credentials have an unknown shape");
  const { accessToken, refreshToken, expiresAt, refreshExpiresAt, scopes, extra } = parsed.data;
  return {
    accessToken: secret(accessToken),
    ...(refreshToken === undefined ? {} : { refreshToken: secret(refreshToken) }),
    ...(expiresAt === undefined ? {} : { expiresAt: new Date(expiresAt) }),
    ...(refreshExpiresAt === undefined ? {} : { refreshExpiresAt: new Date(refreshExpiresAt) }),
    ...(scopes === undefined ? {} : { scopes }),
    ...(extra === undefined
      ? {}
      : { extra: Object.fromEntries(Object.entries(extra).map(([name, value]) => [name, secret(value)])) }),
  };
}

/**
 * What is in store with what is new: platforms that do not rotate answer without a refresh token, and some give one at the
 * first consent only; the one at hand stays good.
 */
export function keepUnchanged(old: Credentials, renewed: Credentials): Credentials {
  const hasToken = renewed.refreshToken !== undefined && renewed.refreshToken.reveal() !== "";
  const { refreshToken } = hasToken ? renewed : old;
  const { refreshExpiresAt = old.refreshExpiresAt, extra = old.extra, scopes = old.scopes } = renewed;
  return {
    accessToken: renewed.accessToken,
    ...(renewed.expiresAt === undefined ? {} : { expiresAt: renewed.expiresAt }),
    ...(refreshToken === undefined ? {} : { refreshToken }),
    ...(refreshExpiresAt === undefined ? {} : { refreshExpiresAt }),
    ...(scopes === undefined ? {} : { scopes }),
    ...(extra === undefined ? {} : { extra }),
  };
}

/** Whether an account acts with what the person granted, or with a secret of its own, such as a Page token. */
export const isSame = (a: Credentials, b: Credentials): boolean => a.accessToken.reveal() === b.accessToken.reveal();

/**
 * Whether two connections live on one sign-in: a token or key of one is also the other's. The address of a server that
 * both accounts live at is no secret, and older credentials hold one.
 */
export function shareSecret(a: Credentials, b: Credentials): boolean {
  const values = new Set(secretsOf(a));
  return secretsOf(b).some((value) => values.has(value));
}

const secretsOf = ({ accessToken, refreshToken, extra }: Credentials): string[] =>
  [accessToken, refreshToken, ...Object.values(extra ?? {})]
    .flatMap((value) => value?.reveal() || [])
    .filter((value) => !/^https?:\/\//.test(value));
