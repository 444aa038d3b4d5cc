import { z } from "zod";
import { idSchema, PlatformId } from "./ids.ts";

/** One way to sign in at a platform, by the id its connector gives it. */
export const AuthKind = z
  .string()
  .regex(/^[a-z][a-z0-9_]{0,39}$/, "must be an auth id of the platform, see GET /api/platforms");

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
