import { type Call, routesOf, type SimLimit, SimRefusal } from "@postd/connector-kit/simulator";
import { z } from "zod";
import { badRequest, pageNotFound, quotaExceeded, serviceDisabled } from "./words.ts";
import type { Person, World } from "./world.ts";

export const route = routesOf<World>();
export type Called = Pick<Call<World>, "caller" | "world" | "params" | "request">;

export function personOf({ caller, world }: Pick<Called, "caller" | "world">): Person {
  const person = world.people.get(caller.subject);
  if (person === undefined) throw new Error(`nobody is called ${caller.subject}`);
  return person;
}

const perMinute: SimLimit = { name: "qpm", points: 300, seconds: 60 };
/** Sign-in and identity are no APIs of the project's list. */
const isOpen = (host: string): boolean =>
  ["accounts.google.com", "oauth2.googleapis.com", "www.googleapis.com", "openidconnect.googleapis.com"].includes(host);

/** What Google looks at before any of its APIs does: whether it is enabled, and its quota. */
export function guard({ world, request: { host } }: Pick<Call<World>, "world" | "request">): void {
  const { settings, limits } = world;
  if (isOpen(host)) return;
  if (settings.disabledApis.includes(host)) throw new SimRefusal(serviceDisabled(host));
  if (!settings.isApproved) throw new SimRefusal(quotaExceeded(host));
  if (limits.take([perMinute], host).retryAfterSeconds !== undefined && settings.limitsRequests)
    throw new SimRefusal(quotaExceeded(host));
}

/** Custom methods stand behind a colon; a route takes any word there and asks for its own. */
export function isVerb({ params, request }: Called, verb: string): void {
  if (params.verb !== verb) throw new SimRefusal(pageNotFound(request));
}

export const paging = { pageSize: z.coerce.number().int().min(0).optional(), pageToken: z.string().optional() };

/** A page by an opaque token; more than the most is the most. */
export function pageOf<T>(
  items: readonly T[],
  asked: { readonly pageSize?: number | undefined; readonly pageToken?: string | undefined },
  size: { readonly usual: number; readonly most: number },
): { readonly items: readonly T[]; readonly more: { readonly nextPageToken?: string } } {
  const count = Math.min(asked.pageSize || size.usual, size.most);
  const start = asked.pageToken ? Number(Buffer.from(asked.pageToken, "base64url").toString("latin1")) : 0;
  if (!Number.isSafeInteger(start) || start < 0) throw badRequest("page_token", "Invalid page token.");
  const end = start + count;
  const more = end < items.length ? { nextPageToken: Buffer.from(String(end)).toString("base64url") } : {};
  return { items: items.slice(start, end), more };
}
