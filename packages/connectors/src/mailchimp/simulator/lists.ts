import type { Route } from "@postd/connector-kit/simulator";
import { z } from "zod";
import { membersOf } from "./audience.ts";
import {
  accountOf,
  answer,
  api,
  audienceOf,
  fieldQuery,
  page,
  pageQuery,
  route,
  sortDirection,
  success,
  textOf,
} from "./call.ts";
import { Conditions } from "./campaign-input.ts";
import type { Audience, Segment } from "./model.ts";
import { badField, notFound } from "./words.ts";
import { hashOf, type World } from "./world.ts";

// Fact sheet, "Accounts" and "Lists / audiences".

function listJson(world: World, audience: Audience) {
  const { id, webId, name, fromName, fromEmail, createdAt, account } = audience;
  const all = world.members.all((member) => member.audience === audience);
  const sent = world.campaigns.all(({ status, recipients }) => status === "sent" && recipients?.audience === audience);
  const count = (status: string) => all.filter((member) => member.status === status).length;
  const last = sent.at(-1)?.sendAt;
  const per = (value: number, of: number) => (of === 0 ? 0 : (100 * value) / of);
  const mails = sent.reduce((sum, { emailsSent }) => sum + emailsSent, 0);
  return {
    id,
    web_id: webId,
    name,
    contact: {
      company: account.name,
      address1: "Quay 1",
      address2: "",
      city: "Visby",
      state: "",
      zip: "62156",
      country: "SE",
      phone: "",
    },
    permission_reminder: "You signed up in our shop.",
    use_archive_bar: true,
    campaign_defaults: { from_name: fromName, from_email: fromEmail, subject: "", language: "en" },
    notify_on_subscribe: "",
    notify_on_unsubscribe: "",
    date_created: textOf(createdAt),
    list_rating: 0,
    email_type_option: false,
    visibility: "pub",
    double_optin: false,
    has_welcome: false,
    marketing_permissions: false,
    modules: [],
    stats: {
      member_count: count("subscribed"),
      unsubscribe_count: count("unsubscribed"),
      cleaned_count: count("cleaned"),
      campaign_count: sent.length,
      campaign_last_sent: last === undefined ? undefined : textOf(last),
      merge_field_count: 2,
      avg_sub_rate: 0,
      avg_unsub_rate: 0,
      // Percentages, 0 to 100; those of reports are 0 to 1 (fact sheet, "Analytics").
      open_rate: per(
        sent.reduce((sum, { engagement }) => sum + engagement.uniqueOpens, 0),
        mails,
      ),
      click_rate: per(
        sent.flatMap(({ engagement }) => engagement.clicks).reduce((sum, { unique }) => sum + unique, 0),
        mails,
      ),
    },
    _links: [],
  };
}

function segmentJson(world: World, segment: Segment) {
  const { id, name, type, match, conditions, createdAt, audience } = segment;
  return {
    id: Number(id),
    name,
    member_count: membersOf(world, audience, segment).length,
    type,
    created_at: textOf(createdAt),
    updated_at: textOf(createdAt),
    options: { match, conditions },
    list_id: audience.id,
    _links: [],
  };
}

const segments = api("lists/:list/segments");

export const listRoutes: readonly Route<World>[] = [
  route("GET", api("lists"), {
    query: z.strictObject({
      ...pageQuery,
      email: z.string().optional(),
      sort_field: z.enum(["date_created"]).optional(),
      sort_dir: sortDirection.optional(),
      include_total_contacts: z.enum(["true", "false"]).optional(),
    }),
    handle(call) {
      const { world, query } = call;
      const account = accountOf(call);
      const hash = query.email === undefined ? undefined : hashOf(query.email);
      const all = world.audiences.all(
        (one) =>
          one.account === account && (hash === undefined || world.members.get(`${one.id}:${hash}`) !== undefined),
      );
      const shown = query.sort_dir === "DESC" ? all.toReversed() : all;
      const constraints = { may_create: true, max_instances: 5, current_total_instances: all.length };
      return page(call, "lists", shown, (one) => listJson(world, one), { constraints });
    },
  }),
  route("GET", api("lists/:list"), {
    query: z.strictObject(fieldQuery),
    handle: (call) => answer(call.query, listJson(call.world, audienceOf(call))),
  }),
  route("GET", segments, {
    query: z.strictObject({ ...pageQuery, type: z.enum(["saved", "static", "fuzzy"]).optional() }),
    handle(call) {
      const audience = audienceOf(call);
      const { type } = call.query;
      const all = call.world.segments.all(
        (one) => one.audience === audience && (type === undefined || one.type === type),
      );
      return page(call, "segments", all, (one) => segmentJson(call.world, one), { list_id: audience.id });
    },
  }),
  route("POST", segments, {
    body: z.strictObject({
      name: z.string().min(1),
      static_segment: z.array(z.email()).optional(),
      options: z.strictObject({ match: z.enum(["any", "all"]), conditions: Conditions }).optional(),
    }),
    handle(call) {
      const { world, body, now } = call;
      const audience = audienceOf(call);
      if ((body.static_segment === undefined) === (body.options === undefined))
        throw badField("", "One of static_segment and options is needed");
      if (body.options)
        return success(segmentJson(world, world.addSegment(audience, body.name, { type: "saved", ...body.options })));
      const tag = world.addSegment(audience, body.name);
      // Addresses that are not in the list are passed over.
      for (const email of body.static_segment ?? [])
        world.members.get(`${audience.id}:${hashOf(email)}`)?.tags.set(tag.id, now.getTime());
      return success(segmentJson(world, tag));
    },
  }),
  route("GET", `${segments}/:segment`, {
    query: z.strictObject(fieldQuery),
    handle(call) {
      const found = call.world.segments.get(call.params.segment ?? "");
      if (found?.audience !== audienceOf(call)) throw notFound();
      return answer(call.query, segmentJson(call.world, found));
    },
  }),
];
