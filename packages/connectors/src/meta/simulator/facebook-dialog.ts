import type { SimAnswer, SimRequest } from "@postd/connector-kit/simulator";
import { type Choice, refusalPage } from "@postd/connector-kit/simulator";
import { facebookPermissions } from "./apps.ts";
import { type DialogRequest, loginPage, readDialog, redirectBack, redirectDenied } from "./dialog.ts";
import { issueCode, recordGrant } from "./grants.ts";
import type { Page, Person } from "./model.ts";
import { idaHolm } from "./seed.ts";
import type { World } from "./world.ts";

/**
 * www.facebook.com/{version}/dialog/oauth (meta.md §3a.1). GET shows the consent page, POST is its form. Fields:
 * `person` (radio), `page`, `instagram`, `permission` (checkboxes), `decision` continue or cancel. A POST without
 * `listed` grants everything asked for to every Page, so that a program may post only the query and `decision`.
 */
export function facebookDialog(world: World, request: SimRequest): SimAnswer {
  const form =
    request.method === "POST" ? new URLSearchParams(Buffer.from(request.rawBody).toString("utf8")) : undefined;
  const query = new URLSearchParams(request.query);
  for (const [name, value] of form ?? []) if (!formFields.includes(name)) query.set(name, value);
  const dialog = readDialog("facebook", query);
  if (typeof dialog === "string") return refusalPage(dialog);
  if (form === undefined) return show(world, request, dialog);
  if (form.get("decision") === "cancel") return redirectDenied(dialog);
  if (form.get("decision") !== "continue") return refusalPage("Choose Continue or Cancel.");
  return decide(world, dialog, form);
}

const formFields = ["person", "page", "instagram", "permission", "decision", "listed"];

/** Accounts behind one person: Pages with a role, and the Instagram accounts linked to them. */
const pagesOf = (world: World, person: Person): readonly Page[] =>
  [...world.data.pages.values()].filter((page) => page.personId === person.id && !page.roleLost);
const instagramOf = (world: World, person: Person) =>
  [...world.data.igAccounts.values()].filter(
    (account) => account.personId === person.id && account.pageId !== undefined,
  );

function show(world: World, request: SimRequest, dialog: DialogRequest): SimAnswer {
  const people = [...world.data.people.values()];
  const pages: Choice[] = people.flatMap((person) =>
    pagesOf(world, person).map((page) => ({
      type: "checkbox",
      name: "page",
      value: page.id,
      label: labelOf(page.name, person),
      isChecked: true,
    })),
  );
  const accounts: Choice[] = people.flatMap((person) =>
    instagramOf(world, person).map((account) => ({
      type: "checkbox",
      name: "instagram",
      value: account.id,
      label: labelOf(`@${account.username}`, person),
      isChecked: true,
    })),
  );
  const permissions: Choice[] = dialog.scopes.map((scope) => ({
    type: "checkbox",
    name: "permission",
    value: scope,
    label: `${facebookPermissions[scope]} (${scope})`,
    isChecked: true,
    // With a configuration everything or nothing is granted (§2).
    isDisabled: dialog.isConfigured || scope === "public_profile",
  }));
  const asPerson: Choice[] = people.map((person) => ({
    type: "radio",
    name: "person",
    value: person.id,
    label: person.name,
    isChecked: person.id === idaHolm.id,
  }));
  return loginPage(dialog, world.env.urlFor("www.facebook.com", request.path), [
    { title: "Continue as", choices: asPerson },
    { title: "Pages", choices: pages, empty: "No Pages" },
    { title: "Instagram accounts", choices: accounts, empty: "No Instagram accounts" },
    { title: "Permissions", choices: permissions, empty: "Your name and profile picture" },
  ]);
}

const labelOf = (name: string, person: Person): string =>
  person.id === idaHolm.id ? name : `${name} (${person.name})`;

function decide(world: World, dialog: DialogRequest, form: URLSearchParams): SimAnswer {
  const person = world.data.people.get(form.get("person") ?? idaHolm.id);
  if (person === undefined) return refusalPage("Nobody of that name is logged in.");
  const isListed = form.has("listed");
  const ticked = (name: string, all: readonly string[]) =>
    isListed ? all.filter((value) => form.getAll(name).includes(value)) : all;
  const permissions = dialog.isConfigured ? dialog.scopes : ticked("permission", dialog.scopes);
  const grant = recordGrant(world, {
    login: "facebook",
    personId: person.id,
    asked: ["public_profile", ...dialog.scopes],
    granted: ["public_profile", ...permissions],
    pageIds: ticked(
      "page",
      pagesOf(world, person).map((page) => page.id),
    ),
    igIds: ticked(
      "instagram",
      instagramOf(world, person).map((account) => account.id),
    ),
  });
  return redirectBack(dialog, { code: issueCode(world, grant, dialog.redirectUri) });
}
