import type { Route } from "@postd/connector-kit/simulator";
import { z } from "zod";
import { appOf, paged, pageQuery, rest, route, selfUrn } from "./call.ts";
import { notFound } from "./words.ts";
import { subOf, type World } from "./world.ts";

// Fact sheet, "Accounts".

const scopes = [["rw_organization_admin", "r_organization_admin"]];
const fewFollowers = 240;

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
    scopes,
    query: z.strictObject({
      q: z.literal("roleAssignee"),
      role: z.literal("ADMINISTRATOR").optional(),
      state: z.literal("APPROVED").optional(),
      ...pageQuery(100),
    }),
    handle(call) {
      const own = call.world.organizations.all(({ admins }) => admins.includes(call.caller.subject));
      const roleAssignee = selfUrn(call);
      const role = { role: "ADMINISTRATOR", roleAssignee, state: "APPROVED" };
      return paged(own, call.query, ({ id }) => ({ organization: id, ...role }));
    },
  }),
  route("GET", rest("organizations/:id"), {
    scopes,
    handle({ world, params }) {
      const found = world.organizations.get(`urn:li:organization:${params.id}`);
      if (found === undefined) throw notFound(`organization ${params.id}`);
      const { id, name } = found;
      const vanityName = name.toLowerCase().replaceAll(" ", "-");
      return { status: 200, json: { id: Number(params.id), localizedName: name, vanityName, $URN: id } };
    },
  }),
  route("GET", rest("networkSizes/:urn"), {
    scopes,
    query: z.strictObject({ edgeType: z.literal("COMPANY_FOLLOWED_BY_MEMBER") }),
    handle({ world, params: { urn = "" } }) {
      if (world.organizations.get(urn) === undefined) throw notFound(`network of ${urn}`);
      return { status: 200, json: { firstDegreeSize: world.counts.get(urn)?.followers ?? fewFollowers } };
    },
  }),
];
