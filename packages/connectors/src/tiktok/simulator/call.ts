import { type Call, routesOf, type SimLimit } from "@postd/connector-kit/simulator";
import { refuse } from "./words.ts";
import type { Person, World } from "./world.ts";

export const route = routesOf<World>();
export const api = (path: string): string => `open.tiktokapis.com/v2/${path}`;
type Called = Pick<Call<World>, "caller" | "world">;

/** The consent the call is made with. */
export function grantOf({ caller }: Pick<Call<World>, "caller">) {
  if (caller.token === undefined) throw new Error("every token here is the kit's");
  return caller.token.grant;
}

export function personOf({ caller, world }: Called): Person {
  const person = world.people.get(caller.subject);
  if (person === undefined) throw new Error(`nobody is called ${caller.subject}`);
  return person;
}

/** Fact sheet, section 12: the first three per person and app, the last per app. */
const limits = {
  init: { name: "init", points: 6, seconds: 60 },
  creatorInfo: { name: "creator_info", points: 20, seconds: 60 },
  status: { name: "status", points: 30, seconds: 60 },
  display: { name: "display", points: 600, seconds: 60 },
} as const satisfies Readonly<Record<string, SimLimit>>;

export function takeLimit(call: Called, name: keyof typeof limits): void {
  const { subject, app } = grantOf(call);
  const { retryAfterSeconds } = call.world.limits.take([limits[name]], name === "display" ? app : `${app}:${subject}`);
  if (retryAfterSeconds !== undefined && call.world.settings.limitsRequests)
    throw refuse("rate_limit_exceeded", "The API rate limit was exceeded. Please try again later.");
}

export const badParam = (message: string) => refuse("invalid_params", message);
