import type { Call, Route } from "@postd/connector-kit/simulator";
import { z } from "zod";
import {
  accountOf,
  answer,
  api,
  audienceOf,
  done,
  fieldQuery,
  page,
  pageQuery,
  route,
  success,
  textOf,
} from "./call.ts";
import { tellMember } from "./events.ts";
import type { Audience, Member, MemberStatus } from "./model.ts";
import { badField, notFound, refuse } from "./words.ts";
import { hashOf, type World } from "./world.ts";

// Fact sheet, "Lists / audiences" and the member rows of "Errors".

const status = z.enum(["subscribed", "unsubscribed", "cleaned", "pending", "transactional"]);
const facts = {
  email_type: z.string().optional(),
  merge_fields: z.record(z.string(), z.unknown()).optional(),
  language: z.string().optional(),
  vip: z.boolean().optional(),
  ip_signup: z.string().optional(),
  timestamp_signup: z.iso.datetime({ offset: true }).optional(),
  ip_opt: z.string().optional(),
  timestamp_opt: z.iso.datetime({ offset: true }).optional(),
};
const tags = z.array(z.string().min(1)).optional();
const NewMember = z.strictObject({ email_address: z.email(), status, ...facts, tags });
const KeptMember = z.strictObject({
  email_address: z.email(),
  status_if_new: status,
  status: status.optional(),
  ...facts,
  tags,
});
/** Nobody is made transactional by a change (swagger). */
const ChangedMember = z.strictObject({
  email_address: z.email().optional(),
  status: status.exclude(["transactional"]).optional(),
  ...facts,
});
const BulkMember = z.strictObject({ email_address: z.string().optional(), status: status.optional(), ...facts });
type Facts = z.output<typeof BulkMember>;

function memberJson(world: World, member: Member) {
  const { hash, email, webId, fields, createdAt, changedAt, language, isVip, source, audience } = member;
  const named = [...member.tags.keys()].map((id) => ({ id: Number(id), name: world.segments.get(id)?.name ?? "" }));
  return {
    id: hash,
    email_address: email,
    unique_email_id: hash.slice(0, 10),
    contact_id: hash,
    full_name: [fields.FNAME, fields.LNAME].filter(Boolean).join(" "),
    web_id: webId,
    email_type: "html",
    status: member.status,
    merge_fields: { FNAME: "", LNAME: "", ...fields },
    stats: { avg_open_rate: 0, avg_click_rate: 0 },
    ip_signup: "",
    timestamp_signup: textOf(createdAt),
    ip_opt: "",
    timestamp_opt: textOf(createdAt),
    member_rating: 2,
    last_changed: textOf(changedAt),
    language,
    vip: isVip,
    email_client: "",
    source,
    tags_count: named.length,
    tags: named,
    list_id: audience.id,
    _links: [],
  };
}

type Called = Pick<Call<World>, "world" | "caller" | "params" | "now">;
const inList = (world: World, audience: Audience, email: string) =>
  world.members.get(`${audience.id}:${hashOf(email)}`);

/** By the hash of the address, or the address itself. */
function memberOf(call: Called): Member {
  const audience = audienceOf(call);
  const given = call.params.hash ?? "";
  const found = call.world.members.get(`${audience.id}:${given.toLowerCase()}`) ?? inList(call.world, audience, given);
  if (found === undefined) throw notFound();
  return found;
}

/** Whoever left by their own will or bounced comes back by their own will alone. */
function checkBarred(member: Member | undefined, email: string, wanted: MemberStatus | undefined): void {
  if (!member?.isBarred || (wanted !== "subscribed" && wanted !== "pending")) return;
  throw refuse(
    400,
    "Member In Compliance State",
    `${email} is in a compliance state due to unsubscribe, bounce, or compliance review and cannot be subscribed. The subscriber must respond to your confirmation e-mail.`,
  );
}

function tagAll({ world, now }: Called, member: Member, names: readonly string[]): void {
  const { audience } = member;
  for (const name of names) {
    const tag =
      world.segments.find((one) => one.type === "static" && one.name === name && one.audience === audience) ??
      world.addSegment(audience, name);
    member.tags.set(tag.id, now.getTime());
  }
}

