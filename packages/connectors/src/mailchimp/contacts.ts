import {
  type Audience,
  type ConnectorContext,
  type Contact,
  type ContactChange,
  md5Hex,
  type PlatformResult,
  type RefusedContact,
  rowsOf,
  unlessGone,
} from "@postd/connector-kit";
import { fail, ok } from "@postd/contracts";
import { z } from "zod";
import { api, Id } from "./api.ts";
import { readAudiences } from "./audiences.ts";

const Member = z.object({
  id: Id,
  email_address: z.string().default(""),
  full_name: z.string().optional(),
  merge_fields: z.record(z.string(), z.unknown()).optional(),
  status: z.string().optional(),
  list_id: Id.optional(),
  tags: rowsOf(z.object({ name: z.string() })).optional(),
});
type Member = z.output<typeof Member>;

/** How Mailchimp names somebody within an audience. @source platforms/mailchimp.md "Lists / audiences" */
const hashOf = (email: string): string => md5Hex(email.trim().toLowerCase());

const nameOf = ({ full_name, merge_fields = {} }: Member): string => {
  const parts = [merge_fields.FNAME, merge_fields.LNAME].filter((part) => typeof part === "string" && part !== "");
  return full_name || parts.join(" ");
};

function toContact(member: Member, list: string): Contact {
  const name = nameOf(member);
  const { email_address: email, status, tags = [], list_id = list } = member;
  return {
    externalId: `${list_id}/${hashOf(email)}`,
    email,
    list: list_id,
    tags: tags.map((tag) => tag.name),
    ...(name && { name }),
    ...(status && { status }),
  };
}

/** What a name is made of there: all but the last word, and the last. */
function mergeFields(name: string | undefined): object {
  const words = name?.trim().split(/\s+/) ?? [];
  if (words.length === 0 || words[0] === "") return {};
  const last = words.length > 1 ? words.at(-1) : undefined;
  const first = words.slice(0, last === undefined ? undefined : -1).join(" ");
  return { merge_fields: { FNAME: first, ...(last && { LNAME: last }) } };
}

const noList = (message: string) =>
  fail({ kind: "content_rejected" as const, field: "list", reason: "list_required", message });

/** The audience that is meant: the one named, or the only one there is. */
async function listOf(ctx: ConnectorContext, named: string | undefined): PlatformResult<string> {
  if (named !== undefined) return ok(named);
  const read = await readAudiences(ctx);
  if (!read.ok) return read;
  const [only] = read.value;
  if (!only) return noList("This Mailchimp account has no audience yet. Make one there.");
  return read.value.length === 1
    ? ok(only.id)
    : noList("This account has several audiences. Name the one that is meant.");
}

const membersOf = (list: string, ...more: readonly string[]) => ["lists", list, "members", ...more];
const about = { about: "object", field: "email" } as const;

/** Somebody in one audience; undefined: nobody by this address. */
async function member(ctx: ConnectorContext, list: string, email: string): PlatformResult<Contact | undefined> {
  const read = await api.get(ctx, membersOf(list, hashOf(email)), Member, about);
  if (!read.ok) return read.error.status === 404 ? ok(undefined) : read;
  return ok(toContact(read.value, list));
}

const PAGE_ROWS = 200;
const Members = z.object({ members: rowsOf(Member) });
const Searched = z.object({ full_search: Members.optional(), exact_matches: Members.optional() });

const noCursor = {
  kind: "content_rejected" as const,
  field: "cursor",
  reason: "unknown",
  message: "The cursor is not one that this list gave.",
};

const find: Audience["find"] = async ({ email, name, list, cursor = "0" }, ctx) => {
  if (email !== undefined) {
    const lists = list === undefined ? await readAudiences(ctx) : ok([{ id: list }]);
    if (!lists.ok) return lists;
    const contacts: Contact[] = [];
    for (const { id } of lists.value) {
      const found = await member(ctx, id, email);
      if (!found.ok) return found;
      if (found.value) contacts.push(found.value);
    }
    return ok({ contacts });
  }
  if (name !== undefined) {
    const read = await api.get(ctx, "search-members", Searched, { query: { query: name, list_id: list } });
    if (!read.ok) return read;
    const found = [...(read.value.exact_matches?.members ?? []), ...(read.value.full_search?.members ?? [])];
    // Who matches exactly is among the rest as well.
    const contacts = new Map(found.map((one) => [`${one.list_id}/${one.id}`, toContact(one, list ?? "")]));
    return ok({ contacts: [...contacts.values()] });
  }
  const known = await listOf(ctx, list);
  if (!known.ok) return known;
  // To begin anew where somebody meant to go on would answer the same people again.
  if (!/^\d{1,9}$/.test(cursor)) return fail(noCursor);
  const offset = Number(cursor);
  const read = await api.get(ctx, membersOf(known.value), Members, { query: { count: PAGE_ROWS, offset } });
  if (!read.ok) return read;
  const { members } = read.value;
  const contacts = members.map((one) => toContact(one, known.value));
  return ok({ contacts, ...(members.length === PAGE_ROWS && { cursor: String(offset + PAGE_ROWS) }) });
};

