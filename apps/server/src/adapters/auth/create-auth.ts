import { AsyncLocalStorage } from "node:async_hooks";
import type { Secret } from "@postd/connector-kit";
import { asId, idPrefixes, LinkToken } from "@postd/contracts";
import type { Mail, PeopleService, SignInRules } from "@postd/core";
import { betterAuth } from "better-auth";
import { drizzleAdapter } from "better-auth/adapters/drizzle";
import { createAuthMiddleware } from "better-auth/api";
import { organization } from "better-auth/plugins/organization";
import { twoFactor } from "better-auth/plugins/two-factor";
import { and, eq, ne, type SQL } from "drizzle-orm";
import { v7 } from "uuid";
import { trustedOriginsOf } from "../../http/trusted-origins.ts";
import type { Db } from "../postgres/pools.ts";
import {
  invitations,
  members,
  sessions,
  signIns,
  tenants,
  twoFactors,
  users,
  verifications,
} from "../postgres/schema.ts";
import { hashSessionTokens } from "./hashed-sessions.ts";
import { noteFailure } from "./hidden-failures.ts";
import { passwordMaxCharacters, passwordMinCharacters } from "./password-weakness.ts";
import { accessControl, organizationRoles } from "./roles.ts";
import { noteSecondFactor } from "./second-factor.ts";

export interface AuthSettings {
  readonly db: Db;
  /** At least 32 characters; signs cookies. */
  readonly secret: Secret;
  /** Address people use, without a slash at the end. */
  readonly publicUrl: string;
  readonly trustedOrigins: readonly string[];
  readonly mail: Mail;
  /** Mail leaves: an address is confirmed before there is a session, and nobody learns which addresses are known. */
  readonly hasMail: boolean;
  readonly rules: Pick<SignInRules, "sendConfirmation" | "openAgain">;
  /** Runs once for a new person: makes their first tenant. */
  readonly welcome: PeopleService["welcome"];
  readonly log: {
    warn(fields: Readonly<Record<string, unknown>>, message: string): void;
    error(fields: Readonly<Record<string, unknown>>, message: string): void;
  };
  /** Header the HTTP layer writes the client's address into. */
  readonly clientAddressHeader: string;
}

const idPrefix: Readonly<Record<string, string>> = {
  user: idPrefixes.user,
  organization: idPrefixes.tenant,
  member: idPrefixes.member,
  invitation: idPrefixes.invitation,
  session: "ses",
  account: "sgn",
  verification: "ver",
  twoFactor: "tfa",
};

/**
 * Sign-up, sign-in, sessions and password resets by better-auth on our tables. Session tokens and reset tokens are
 * stored hashed; nothing is sent outside. Its own endpoints for organisations are not reachable: members and tenants
 * have operations with our rules.
 */
