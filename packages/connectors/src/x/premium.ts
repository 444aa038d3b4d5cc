import type { Publishing } from "@postd/connector-kit";
import { z } from "zod";
import { optionsOf } from "./options.ts";

const MINUTE_MS = 60_000;

/** What X says of an account's subscription; "None" writes and films as everybody does. */
const Subscribed = z.object({ subscriptionType: z.string() });
export const isPremium = (extras: unknown): boolean => {
  const type = Subscribed.safeParse(extras).data?.subscriptionType.toLowerCase();
  return type !== undefined && type !== "none";
};

/** @source platforms/x.md section 13: the two lengths of text, and those of video since 2026-09-01 */
export const premiumLimits = { textMax: 25_000, video: { maxMs: 125 * MINUTE_MS } };

/** X does not tell every app what an account subscribed to, so a person may say it. */
export const limitsOf: NonNullable<Publishing["limitsOf"]> = (post, { extras }) =>
  isPremium(extras) || optionsOf(post).premium ? premiumLimits : {};