async function setTags(
  ctx: ConnectorContext,
  [list, hash]: readonly [string, string],
  tags: readonly { readonly name: string; readonly status: "active" | "inactive" }[],
): PlatformResult<void> {
  if (tags.length === 0) return ok(undefined);
  const call = { method: "POST", path: membersOf(list, hash, "tags"), json: { tags }, ...about } as const;
  const sent = await api.send(ctx, call);
  return sent.ok ? ok(undefined) : sent;
}

/** `status_if_new` speaks of those who are not there yet, so nobody who left is signed up again. */
async function put(ctx: ConnectorContext, list: string, change: Omit<ContactChange, "list">): PlatformResult<Contact> {
  const { email, name, tags = [], status = "subscribed" } = change;
  const json = { email_address: email.trim(), status_if_new: status, ...mergeFields(name) };
  const hash = hashOf(email);
  const written = await api.read(ctx, { method: "PUT", path: membersOf(list, hash), json, ...about }, Member);
  if (!written.ok) return written;
  const contact = toContact(written.value, list);
  const missing = tags.filter((tag) => !contact.tags.includes(tag));
  const tagged = await setTags(
    ctx,
    [list, hash],
    missing.map((tag) => ({ name: tag, status: "active" })),
  );
  return tagged.ok ? ok({ ...contact, tags: [...contact.tags, ...missing] }) : tagged;
}

const Batch = z.object({
  new_members: rowsOf(Member).default([]),
  errors: rowsOf(
    z.object({
      email_address: z.string().default(""),
      error: z.string().default(""),
      error_code: z.string().default(""),
      field_message: z.string().optional(),
    }),
  ).default([]),
});

/** One call for all who are new; those who are there already are brought up to date one by one, as no batch leaves their status alone. */
const upsertMany: NonNullable<Audience["upsertMany"]>["run"] = async ({ list, contacts: given }, ctx) => {
  const known = await listOf(ctx, list);
  if (!known.ok) return known;
  const byEmail = new Map(given.map((one) => [one.email.trim().toLowerCase(), one]));
  const members = [...byEmail.values()].map(({ email, name, status = "subscribed" }) => ({
    email_address: email.trim(),
    status,
    ...mergeFields(name),
  }));
  const call = { method: "POST", path: ["lists", known.value], json: { members, update_existing: false } } as const;
  const sent = await api.read(ctx, { ...call, ...about }, Batch);
  if (!sent.ok) return sent;
  const saved: Contact[] = [];
  const refused: RefusedContact[] = [];
  const isThere = (code: string) => code === "ERROR_CONTACT_EXISTS";
  const again = [
    ...sent.value.new_members.map(({ email_address }) => email_address),
    ...sent.value.errors.filter(({ error_code }) => isThere(error_code)).map(({ email_address }) => email_address),
  ];
  const made = new Map(
    sent.value.new_members.map((one) => [one.email_address.toLowerCase(), toContact(one, known.value)]),
  );
  for (const email of again) {
    const change = byEmail.get(email.toLowerCase());
    const contact = made.get(email.toLowerCase());
    if (contact && !change?.tags?.length) saved.push(contact);
    else if (change) {
      const done = await put(ctx, known.value, change);
      if (done.ok) saved.push(done.value);
      else if (done.error.kind !== "content_rejected") return done;
      else refused.push({ email, message: done.error.message });
    }
  }
  for (const { email_address, error, error_code, field_message } of sent.value.errors)
    if (!isThere(error_code))
      refused.push({
        email: email_address,
        message: field_message || error || "Mailchimp does not take this address.",
      });
  return ok({ saved, refused });
};

/** The audience and the person an id names. */
function placeOf(externalId: string): readonly [string, string] | undefined {
  const [, list, hash] = /^([0-9a-zA-Z]{1,50})\/([0-9a-f]{32})$/.exec(externalId) ?? [];
  return list && hash ? [list, hash] : undefined;
}

const nobody = fail({
  kind: "content_rejected" as const,
  field: "externalId",
  reason: "missing",
  message: "No Mailchimp contact has this id.",
});

export const contacts: Audience = {
  find,
  async upsert({ list, ...change }, ctx) {
    const known = await listOf(ctx, list);
    return known.ok ? put(ctx, known.value, change) : known;
  },
  upsertMany: { max: 500, run: upsertMany },
  async tag({ externalId, add, remove }, ctx) {
    const place = placeOf(externalId);
    if (!place) return nobody;
    return setTags(ctx, place, [
      ...add.map((name) => ({ name, status: "active" as const })),
      ...remove.map((name) => ({ name, status: "inactive" as const })),
    ]);
  },
  async archive({ externalId }, ctx) {
    const place = placeOf(externalId);
    return place ? unlessGone(await api.send(ctx, { method: "DELETE", path: membersOf(...place), ...about })) : nobody;
  },
};
