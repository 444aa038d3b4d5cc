import { invalidParameter, oneOf, page, plainFields, requestedFields } from "@postd/connector-kit/simulator/graph";
import { type Answer, type Call, type Operation, operation, success } from "./call.ts";
import { project } from "./fields.ts";
import type { Page } from "./model.ts";
import { consentOf } from "./tokens.ts";

const defaultPageFields = plainFields("access_token", "category", "name", "id", "tasks");

/** Pages of a list the consent covers; a person may have ticked only some (meta.md §4, granular consent). */
function pageList(call: Call, which: (page: Page) => boolean): Answer {
  const fields = requestedFields(call) ?? defaultPageFields;
  const pages = call.world.data.pages.all((each) => which(each) && call.accounts.includes(each.id) && !each.roleLost);
  return page(call, pages, (each) => project(call, { type: "page", value: each }, fields));
}

/** Reads and changes on a person and on businesses (§3a.5, §3a.6, §4). */
export const userOperations: readonly Operation[] = [
  // Pages owned through a business are missing here (§4).
  operation("user", "GET", "accounts", { scopes: ["pages_show_list"] }, (call, { id }) =>
    pageList(call, (each) => each.personId === id && each.business === undefined),
  ),
  operation("user", "GET", "businesses", { scopes: ["business_management"] }, (call, { id }) => {
    const own = call.world.data.businesses.all(({ personId }) => personId === id);
    return page(call, own, (business) => project(call, { type: "business", value: business }, requestedFields(call)));
  }),
  operation("user", "GET", "permissions", { params: ["permission", "status"] }, ({ world, params, token, scopes }) => {
    const status = oneOf(params, "status", ["granted", "declined", "expired"]);
    const wanted = params.text("permission");
    const all = [...(consentOf(world, token.grant) ?? token.grant).asked].map((permission) => ({
      permission,
      status: scopes.has(permission) ? "granted" : "declined",
    }));
    return {
      data: all.filter(
        (each) => (status ?? each.status) === each.status && (wanted ?? each.permission) === each.permission,
      ),
    };
  }),
  operation("user", "DELETE", "permissions", { params: ["permission"] }, ({ world, params, rest, token }) => {
    const permission = rest ?? params.text("permission");
    const consent = consentOf(world, token.grant) ?? token.grant;
    // Removing everything de-authorises the app: every token of the consent dies with 190/458 (§12).
    if (permission === undefined) world.tokens.endSubject(consent.subject, consent.app);
    else if (consent.asked.has(permission))
      consent.scopes = new Set([...consent.scopes].filter((scope) => scope !== permission));
    else throw invalidParameter(`Permission ${permission} was not granted`);
    return success;
  }),
  ...(["owned", "client"] as const).map((relation) =>
    operation(
      "business",
      "GET",
      `${relation}_pages`,
      { scopes: ["business_management", "pages_show_list"] },
      (call, { id }) => pageList(call, ({ business }) => business?.id === id && business.relation === relation),
    ),
  ),
];
