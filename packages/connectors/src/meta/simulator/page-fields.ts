import { type Field, pick } from "@postd/connector-kit/simulator/graph";
import { webUrl } from "./answers.ts";
import type { Call } from "./call.ts";
import type { FieldTable, Project } from "./field-table.ts";
import type { Business, Page, Person } from "./model.ts";
import { kindOf, pageToken } from "./tokens.ts";

const pictureOf = (call: Call, id: string, field: Field) => ({
  data: pick(
    {
      url: webUrl("graph.facebook.com", `/${call.version}/${id}/picture`),
      height: 50,
      width: 50,
      is_silhouette: false,
    },
    field.fields,
  ),
});

export const userFields: FieldTable<Person> = {
  id: (_call, person) => person.id,
  name: (_call, person) => person.name,
  first_name: (_call, person) => person.name.split(" ")[0],
  last_name: (_call, person) => person.name.split(" ").slice(1).join(" "),
  picture: (call, person, field) => pictureOf(call, person.id, field),
};

export const businessFields: FieldTable<Business> = {
  id: (_call, business) => business.id,
  name: (_call, business) => business.name,
};

/** Page fields of meta.md §4. */
export const pageFields: FieldTable<Page> = {
  id: (_call, page) => page.id,
  name: (_call, page) => page.name,
  username: (_call, page) => page.username,
  category: (_call, page) => page.category,
  tasks: (call, page) => (kindOf(call.token) === "user" ? page.tasks : undefined),
  access_token: (call, page) => tokenFor(call, page),
  fan_count: (_call, page) => page.fans,
  followers_count: (_call, page) => page.fans,
  is_published: () => true,
  link: (_call, page) => webUrl("www.facebook.com", `/${page.username}`),
  picture: (call, page, field) => pictureOf(call, page.id, field),
  instagram_business_account: (call, page, field, project) => linkedInstagram(call, page, field, project),
  connected_instagram_account: (call, page, field, project) => linkedInstagram(call, page, field, project),
};

/** Pages answer their token to the person who has a role there; a Page token answers itself. */
function tokenFor(call: Call, page: Page): string | undefined {
  if (call.token.kind === "page") return call.token.value;
  return page.roleLost ? undefined : pageToken(call.world, call.token, page.id).value;
}

/** Needs instagram_basic (§3a) and the account ticked in the dialog; without it the field stays away (§4, granular consent). */
function linkedInstagram(call: Call, page: Page, field: Field, project: Project): unknown {
  const account = page.igId === undefined ? undefined : call.world.data.igAccounts.get(page.igId);
  if (account === undefined || !call.scopes.has("instagram_basic") || !call.accounts.includes(account.id))
    return undefined;
  return project(call, { type: "igUser", value: account }, field.fields);
}
