import type { Secret } from "@postd/connector-kit";
import { asId, idPrefixes, type UserId } from "@postd/contracts";
import type { Mail } from "@postd/core";
import { betterAuth } from "better-auth";
import { drizzleAdapter } from "better-auth/adapters/drizzle";
import { organization } from "better-auth/plugins/organization";
import { v7 } from "uuid";
import { trustedOriginsOf } from "../../http/trusted-origins.ts";
import type { Db } from "../postgres/pools.ts";
import { invitations, members, sessions, signIns, tenants, users, verifications } from "../postgres/schema.ts";
import { hashSessionTokens } from "./hashed-sessions.ts";
import { noteFailure } from "./hidden-failures.ts";
import { accessControl, organizationRoles } from "./roles.ts";

export interface AuthSettings {
  readonly db: Db;
  /** At least 32 characters; signs cookies. */
  readonly secret: Secret;
  /** Address people use, without a slash at the end. */
  readonly publicUrl: string;
  readonly trustedOrigins: readonly string[];
  readonly mail: Mail;
  /** Runs once for a new person: makes their first tenant. */
  readonly welcome: (user: { readonly id: UserId; readonly name: string; readonly email: string }) => Promise<void>;
  readonly log: {
    warn(fields: Readonly<Record<string, unknown>>, message: string): void;
    error(fields: Readonly<Record<string, unknown>>, message: string): void;
  };
  /** Header the HTTP layer writes the client's address into. */
  readonly clientAddressHeader: string;
  /** Tests that sign in often turn it off. */
  readonly limitSignIns?: boolean;
}

const idPrefix: Readonly<Record<string, string>> = {
  user: idPrefixes.user,
  organization: idPrefixes.tenant,
  member: idPrefixes.member,
  invitation: idPrefixes.invitation,
  session: "ses",
  account: "sgn",
  verification: "ver",
};

/**
 * Sign-up, sign-in, sessions and password resets by better-auth on our tables. Session tokens and reset tokens are
 * stored hashed; nothing is sent outside. Its own endpoints for organisations are not reachable: members and tenants
 * have operations with our rules.
 */
export function createAuth(settings: AuthSettings) {
  const { db, mail, log } = settings;
  const adapter = drizzleAdapter(db, {
    provider: "pg",
    transaction: true,
    schema: {
      user: users,
      session: sessions,
      account: signIns,
      verification: verifications,
      organization: tenants,
      member: members,
      invitation: invitations,
    },
  });
  return betterAuth({
    appName: "POSTD",
    baseURL: settings.publicUrl,
    basePath: "/api/auth",
    secret: settings.secret.reveal(),
    trustedOrigins: [...trustedOriginsOf(settings.publicUrl, settings.trustedOrigins)],
    database: hashSessionTokens(adapter),
    telemetry: { enabled: false },
    emailAndPassword: {
      enabled: true,
      minPasswordLength: 10,
      maxPasswordLength: 128,
      resetPasswordTokenExpiresIn: 60 * 60,
      // A reset ends what a thief may have opened.
      revokeSessionsOnPasswordReset: true,
      sendResetPassword: async ({ user, url }) => {
        await mail.send({
          to: user.email,
          subject: "Reset your POSTD password",
          text: `Somebody, hopefully you, asked to reset the password of ${user.email}.\n\nOpen this link within an hour:\n${url}\n\nIf it was not you, do nothing.\n`,
        });
      },
    },
    verification: { storeIdentifier: "hashed" },
    session: { expiresIn: 60 * 60 * 24 * 14, updateAge: 60 * 60 * 24, cookieCache: { enabled: false } },
    databaseHooks: {
      user: {
        create: {
          after: async (user) => {
            await settings.welcome({ id: asId("user", user.id), name: user.name, email: user.email });
          },
        },
      },
    },
    plugins: [
      organization({
        ac: accessControl,
        roles: organizationRoles,
        creatorRole: "owner",
        requireEmailVerificationOnInvitation: true,
        disableOrganizationDeletion: true,
      }),
    ],
    onAPIError: { throw: true },
    rateLimit: {
      enabled: settings.limitSignIns ?? true,
      storage: "memory",
      window: 60,
      max: 100,
      customRules: {
        "/sign-in/email": { window: 60, max: 10 },
        "/sign-up/email": { window: 60, max: 10 },
        "/request-password-reset": { window: 60, max: 5 },
        "/reset-password": { window: 60, max: 10 },
      },
    },
    advanced: {
      cookiePrefix: "postd",
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
}

export type Auth = ReturnType<typeof createAuth>;
