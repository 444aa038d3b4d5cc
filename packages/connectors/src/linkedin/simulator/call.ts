import { type Call, offsetPage, routesOf } from "@postd/connector-kit/simulator";
import { z } from "zod";
import { denied, notFound, refuse } from "./words.ts";
import { type Organization, type Post, personUrn, type World } from "./world.ts";

export const route = routesOf<World>();
export const rest = (path: string): string => `api.linkedin.com/rest/${path}`;
export type Called = Pick<Call<World>, "caller" | "world">;

export const appOf = ({ caller }: Pick<Called, "caller">): string => caller.token?.grant.app ?? "";
export const selfUrn = (call: Called): string => personUrn(appOf(call), call.caller.subject);

/** Whether the caller may act as this author: itself, or a page it administers. */
export function mayActAs(
  call: Called,
  author: string,
  scopes = { member: "w_member_social", page: "w_organization_social" },
): void {
  const has = (scope: string) => call.caller.scopes.has(scope);
  if (author === selfUrn(call)) {
    if (!has(scopes.member)) throw denied(`author ${author}`);
    return;
  }
  // A scope that is missing is said otherwise than a role that is missing (fact sheet, "Errors").
  if (call.world.organizations.get(author) && !has(scopes.page))
    throw refuse(400, "Organization permissions must be used when using organization as author", {
      code: "ORGANIZATION_PERMISSION",
    });
  ownPage(call, author);
}

/** The page, where the caller administers it. */
export function ownPage(call: Called, urn: string): Organization {
  const organization = call.world.organizations.get(urn);
  if (!organization?.admins.includes(call.caller.subject)) throw denied(`organization ${urn}`);
  return organization;
}

export function postOf({ world, params: { urn = "" } }: Pick<Call<World>, "world" | "params">): Post {
  const post = world.posts.get(urn);
  if (post === undefined) throw notFound(`post ${urn}`);
  return post;
}

export const pageQuery = (most: number) => ({
  start: z.coerce.number().int().min(0).default(0),
  count: z.coerce.number().int().min(1).max(most).default(10),
});

/** The asked page of a list, as `pageQuery` asks for it. */
export function paged<T>(
  all: readonly T[],
  query: { readonly start: number; readonly count: number },
  view: (item: T) => object,
) {
  const { items, ...at } = offsetPage(all, query);
  return { status: 200, json: { elements: items.map(view), paging: { ...at, links: [] } } };
}

export const created = (id: string) => ({ status: 201, headers: { "x-restli-id": id } });
