import { DisplayName, EmailAddress, LinkToken, PictureUrl } from "@postd/contracts";
import type { SignInTry } from "@postd/core";
import { z } from "zod";

/** What of the sign-in library is reachable, and what it is given: members, invitations and tenants have operations of their own. */
export interface AuthOperation {
  readonly method: "GET" | "POST";
  /** Below /api/auth. */
  readonly path: string;
  /** Strict, so that nothing but these fields reaches the library. */
  readonly body?: z.ZodType<AuthInput>;
  /** Throttled and judged as such a try. */
  readonly kind?: SignInTry["kind"];
  /** Sent whatever the request says. */
  readonly always?: Readonly<Record<string, unknown>>;
}

/** Every field any of them takes, checked. */
export interface AuthInput {
  readonly name?: string | undefined;
  readonly email?: string | undefined;
  readonly password?: string | undefined;
  readonly newPassword?: string | undefined;
  readonly currentPassword?: string | undefined;
  readonly token?: string | undefined;
  readonly link?: string | undefined;
  readonly image?: string | null | undefined;
  readonly redirectTo?: string | undefined;
  readonly rememberMe?: boolean | undefined;
  readonly revokeOtherSessions?: boolean | undefined;
  readonly code?: string | undefined;
}

/** Whether it is good enough is judged later, with the words it may not rest on. */
const Password = z.string().min(1, "must not be empty").max(1_000, "must have at most 1,000 characters");
const ResetToken = z.string().regex(/^[A-Za-z0-9]{1,100}$/, "must be the token of the link");
/** Of an app: six digits, however they are grouped. */
const AppCode = z
  .string()
  .max(20)
  .transform((text) => text.replace(/\s/g, ""))
  .pipe(z.string().regex(/^\d{6}$/, "must be the six digits the app shows"));
const BackupCode = z
  .string()
  .trim()
  .regex(/^[A-Za-z0-9]{5}-[A-Za-z0-9]{5}$/, "must look like aB3dE-fG7hJ");
const confirmed = z.strictObject({ password: Password.optional() });
const rememberMe = z.boolean().optional();

const operations: readonly AuthOperation[] = [
  {
    method: "POST",
    path: "/sign-up/email",
    kind: "sign_up",
    body: z.strictObject({
      name: DisplayName,
      email: EmailAddress,
      password: Password,
      image: PictureUrl.optional(),
      link: LinkToken.optional(),
      rememberMe,
    }),
  },
  {
    method: "POST",
    path: "/sign-in/email",
    kind: "sign_in",
    body: z.strictObject({ email: EmailAddress, password: Password, rememberMe }),
  },
  { method: "POST", path: "/sign-out", body: z.strictObject({}) },
  {
    method: "POST",
    path: "/confirm-address",
    kind: "confirm_address",
    body: z.strictObject({ token: LinkToken, password: Password }),
  },
  {
    method: "POST",
    path: "/request-password-reset",
    kind: "ask_reset",
    body: z.strictObject({ email: EmailAddress, redirectTo: z.string().min(1).max(2_000).optional() }),
  },
  {
    method: "POST",
    path: "/reset-password",
    kind: "reset",
    body: z.strictObject({ newPassword: Password, token: ResetToken }),
  },
  {
    method: "POST",
    path: "/change-password",
    kind: "change_password",
    body: z.strictObject({
      currentPassword: Password,
      newPassword: Password,
      revokeOtherSessions: z.boolean().optional(),
    }),
    // Whoever else is signed in may be the reason for the change.
    always: { revokeOtherSessions: true },
  },
  {
    method: "POST",
    path: "/update-user",
    body: z.strictObject({ name: DisplayName.optional(), image: PictureUrl.nullable().optional() }),
  },
  { method: "POST", path: "/revoke-sessions", body: z.strictObject({}) },
  // Only codes of an app: a code by mail is no second thing beside a password that mail resets.
  { method: "POST", path: "/two-factor/enable", kind: "second_factor", body: confirmed, always: { method: "totp" } },
  { method: "POST", path: "/two-factor/disable", kind: "second_factor", body: confirmed },
  { method: "POST", path: "/two-factor/generate-backup-codes", kind: "second_factor", body: confirmed },
  { method: "POST", path: "/two-factor/verify-totp", kind: "second_factor", body: z.strictObject({ code: AppCode }) },
  {
    method: "POST",
    path: "/two-factor/verify-backup-code",
    kind: "second_factor",
    body: z.strictObject({ code: BackupCode }),
  },
];
/** Leads on to the page of `callbackURL`; changes nothing. */
const resetLink: AuthOperation = { method: "GET", path: "/reset-password/:token" };

export function authOperationOf(method: string, path: string): AuthOperation | undefined {
  if (method === "GET") return /^\/reset-password\/[A-Za-z0-9]+$/.test(path) ? resetLink : undefined;
  return operations.find((operation) => operation.method === method && operation.path === path);
}
