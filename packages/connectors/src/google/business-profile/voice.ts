import type { AuthContext, Credentials, PlatformResult } from "@postd/connector-kit";
import { ok } from "@postd/contracts";
import { z } from "zod";
import { api, MANAGE, VERIFICATIONS } from "./api.ts";
import { escaped } from "./names.ts";

/** What Google wants before a business may speak for a location, and what its owner does about it. */
const reasons = {
  verify: "it has not been verified: its owner verifies it",
  waitForVoiceOfMerchant: "Google is still reviewing it: wait, nothing has to be done",
  resolveOwnershipConflict: "it duplicates a location that somebody else holds: its owner asks them for access",
  complyWithGuidelines: "it breaks Google's guidelines: its owner puts that right and asks for reinstatement",
} as const;
type Reason = keyof typeof reasons;
const names = Object.keys(reasons) as [Reason, ...Reason[]];

/** Kept of a location; absent: Google does not tell. */
export const Voice = z.object({
  isVerified: z.boolean().optional(),
  /** Why the business may not speak for it. */
  lacks: z.enum(names).optional().catch(undefined),
});
export type Voice = z.output<typeof Voice>;

const State = z.looseObject({ hasVoiceOfMerchant: z.boolean().optional() });

/**
 * Whether Google lets the business speak for a location. A location tells it when that is so and mostly leaves it out when
 * not, so the API that knows why is asked then; where that is not enabled nothing is known.
 * @source specs/google-business-profile/mybusinessverifications.v1.json, VoiceOfMerchantState
 */
export async function readVoice(
  ctx: AuthContext,
  { name, hasVoice }: { readonly name: string; readonly hasVoice: boolean | undefined },
  { accessToken }: Pick<Credentials, "accessToken">,
): PlatformResult<Voice> {
  if (hasVoice) return ok({ isVerified: true });
  const path = `${escaped(name)}/VoiceOfMerchantState`;
  const call = { base: VERIFICATIONS, bearer: accessToken, about: "account", needs: [MANAGE] } as const;
  const read = await api.get(ctx, path, State, call);
  const isKnown = read.ok || hasVoice === false;
  if (!isKnown) return read.error.kind === "operator_must_act" ? ok({}) : read;
  if (!read.ok) return ok({ isVerified: false });
  if (read.value.hasVoiceOfMerchant) return ok({ isVerified: true });
  const lacks = names.find((reason) => read.value[reason] !== undefined);
  return ok({ isVerified: false, ...(lacks && { lacks }) });
}

export const unverified = ({ lacks }: Pick<Voice, "lacks">): string =>
  `Google has not verified this location, or the business may not speak for it now, so it takes no posts and no replies: ${lacks ? reasons[lacks] : "its owner finds out why"} at https://business.google.com/locations. It is seen here by itself when that ends.`;