export function createAuth(settings: AuthSettings) {
  const { db, mail, log, hasMail, rules } = settings;
  /** A person's links for a new password; they are the only rows here that carry a person's id as their value. */
  const endResetLinks = async (userId: string, but?: SQL) => {
    await db.delete(verifications).where(and(eq(verifications.value, userId), but));
  };
  // What a callback of the library begins must not run inside the transaction the library holds at that moment.
  const outside = AsyncLocalStorage.snapshot();
  const adapter = drizzleAdapter(db, {
    provider: "pg",
    transaction: true,
    schema: {
      user: users,
      session: sessions,
      account: signIns,
      verification: verifications,
      twoFactor: twoFactors,
      organization: tenants,
      member: members,
      invitation: invitations,
    },
  });
  const auth = betterAuth({
    appName: "POSTD",
    baseURL: settings.publicUrl,
    basePath: "/api/auth",
    secret: settings.secret.reveal(),
    trustedOrigins: [...trustedOriginsOf(settings.publicUrl, settings.trustedOrigins)],
    database: hashSessionTokens(adapter),
    telemetry: { enabled: false },
    emailAndPassword: {
      enabled: true,
      minPasswordLength: passwordMinCharacters,
      maxPasswordLength: passwordMaxCharacters,
      requireEmailVerification: hasMail,
      resetPasswordTokenExpiresIn: 60 * 60,
      // A reset ends what a thief may have opened.
      revokeSessionsOnPasswordReset: true,
      sendResetPassword: async ({ user, url, token }) => {
        const wished = new URL(url).searchParams.get("callbackURL");
        const link = wished ? url : `${settings.publicUrl}/new-password?token=${token}`;
        await mail.send({
          about: "account",
          to: user.email,
          subject: "A new password for POSTD",
          text: `Somebody, hopefully you, signed up with ${user.email} or asked for a new password. An account with this address exists.\n\nTo choose a new password open this link within an hour; older links of this kind have ended:\n${link}\n\nIf it was not you, do nothing.\n`,
        });
      },
      // Looks like a sign-up from outside. An account nobody confirmed is taken over by whoever has the mailbox, with a
      // password of their own: confirming would give it to whoever made it.
      onExistingUserSignUp: async ({ user }) => {
        await outside(() => auth.api.requestPasswordReset({ body: { email: user.email } }));
      },
      onPasswordReset: async ({ user }) => {
        await endResetLinks(user.id);
        // The link was mailed, so the mailbox is theirs.
        if (hasMail) await db.update(users).set({ emailVerified: true }).where(eq(users.id, user.id));
        await rules.openAgain(user.email);
      },
    },
    emailVerification: {
      sendOnSignUp: hasMail,
      sendOnSignIn: hasMail,
      // The library's own link confirms by a GET, which mail scanners follow; ours takes a POST and the password.
      sendVerificationEmail: ({ user }) => rules.sendConfirmation({ id: asId("user", user.id), email: user.email }),
    },
    verification: { storeIdentifier: "hashed" },
    session: { expiresIn: 60 * 60 * 24 * 14, updateAge: 60 * 60 * 24, cookieCache: { enabled: false } },
    databaseHooks: {
      user: {
        create: {
          after: async (user, context) => {
            const link = LinkToken.safeParse(context?.body?.link);
            await settings.welcome({
              id: asId("user", user.id),
              name: user.name,
              email: user.email,
              ...(link.success ? { link: link.data } : {}),
            });
          },
        },
      },
      verification: {
        create: {
          // Only the newest link for a new password works.
          after: async (row, context) => {
            if (context?.path === "/request-password-reset")
              await endResetLinks(row.value, ne(verifications.id, row.id));
          },
        },
      },
      session: {
        create: {
          after: (session, context) =>
            noteSecondFactor(db, {
              sessionId: session.id,
              path: context?.path,
              before: context?.context.session?.session.id,
            }),
        },
      },
    },
    hooks: {
      after: createAuthMiddleware(async (ctx) => {
        const userId = ctx.context.session?.user.id;
        if (!userId || ctx.context.returned instanceof Error) return;
        if (ctx.path === "/change-password") await endResetLinks(userId);
        // A factor that is gone no longer speaks for the sessions it opened.
        if (ctx.path === "/two-factor/disable")
          await db
            .update(sessions)
            .set({ secondFactor: null })
            .where(and(eq(sessions.userId, userId), eq(sessions.secondFactor, "code")));
      }),
    },
    plugins: [
      organization({
        ac: accessControl,
        roles: organizationRoles,
        creatorRole: "owner",
        requireEmailVerificationOnInvitation: true,
        disableOrganizationDeletion: true,
      }),
      twoFactor({ issuer: "POSTD", twoFactorCookieMaxAge: 10 * 60 }),
    ],
    onAPIError: { throw: true },
    // Tries are counted before the library is reached, per address and per account, for all processes together.
    rateLimit: { enabled: false },
    advanced: {
      cookiePrefix: "postd",
      // How long a mail takes would tell whether one is sent.
      backgroundTasks: {
        handler: (task) => void task.catch(() => log.warn({ from: "sign-in" }, "a mail did not leave")),
      },
      useSecureCookies: settings.publicUrl.startsWith("https:"),
      defaultCookieAttributes: { httpOnly: true, sameSite: "lax", path: "/" },
      ipAddress: { ipAddressHeaders: [settings.clientAddressHeader] },
      database: {
        generateId: ({ model }) => `${idPrefix[model] ?? "row"}_${v7().replaceAll("-", "")}`,
      },
    },
    logger: {
      level: "warn",
      log: (level, message, ...details) => {
        if (level === "error") noteFailure(details);
        // Details are left out: they may hold requests.
        if (level === "error") log.error({ from: "sign-in" }, message);
        else log.warn({ from: "sign-in" }, message);
      },
    },
  });
  return auth;
}

export type Auth = ReturnType<typeof createAuth>;
