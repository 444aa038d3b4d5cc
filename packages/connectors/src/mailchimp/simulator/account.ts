import type { Route } from "@postd/connector-kit/simulator";
import { z } from "zod";
import { membersOf } from "./audience.ts";
import {
  accountOf,
  answer,
  api,
  fieldQuery,
  own,
  page,
  pageQuery,
  route,
  sortDirection,
  success,
  textOf,
} from "./call.ts";
import { regionsOf } from "./content.ts";
import type { Template } from "./model.ts";
import type { World } from "./world.ts";

// Fact sheet, "Accounts".

const templateJson = ({ id, name, createdAt, account }: Template) => ({
  id: Number(id),
  type: "user",
  name,
  drag_and_drop: false,
  responsive: false,
  category: "",
  date_created: textOf(createdAt),
  date_edited: textOf(createdAt),
  created_by: account.person.name,
  edited_by: account.person.name,
  active: true,
  folder_id: "",
  thumbnail: "",
  share_url: "",
  content_type: "template",
  _links: [],
});

export const accountRoutes: readonly Route<World>[] = [
  route("GET", api("ping"), { handle: () => success({ health_status: "Everything's Chimpy!" }) }),
  route("GET", api(""), {
    query: z.strictObject(fieldQuery),
    handle(call) {
      const account = accountOf(call);
      const { id, name, person, role, plan, isPremium } = account;
      const audiences = call.world.audiences.all((audience) => audience.account === account);
      const [first_name = "", last_name = ""] = person.name.split(" ");
      return answer(call.query, {
        account_id: id,
        login_id: person.id,
        account_name: name,
        email: person.email,
        first_name,
        last_name,
        username: person.email,
        avatar_url: "",
        role,
        member_since: textOf(0),
        pricing_plan_type: plan,
        account_timezone: "Europe/Stockholm",
        account_industry: "",
        contact: { company: name, addr1: "Quay 1", addr2: "", city: "Visby", state: "", zip: "62156", country: "SE" },
        pro_enabled: isPremium,
        last_login: textOf(call.now.getTime()),
        total_subscribers: audiences.reduce((sum, one) => sum + membersOf(call.world, one).length, 0),
        industry_stats: { open_rate: 0.21, bounce_rate: 0.01, click_rate: 0.02 },
        _links: [],
      });
    },
  }),
  // It takes no parameters and is not paged (swagger).
  route("GET", api("verified-domains"), {
    query: z.strictObject({}),
    handle(call) {
      const domains = [...accountOf(call).domains].map(([domain, state]) => ({
        domain,
        ...state,
        verification_email: `postmaster@${domain}`,
        verification_sent: textOf(0),
      }));
      return success({ domains, total_items: domains.length });
    },
  }),
  route("GET", api("templates"), {
    query: z.strictObject({
      ...pageQuery,
      type: z.string().optional(),
      sort_field: z.enum(["date_created", "date_edited", "name"]).optional(),
      sort_dir: sortDirection.optional(),
      content_type: z.enum(["html", "template", "multichannel"]).optional(),
    }),
    handle(call) {
      const account = accountOf(call);
      return page(
        call,
        "templates",
        call.world.templates.all((one) => one.account === account),
        templateJson,
      );
    },
  }),
  route("GET", api("templates/:template/default-content"), {
    query: z.strictObject(fieldQuery),
    handle(call) {
      const { html } = own(call, call.world.templates.get(call.params.template ?? ""));
      const sections = Object.fromEntries(regionsOf(html).map(({ name, words }) => [name, words]));
      return answer(call.query, { sections, _links: [] });
    },
  }),
];
