import type {
  AccountLimits,
  ApiContext,
  ConnectorContext,
  Destination,
  Destinations,
  PlatformFailure,
  PlatformResult,
} from "@postd/connector-kit";
import { rowsOf } from "@postd/connector-kit";
import { fail, ok } from "@postd/contracts";
import { z } from "zod";
import { api, Id, readRows } from "./api.ts";

const Audience = z.object({
  id: Id,
  name: z.string().default(""),
  campaign_defaults: z
    .object({ from_name: z.string().default(""), from_email: z.string().default("") })
    .optional()
    .catch(undefined),
  stats: z.object({ member_count: z.number().default(0) }).optional(),
});
export type MailAudience = z.output<typeof Audience>;
const audienceFields = (prefix: string) =>
  ["id", "name", "campaign_defaults", "stats.member_count"].map((field) => `${prefix}${field}`).join(",");

/** All audiences of the account, not the ten of a page. */
export const readAudiences = (ctx: ApiContext): PlatformResult<readonly MailAudience[]> =>
  readRows(ctx, { path: ["lists"], member: "lists", row: Audience, fields: audienceFields("lists.") });

export const readAudience = (ctx: ConnectorContext, id: string): PlatformResult<MailAudience> =>
  api.get(ctx, ["lists", id], Audience, {
    query: { fields: audienceFields("") },
    about: "object",
    field: "destination",
  });

const toDestination = ({ id, name, stats }: MailAudience): Destination => ({
  id,
  name: name || id,
  kind: "audience",
  ...(stats && { extras: { contacts: stats.member_count } }),
});

export const audiences: Destinations = {
  label: "Audience",
  required: true,
  async list(query, ctx) {
    const read = await readAudiences(ctx);
    if (!read.ok) return read;
    const wanted = query?.trim().toLowerCase() ?? "";
    return ok(read.value.map(toDestination).filter(({ name }) => name.toLowerCase().includes(wanted)));
  },
};

const Segment = z.object({ id: Id, name: z.string().default(""), type: z.string().optional() });
/** Segments that rules make are `saved`; tags are `static`. @source platforms/mailchimp.md "Accounts" */
export const readSegments = (ctx: ConnectorContext, list: string) =>
  readRows(ctx, {
    path: ["lists", list, "segments"],
    member: "segments",
    row: Segment,
    fields: "segments.id,segments.name,segments.type",
  });

/** A segment of this very audience; that of another is refused by Mailchimp in words nobody understands. */
export async function checkSegment(ctx: ConnectorContext, list: string, id: string): PlatformResult<void> {
  const path = ["lists", list, "segments", id];
  const read = await api.get(ctx, path, Segment, { about: "object", field: "options.segment" });
  if (read.ok) return ok(undefined);
  if (read.error.status !== 404) return read;
  const message = "This audience has no such segment or tag. Choose one of its own.";
  return fail({ ...read.error, kind: "content_rejected", field: "options.segment", reason: "missing", message });
}

const Template = z.object({ id: Id, name: z.string().default(""), type: z.string().optional() });
const readTemplates = (ctx: ConnectorContext) =>
  readRows(ctx, {
    path: ["templates"],
    member: "templates",
    row: Template,
    fields: "templates.id,templates.name,templates.type",
  });

/** Choices of audiences beyond these are typed by their number. */
const AUDIENCES_READ = 10;

/** What a form offers: segments and tags of the audiences, templates, and whether Mailchimp itself may hold the clock. */
export async function accountLimits(ctx: ConnectorContext): PlatformResult<AccountLimits> {
  const lists = await readAudiences(ctx);
  if (!lists.ok) return lists;
  const segments: { value: string; label: string }[] = [];
  for (const { id, name } of lists.value.slice(0, AUDIENCES_READ)) {
    const read = await readSegments(ctx, id);
    if (!read.ok) return read;
    const kind = (type: string | undefined) => (type === "static" ? "tag" : "segment");
    segments.push(...read.value.map((one) => ({ value: one.id, label: `${name}: ${one.name} (${kind(one.type)})` })));
  }
  const templates = await readTemplates(ctx);
  if (!templates.ok) return templates;
  const own = templates.value.filter(({ type }) => type !== "base" && type !== "gallery");
  return ok({
    options: { segment: segments, template: own.map(({ id, name }) => ({ value: id, label: name })) },
  });
}

const Areas = z.object({ sections: z.record(z.string(), z.unknown()).default({}) });

/** The area of a template that takes the post: the one that was named, or the only one there is. */
export async function areaOf(
  ctx: ConnectorContext,
  template: string,
  named: string | undefined,
): PlatformResult<string> {
  const path = ["templates", template, "default-content"];
  const read = await api.get(ctx, path, Areas, { about: "object", field: "options.template" });
  if (!read.ok) return read;
  const names = Object.keys(read.value.sections);
  const wrong = (message: string): PlatformFailure => ({
    kind: "content_rejected",
    field: "options.templateArea",
    reason: "no_such_area",
    message,
  });
  const [only] = names;
  if (named !== undefined && names.includes(named)) return ok(named);
  if (only === undefined) return fail(wrong("This template has no area that could take the post. Choose another."));
  if (named === undefined && names.length === 1) return ok(only);
  return fail(wrong(`Name the area of the template that takes the post, one of: ${names.join(", ").slice(0, 500)}.`));
}

const Domains = z.object({ domains: rowsOf(z.object({ domain: z.string(), verified: z.boolean().default(false) })) });

/** Only from a domain that is verified mail may leave; found out before anything is made. */
export async function checkSender(ctx: ConnectorContext, replyTo: string): PlatformResult<void> {
  const domain = replyTo.split("@").at(-1)?.toLowerCase() ?? "";
  const read = await api.get(ctx, "verified-domains", Domains);
  if (!read.ok) return read;
  if (read.value.domains.some((one) => one.verified && one.domain.toLowerCase() === domain)) return ok(undefined);
  const message = `Mail from ${domain || "this address"} is not verified in this Mailchimp account. Verify the domain there (Account, Domains), or use an address of one that is.`;
  return fail({ kind: "content_rejected", field: "options.replyTo", reason: "sender_not_verified", message });
}
