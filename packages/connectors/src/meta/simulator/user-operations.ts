import { page } from "./answers.ts";
import { type Answer, type Call, type Operation, operationOn, success } from "./call.ts";
import { plainFields } from "./field-list.ts";
import { project, requestedFields } from "./fields.ts";
import { invalidParameter } from "./graph-error.ts";
import type { Page } from "./model.ts";
import { oneOf } from "./params.ts";
import { endTokens } from "./tokens.ts";

const defaultPageFields = plainFields("access_token", "category", "name", "id", "tasks");

/** Pages of a list the consent covers; a person may have ticked only some (meta.md §4, granular consent). */
function pageList(call: Call, which: (page: Page) => boolean): Answer {
  const fields = requestedFields(call) ?? defaultPageFields;
  const pages = [...call.world.data.pages.values()].filter(
    (each) => which(each) && call.grant.pageIds.has(each.id) && !each.roleLost,
  );
  return page(call, pages, (each) => project(call, { type: "page", value: each }, fields));
}

/** Reads and changes on a person and on businesses (§3a.5, §3a.6, §4). */
export const userOperations: readonly Operation[] = [
  operationOn("user", {
    method: "GET",
    edge: "",
    params: [],
    scopes: [],
    tokens: ["user"],
    run: (call, person) => project(call, { type: "user", value: person }, requestedFields(call)),
  }),
  operationOn("user", {
    method: "GET",
    edge: "accounts",
    params: [],
    scopes: ["pages_show_list"],
    tokens: ["user"],
    // Pages owned through a business are missing here (§4).
    run: (call, person) => pageList(call, (each) => each.personId === person.id && each.business === undefined),
  }),
  operationOn("user", {
    method: "GET",
    edge: "businesses",
    params: [],
    scopes: ["business_management"],
    tokens: ["user"],
    run(call, person) {
      const own = [...call.world.data.businesses.values()].filter((business) => business.personId === person.id);
      return page(call, own, (business) => project(call, { type: "business", value: business }, requestedFields(call)));
    },
  }),
  operationOn("user", {
    method: "GET",
    edge: "permissions",
    params: ["permission", "status"],
    scopes: [],
    tokens: ["user"],
    run(call) {
      const status = oneOf(call.params, "status", ["granted", "declined", "expired"]);
      const permission = call.params.text("permission");
      const all = [...call.grant.permissions].map(([name, state]) => ({ permission: name, status: state }));
      return {
        data: all.filter(
          (each) => (status ?? each.status) === each.status && (permission ?? each.permission) === each.permission,
        ),
      };
    },
  }),
  operationOn("user", {
    method: "DELETE",
    edge: "permissions",
    params: ["permission"],
    scopes: [],
    tokens: ["user"],
    run(call) {
      const permission = call.params.text("permission");
      if (permission === undefined) {
        // Removing everything de-authorises the app: every token of the consent dies with 190/458 (§12).
        call.grant.permissions.clear();
        endTokens(call.world, (token) => token.grantId === call.grant.id, 458);
        return success;
      }
      if (!call.grant.permissions.has(permission)) throw invalidParameter(`Permission ${permission} was not granted`);
      call.grant.permissions.set(permission, "declined");
      return success;
    },
  }),
  operationOn("business", {
    method: "GET",
    edge: "",
    params: [],
    scopes: ["business_management"],
    tokens: ["user"],
    run: (call, business) => project(call, { type: "business", value: business }, requestedFields(call)),
  }),
  ...(["owned", "client"] as const).map((relation) =>
    operationOn("business", {
      method: "GET",
      edge: `${relation}_pages`,
      params: [],
      scopes: ["business_management", "pages_show_list"],
      tokens: ["user"],
      run: (call, business) =>
        pageList(call, (each) => each.business?.id === business.id && each.business.relation === relation),
    }),
  ),
];
