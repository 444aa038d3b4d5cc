import {
  basicPair,
  type Call,
  credentialFor,
  routesOf,
  type SimRequest,
  type SimResponse,
} from "@postd/connector-kit/simulator";
import { z } from "zod";
import type { Account, Audience, Campaign } from "./model.ts";
import { forbidden, keyInvalid, keyMissing, notFound, refuse, tooMany } from "./words.ts";
import type { World } from "./world.ts";

export const route = routesOf<World>();
/** Under any data centre; `checkCall` looks whether it is the account's. */
export const api = (path: string): string => `*.api.mailchimp.com/3.0/${path}`;
export const suffix = ".api.mailchimp.com";

/** The key of HTTP Basic is the password; the name before it may be any. */
export const credential = (request: Pick<SimRequest, "headers">): string | undefined => basicPair(request)?.[1];

/** Connections a person may have open, and how long one that hangs counts (fact sheet, "Rate limits"). */
const connectionsAtOnce = 10;
const requestMs = 120_000;
const reads = new Set(["GET", "HEAD"]);

/** What Mailchimp checks of every call of the API: the key and where it belongs, the account, connections, the role. */
export function checkCall({ world, request, now }: Pick<Call<World>, "world" | "request" | "now">): void {
  if (!request.host.endsWith(suffix)) return;
  if (request.headers.authorization === undefined) throw keyMissing();
  const token = credentialFor({ credential }, request) ?? "";
  const account = world.accounts.get(world.tokens.find(token)?.grant.subject ?? "");
  if (account === undefined) throw keyInvalid();
  if (request.host !== account.dc + suffix)
    throw world.settings.wrongDataCentre === 401
      ? keyInvalid()
      : refuse(403, "WrongDatacenter", "The API key provided is linked to a different data center.");
  if (world.disabledKeys.has(token)) throw refuse(401, "API Key Invalid", "API key has been disabled");
  if (account.isDisabled) throw refuse(403, "User Disabled", "API Access has been disabled for this account.");
  for (const [open, { at }] of world.open) if (at + requestMs <= now.getTime()) world.open.delete(open);
  const mine = [...world.open.values()].filter((one) => one.account === account.id).length;
  if (mine + world.settings.othersConnections >= connectionsAtOnce) throw tooMany();
  world.open.set(request, { account: account.id, at: now.getTime() });
  if (account.role === "viewer" && !reads.has(request.method)) throw forbidden();
}

export function accountOf({ world, caller }: Pick<Call<World>, "world" | "caller">): Account {
  const account = world.accounts.get(caller.subject);
  if (account === undefined) throw new Error(`no account is called ${caller.subject}`);
  return account;
}

type Named = Pick<Call<World>, "world" | "caller" | "params">;

/** The thing of this id, where it is the account's own. */
export function own<T extends { readonly account: Account }>(call: Named, thing: T | undefined): T {
  if (thing === undefined || thing.account !== accountOf(call)) throw notFound();
  return thing;
}
export const campaignOf = (call: Named): Campaign => own(call, call.world.campaigns.get(call.params.campaign ?? ""));
export const audienceOf = (call: Named): Audience => own(call, call.world.audiences.get(call.params.list ?? ""));

/** Query of every read (fact sheet, "Versioning"). */
const names = z.string().transform((text) => text.split(",").map((name) => name.split(".")));
export const fieldQuery = { fields: names.optional(), exclude_fields: names.optional() };
const whole = z.string().regex(/^\d+$/, "must be a whole number").transform(Number);
export const pageQuery = {
  ...fieldQuery,
  count: whole.pipe(z.int().max(1000)).default(10),
  offset: whole.default(0),
};
export const sortDirection = z.enum(["ASC", "DESC"]);
export const instant = z.iso.datetime({ offset: true }).transform(Date.parse);
export const textOf = (ms: number): string => new Date(ms).toISOString().replace(/\.\d+Z$/, "+00:00");

type Fields = readonly (readonly string[])[];
interface FieldQuery {
  readonly fields?: Fields | undefined;
  readonly exclude_fields?: Fields | undefined;
}

/** A success; of its fields those that were asked for. */
export function answer(query: FieldQuery, json: unknown): SimResponse {
  const { fields, exclude_fields: left } = query;
  const unknown = fields?.filter((path) => !isKnown(json, path));
  if (unknown && unknown.length > 0)
    throw refuse(
      422,
      "Requested Fields Invalid",
      `The fields requested from this resource are invalid: ${unknown.map((path) => path.join(".")).join(", ")}`,
    );
  return success(without(fields ? only(json, fields) : json, left ?? []));
}
export const success = (json: unknown): SimResponse => ({ status: 200, json });
export const done: SimResponse = { status: 204 };

export function page<T>(
  { query }: { readonly query: FieldQuery & { readonly count: number; readonly offset: number } },
  name: string,
  items: readonly T[],
  show: (item: T) => unknown,
  more: Readonly<Record<string, unknown>> = {},
): SimResponse {
  const shown = items.slice(query.offset, query.offset + query.count).map(show);
  return answer(query, { [name]: shown, ...more, total_items: items.length, _links: [] });
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** What is not there now may be there another time; only a name the answer can never have is wrong. */
function isKnown(value: unknown, [name, ...rest]: readonly string[]): boolean {
  if (name === undefined || value === undefined) return true;
  if (Array.isArray(value)) return value.length === 0 || isKnown(value[0], [name, ...rest]);
  return isObject(value) && name in value && isKnown(value[name], rest);
}

function only(value: unknown, paths: Fields): unknown {
  if (Array.isArray(value)) return value.map((item) => only(item, paths));
  if (!isObject(value) || paths.some((path) => path.length === 0)) return value;
  const kept = Object.entries(value).flatMap(([name, inner]) => {
    const rests = paths.filter(([first]) => first === name).map(([, ...rest]) => rest);
    return rests.length === 0 ? [] : [[name, only(inner, rests)]];
  });
  return Object.fromEntries(kept);
}

function without(value: unknown, paths: Fields): unknown {
  if (paths.length === 0) return value;
  if (Array.isArray(value)) return value.map((item) => without(item, paths));
  if (!isObject(value)) return value;
  const kept = Object.entries(value).flatMap(([name, inner]) => {
    const rests = paths.filter(([first]) => first === name).map(([, ...rest]) => rest);
    return rests.some((rest) => rest.length === 0) ? [] : [[name, without(inner, rests)]];
  });
  return Object.fromEntries(kept);
}