function add(
  call: Called,
  audience: Audience,
  email: string,
  state: MemberStatus,
  { merge_fields, vip, language }: Facts,
): Member {
  const member = call.world.addMember(audience, email, {
    status: state,
    fields: merge_fields ?? {},
    isVip: vip === true,
    language: language ?? "",
  });
  if (state === "subscribed") tellMember(call.world, "subscribe", member, "api");
  return member;
}

function change(call: Called, member: Member, given: Facts): Member {
  const { status: wanted, email_address: email, merge_fields: fields, vip, language } = given;
  checkBarred(member, member.email, wanted);
  const isMove = email !== undefined && hashOf(email) !== member.hash;
  if (isMove && inList(call.world, member.audience, email))
    throw badField("email_address", "The address is a member already");
  const before = { status: member.status, email: member.email };
  if (fields) member.fields = { ...member.fields, ...fields };
  if (vip !== undefined) member.isVip = vip;
  if (language !== undefined) member.language = language;
  member.changedAt = call.now.getTime();
  if (wanted) member.status = wanted;
  // Another address is another hash, and so another name.
  const moved = isMove ? move(call.world, member, email) : member;
  if (moved.email !== before.email) {
    const data = { "[old_email]": before.email, "[new_email]": moved.email };
    tellMember(call.world, "upemail", moved, "api", data);
  } else if (fields) tellMember(call.world, "profile", moved, "api");
  if (moved.status !== before.status && moved.status === "subscribed")
    tellMember(call.world, "subscribe", moved, "api");
  if (moved.status !== before.status && moved.status === "unsubscribed")
    tellMember(call.world, "unsubscribe", moved, "api", {
      "[action]": "unsub",
      "[reason]": "manual",
      "[campaign_id]": "",
    });
  return moved;
}

function move(world: World, member: Member, email: string): Member {
  world.members.remove(member.id);
  const hash = hashOf(email);
  return world.members.put({ ...member, id: `${member.audience.id}:${hash}`, hash, email });
}

/** One of many: its own error does not end the rest. */
function addOne(call: Called, audience: Audience, one: z.output<typeof BulkMember>, mayChange: boolean) {
  const { email_address: email = "", status: wanted } = one;
  const failed = (error_code: string, error: string, field = "", field_message = "") => ({
    failed: { email_address: email, error, error_code, field, field_message },
  });
  if (!z.email().safeParse(email).success)
    return failed("ERROR_GENERIC", "The address is not valid.", "email_address", "not valid");
  const known = inList(call.world, audience, email);
  if (known && !mayChange)
    return failed(
      "ERROR_CONTACT_EXISTS",
      `${email} is already a list member, do you want to update? please provide update_existing:true in the request body`,
    );
  if (known?.isBarred && wanted === "subscribed") return failed("ERROR_GENERIC", `${email} is in a compliance state.`);
  if (known) return { updated: change(call, known, { ...one, email_address: email }) };
  return { created: add(call, audience, email, wanted ?? "subscribed", one) };
}

const members = api("lists/:list/members");
const validation = z.strictObject({ skip_merge_validation: z.enum(["true", "false"]).optional() });

