import { offsetPage, type Route } from "@postd/connector-kit/simulator";
import { z } from "zod";
import { appOf, rest, route, selfUrn } from "./call.ts";
import { notFound } from "./words.ts";
import { type Organization, orgUrn, subOf, type World } from "./world.ts";

// Fact sheet, "Accounts".

const organizationView = ({ id, name, vanityName }: Organization) => ({
  id: Number(id),
  localizedName: name,
  vanityName,
  $URN: orgUrn(id),
});
const admin = [["rw_organization_admin", "r_organization_admin"]] as const;

export const peopleRoutes: readonly Route<World>[] = [
  route("GET", "api.linkedin.com/v2/userinfo", {
    scopes: ["openid", "profile"],
    handle(call) {
      const { subject, scopes } = call.caller;
      const name = call.world.people.get(subject) ?? "";
      const [given_name = "", ...family] = name.split(" ");
      const email = scopes.has("email") ? { email: `${subject}@example.com`, email_verified: true } : {};
      const locale = { country: "US", language: "en" };
      return {
        status: 200,
        json: { sub: subOf(appOf(call), subject), name, given_name, family_name: family.join(" "), locale, ...email },
      };
    },
  }),
  route("GET", rest("organizationAcls"), {
    scopes: admin,
    query: z.strictObject({
      q: z.literal("roleAssignee"),
      role: z.string().optional(),
      state: z.literal("APPROVED").optional(),
      start: z.coerce.number().int().min(0).default(0),
      count: z.coerce.number().int().min(1).max(100).default(10),
    }),
    handle(call) {
      const { world, query, caller } = call;
      const all = [...world.organizations.values()].flatMap(({ id, roles }) => {
        const role = roles.get(caller.subject);
        const isAsked = role !== undefined && (query.role ?? role) === role;
        return isAsked ? [{ role, organization: orgUrn(id), roleAssignee: selfUrn(call), state: "APPROVED" }] : [];
      });
      const { items, start, count, total } = offsetPage(all, query);
      return { status: 200, json: { elements: items, paging: { start, count, total, links: [] } } };
    },
  }),
  route("GET", rest("organizations"), {
    scopes: admin,
    query: z.strictObject({ q: z.literal("vanityName"), vanityName: z.string() }),
    handle({ world, query }) {
      const found = [...world.organizations.values()].filter(({ vanityName }) => vanityName === query.vanityName);
      return { status: 200, json: { elements: found.map(organizationView) } };
    },
  }),
  route("GET", rest("organizations/:id"), {
    scopes: admin,
    handle({ world, params }) {
      const found = world.organizations.get(params.id ?? "");
      if (found === undefined) throw notFound(`organization ${params.id}`);
      return { status: 200, json: organizationView(found) };
    },
  }),
  route("GET", rest("networkSizes/:urn"), {
    scopes: admin,
    query: z.strictObject({ edgeType: z.literal("COMPANY_FOLLOWED_BY_MEMBER") }),
    handle({ world, params }) {
      const found = [...world.organizations.values()].find(({ id }) => orgUrn(id) === params.urn);
      if (found === undefined) throw notFound(`network of ${params.urn}`);
      return { status: 200, json: { firstDegreeSize: found.followers } };
    },
  }),
];
