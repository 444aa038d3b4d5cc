import type { AuthContext, FoundAccount, Granted, PlatformResult, SignInMethod } from "@postd/connector-kit";
import { answered } from "../answered.ts";

/** The accounts a sign-in opened, as its platform lists them. */
export const listAccounts = (
  ctx: AuthContext,
  signIn: Pick<SignInMethod, "accounts">,
  granted: Granted,
  platform: string,
): PlatformResult<readonly FoundAccount[]> =>
  answered(ctx, { call: "accounts", platform }, () => signIn.accounts(granted, ctx, platform));
