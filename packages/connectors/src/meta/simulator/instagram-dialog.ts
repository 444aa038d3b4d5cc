import type { SimAnswer, SimRequest } from "@postd/connector-kit/simulator";
import { type Choice, refusalPage } from "@postd/connector-kit/simulator";
import { instagramPermissions } from "./apps.ts";
import { type DialogRequest, loginPage, readDialog, redirectBack, redirectDenied } from "./dialog.ts";
import { issueCode, recordGrant } from "./grants.ts";
import type { World } from "./world.ts";

const formFields = ["account", "permission", "decision", "listed"];

/**
 * www.instagram.com/oauth/authorize (meta.md §3b.1). GET shows the consent page, POST is its form. Fields: `account`
 * (radio; one account signs in), `permission` (checkboxes; basic cannot be unticked), `decision` continue or cancel.
 */
export function instagramDialog(world: World, request: SimRequest): SimAnswer {
  const form =
    request.method === "POST" ? new URLSearchParams(Buffer.from(request.rawBody).toString("utf8")) : undefined;
  const query = new URLSearchParams(request.query);
  for (const [name, value] of form ?? []) if (!formFields.includes(name)) query.set(name, value);
  const dialog = readDialog("instagram", query);
  if (typeof dialog === "string") return refusalPage(dialog);
  if (form === undefined) return show(world, request, dialog);
  if (form.get("decision") === "cancel") return redirectDenied(dialog);
  if (form.get("decision") !== "continue") return refusalPage("Choose Continue or Cancel.");
  const accounts = [...world.data.igAccounts.values()];
  const account = form.has("account") ? world.data.igAccounts.get(form.get("account") ?? "") : accounts[0];
  if (account === undefined) return refusalPage("Choose an account.");
  const isTicked = (scope: string) =>
    !form.has("listed") || form.getAll("permission").includes(scope) || scope === "instagram_business_basic";
  const grant = recordGrant(world, {
    login: "instagram",
    personId: account.personId,
    asked: dialog.scopes,
    granted: dialog.scopes.filter(isTicked),
    pageIds: [],
    igIds: [account.id],
  });
  return redirectBack(dialog, { code: issueCode(world, grant, dialog.redirectUri) });
}

function show(world: World, request: SimRequest, dialog: DialogRequest): SimAnswer {
  const accounts: Choice[] = [...world.data.igAccounts.values()].map((account, index) => ({
    type: "radio",
    name: "account",
    value: account.id,
    label: `@${account.username} (${account.name})`,
    isChecked: index === 0,
  }));
  const permissions: Choice[] = dialog.scopes.map((scope) => ({
    type: "checkbox",
    name: "permission",
    value: scope,
    label: `${instagramPermissions[scope]} (${scope})`,
    isChecked: true,
    isDisabled: scope === "instagram_business_basic",
  }));
  return loginPage(dialog, world.env.urlFor("www.instagram.com", request.path), [
    { title: "Continue as", choices: accounts },
    { title: "Permissions", choices: permissions },
  ]);
}
