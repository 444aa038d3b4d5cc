import { sha256Hex } from "../../crypto.ts";
import type { SimRequest } from "../types.ts";
import { cut, cutByTime, type GraphAnswer, type Linked, pagingMark, type Timed } from "./paging.ts";
import { type Params, unsignedInt } from "./params.ts";

/** What the answers of a list need of the call that reads it. */
export interface ListCall {
  readonly host: string;
  readonly request: Pick<SimRequest, "path">;
  readonly params: Params;
  readonly token: { readonly value: string };
}

/** An instant as Graph writes it: ISO with "+0000", no colon. */
export const graphTime = (ms: number): string => new Date(ms).toISOString().replace(/\.\d{3}Z$/, "+0000");

/** A number that looks alive and is always the same for one object and name. */
export const steadyNumber = (id: string, name: string, below: number): number =>
  Number.parseInt(sha256Hex(`${id}:${name}`).slice(0, 8), 16) % below;

/** One page of a list with `limit`, `after` and `before`, and links to its neighbours. */
export function page<T extends { readonly id: string }>(
  call: ListCall,
  items: readonly T[],
  render: (item: T) => unknown,
  defaultLimit = 25,
): GraphAnswer {
  const { params } = call;
  return cut(items, render, {
    limit: unsignedInt(params, "limit") ?? defaultLimit,
    after: params.text("after"),
    before: params.text("before"),
    link: (cursor) => linkAgain(call, cursor),
  });
}

/** One page of a list that is paged by time, newest first. */
export const timedPage = <T extends Timed>(
  call: ListCall,
  items: readonly T[],
  render: (item: T) => unknown,
): GraphAnswer =>
  cutByTime(items, render, {
    limit: unsignedInt(call.params, "limit") ?? 25,
    mark: call.params.text(pagingMark),
    link: (part) => linkAgain(call, part),
  });

/**
 * Address of another part of the list this call reads: absolute and with its token, so that a client calls it as it is.
 * Parameters of the call stay but for those that say which part it is.
 */
export function linkAgain(call: ListCall, part: Linked): string {
  const url = new URL(`https://${call.host}${call.request.path}`);
  const { params } = call;
  for (const name of params.names()) url.searchParams.set(name, params.text(name) ?? "");
  for (const name of part.replaces) url.searchParams.delete(name);
  for (const [name, value] of Object.entries(part.params)) url.searchParams.set(name, value);
  url.searchParams.set("access_token", call.token.value);
  return url.href;
}
