import { type Call, routesOf } from "@postd/connector-kit/simulator";
import { denied, refuse } from "./words.ts";
import { orgUrn, personUrn, type World } from "./world.ts";

export const route = routesOf<World>();
export const rest = (path: string): string => `api.linkedin.com/rest/${path}`;
type Called = Pick<Call<World>, "caller" | "world">;

export const appOf = ({ caller }: Pick<Call<World>, "caller">): string => caller.token?.grant.app ?? "";
export const selfUrn = (call: Called): string => personUrn(appOf(call), call.caller.subject);

/** Whether the caller may act as this author: itself, or a page it has one of the posting roles on. */
export function mayActAs(
  call: Called,
  author: string,
  scopes: { readonly member: string; readonly page: string },
): void {
  const has = (scope: string) => call.caller.scopes.has(scope);
  if (author === selfUrn(call)) {
    if (!has(scopes.member)) throw denied(`partnerApiPostsExternal needs ${scopes.member}`);
    return;
  }
  const organization = [...call.world.organizations.values()].find(({ id }) => orgUrn(id) === author);
  // A scope that is missing is said otherwise than a role that is missing (fact sheet, "Errors").
  if (organization && !has(scopes.page))
    throw refuse(400, "Organization permissions must be used when using organization as author", {
      code: "ORGANIZATION_PERMISSION",
    });
  const role = organization?.roles.get(call.caller.subject);
  if (role === undefined || role === "ANALYST") throw denied(`author ${author}`);
}

/** The caller's page, where it administers it. */
export function ownPage(call: Called, urn: string) {
  const organization = [...call.world.organizations.values()].find(({ id }) => orgUrn(id) === urn);
  if (organization?.roles.get(call.caller.subject) !== "ADMINISTRATOR") throw denied(`organization ${urn}`);
  return organization;
}

export const created = (id: string) => ({ status: 201, headers: { "x-restli-id": id } });
