import type { AuthContext, FoundAccount, Granted, PlatformResult, SignInMethod } from "@postd/connector-kit";
import { ok } from "@postd/contracts";
import { answered } from "../answered.ts";
import { toldAccounts } from "./told.ts";

/** The accounts a sign-in opened, as its platform lists them and as they may be stored and shown. */
export async function listAccounts(
  ctx: AuthContext,
  signIn: Pick<SignInMethod, "accounts">,
  granted: Granted,
  platform: string,
): PlatformResult<readonly FoundAccount[]> {
  const listed = await answered(ctx, { call: "accounts", platform }, () => signIn.accounts(granted, ctx, platform));
  return listed.ok ? ok(toldAccounts(listed.value)) : listed;
}