export const memberRoutes: readonly Route<World>[] = [
  // Neither paged nor told how long a query may be (swagger).
  route("GET", api("search-members"), {
    query: z.strictObject({ ...fieldQuery, query: z.string().min(1), list_id: z.string().optional() }),
    handle(call) {
      const { world, query } = call;
      const account = accountOf(call);
      const of = query.list_id === undefined ? undefined : audienceOf({ ...call, params: { list: query.list_id } });
      const wanted = query.query.toLowerCase();
      const has = (text: unknown) => typeof text === "string" && text.toLowerCase().includes(wanted);
      const all = world.members.all(
        ({ audience, status: is, email, fields }) =>
          (of === undefined ? audience.account === account : audience === of) &&
          is !== "archived" &&
          [email, fields.FNAME, fields.LNAME].some(has),
      );
      const shown = (found: readonly Member[]) => ({
        members: found.map((one) => memberJson(world, one)),
        total_items: found.length,
      });
      const exact = all.filter(({ email }) => email.toLowerCase() === wanted);
      return answer(query, { exact_matches: shown(exact), full_search: shown(all), _links: [] });
    },
  }),
  route("GET", members, {
    query: z.strictObject({ ...pageQuery, status: z.enum([...status.options, "archived"]).optional() }),
    handle(call) {
      const audience = audienceOf(call);
      const { status: wanted } = call.query;
      const all = call.world.members.all(
        (one) =>
          one.audience === audience && (wanted === undefined ? one.status !== "archived" : one.status === wanted),
      );
      return page(call, "members", all, (one) => memberJson(call.world, one), { list_id: audience.id });
    },
  }),
  route("POST", members, {
    query: validation,
    body: NewMember,
    handle(call) {
      const { world, body } = call;
      const audience = audienceOf(call);
      const known = inList(world, audience, body.email_address);
      if (known && known.status !== "archived")
        throw refuse(
          400,
          "Member Exists",
          `${body.email_address} is already a list member. Use PUT to insert or update list members.`,
        );
      checkBarred(known, body.email_address, body.status);
      const member = add(call, audience, body.email_address, body.status, body);
      tagAll(call, member, body.tags ?? []);
      return success(memberJson(world, member));
    },
  }),
  route("POST", api("lists/:list"), {
    query: z.strictObject({ ...validation.shape, skip_duplicate_check: z.enum(["true", "false"]).optional() }),
    body: z.strictObject({ members: z.array(BulkMember).max(500), update_existing: z.boolean().optional() }),
    handle(call) {
      const { world, body } = call;
      const audience = audienceOf(call);
      const results = body.members.map((one) => addOne(call, audience, one, body.update_existing === true));
      const created = results.flatMap((one) => ("created" in one ? [memberJson(world, one.created)] : []));
      const updated = results.flatMap((one) => ("updated" in one ? [memberJson(world, one.updated)] : []));
      const errors = results.flatMap((one) => ("failed" in one ? [one.failed] : []));
      const bulk = ({ contact_id: _, full_name: _n, web_id: _w, source: _s, ...kept }: ReturnType<typeof memberJson>) =>
        kept;
      return success({
        new_members: created.map(bulk),
        updated_members: updated.map(bulk),
        errors,
        total_created: created.length,
        total_updated: updated.length,
        error_count: errors.length,
        _links: [],
      });
    },
  }),
  route("GET", `${members}/:hash`, {
    query: z.strictObject(fieldQuery),
    handle: (call) => answer(call.query, memberJson(call.world, memberOf(call))),
  }),
  route("PUT", `${members}/:hash`, {
    query: validation,
    body: KeptMember,
    handle(call) {
      const { world, body, params } = call;
      const audience = audienceOf(call);
      const known = world.members.get(`${audience.id}:${params.hash?.toLowerCase()}`);
      const { status_if_new: first, tags: names = [], ...given } = body;
      if (known === undefined && hashOf(body.email_address) !== params.hash?.toLowerCase())
        throw badField("email_address", "It is not the address of the subscriber hash");
      const member = known
        ? change(call, known, given)
        : add(call, audience, body.email_address, given.status ?? first, given);
      tagAll(call, member, names);
      return success(memberJson(world, member));
    },
  }),
  route("PATCH", `${members}/:hash`, {
    query: validation,
    body: ChangedMember,
    handle: (call) => success(memberJson(call.world, change(call, memberOf(call), call.body))),
  }),
  // Archived, not forgotten.
  route("DELETE", `${members}/:hash`, {
    handle(call) {
      const member = memberOf(call);
      member.status = "archived";
      member.changedAt = call.now.getTime();
      const data = { "[action]": "delete", "[reason]": "manual", "[campaign_id]": "" };
      tellMember(call.world, "unsubscribe", member, "api", data);
      return done;
    },
  }),
  route("GET", `${members}/:hash/tags`, {
    query: z.strictObject(pageQuery),
    handle: (call) =>
      page(call, "tags", [...memberOf(call).tags], ([id, at]) => ({
        id: Number(id),
        name: call.world.segments.get(id)?.name ?? "",
        date_added: textOf(at),
      })),
  }),
  route("POST", `${members}/:hash/tags`, {
    body: z.strictObject({
      tags: z.array(z.strictObject({ name: z.string().min(1), status: z.enum(["active", "inactive"]) })),
      is_syncing: z.boolean().optional(),
    }),
    handle(call) {
      const member = memberOf(call);
      const named = (wanted: string) => call.body.tags.filter((tag) => tag.status === wanted).map(({ name }) => name);
      tagAll(call, member, named("active"));
      const off = named("inactive");
      for (const id of member.tags.keys())
        if (off.includes(call.world.segments.get(id)?.name ?? "")) member.tags.delete(id);
      return done;
    },
  }),
];
