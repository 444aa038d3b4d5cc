import { z } from "zod";
import { idSchema, PlatformId } from "./ids.ts";

/** One way to sign in at a platform, by the id its connector gives it. */
export const AuthKind = z
  .string()
  .regex(/^[a-z][a-z0-9_]{0,39}$/, "must be an auth id of the platform, see GET /api/platforms");

/** What a sign-in has to know first (a shop, a server), by the names of its fields. */
export const TypedFields = z.record(z.string().min(1).max(60), z.string().max(2_000));

/** Language of the provider's page, where it takes one. */
export const Locale = z
  .string()
  .max(35)
  .regex(/^[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*$/, "must be a language tag such as da or pt-BR");

/** Where the browser ends: a path on this server, or for a program with an API key an address of its own. */
export const ReturnTo = z
  .string()
  .max(500)
  .regex(
    /^(\/(?![/\\])[^\\\s]*|https?:\/\/[^\\\s]+)$/,
    "must be a path on this server that starts with one slash, or an https address",
  );

/** Accounts of a grant, or typed keys. */
export const ConnectInput = z.union([
  z.strictObject({
    grantId: idSchema("grant"),
    accounts: z
      .array(z.strictObject({ platform: PlatformId, externalId: z.string().min(1).max(500) }))
      .min(1)
      .max(200),
  }),
  z.strictObject({
    platform: PlatformId,
    authKind: AuthKind.optional(),
    keys: z.record(z.string().min(1).max(60), z.string().max(5_000)),
  }),
]);
export type ConnectInput = z.infer<typeof ConnectInput>;
