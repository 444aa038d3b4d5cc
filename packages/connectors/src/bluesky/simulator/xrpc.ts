import { type Call, routesOf, type SimResponse } from "@postd/connector-kit/simulator";
import { z } from "zod";
import type { Account } from "./model.ts";
import { refusalFor, type Use } from "./sessions.ts";
import { invalidRequest, xrpcError } from "./words.ts";
import type { World } from "./world.ts";

export const route = routesOf<World>();

/** Addresses of a method: the login host passes calls on to the account servers (fact sheet, "Versioning & base URLs"). */
export const onPds = (nsid: string): string[] => [`bsky.social/xrpc/${nsid}`, `*.host.bsky.network/xrpc/${nsid}`];
/** Reads that anybody may make of the public host; account servers pass them on for their own accounts. */
export const onAppView = (nsid: string): string[] => [`public.api.bsky.app/xrpc/${nsid}`, ...onPds(nsid)];

export const json = (body: unknown, headers: Readonly<Record<string, string>> = {}): SimResponse => ({
  status: 200,
  headers,
  json: body,
});

/** The signed-in account, if it may do this in its present state. */
export function signedIn({ caller, world }: Pick<Call<World>, "caller" | "world">, use: Use): Account {
  const account = world.mustFind(caller.subject);
  const refusal = refusalFor(account, use);
  if (refusal) throw refusal;
  return account;
}

/** The signed-in account, which must be the repo's owner. */
export function owner(call: Pick<Call<World>, "caller" | "world">, repo: string): Account {
  const account = signedIn(call, "write");
  const named = call.world.find(repo);
  if (named === undefined) throw xrpcError(403, "AccountNotFound", "Account not found");
  if (named !== account) throw xrpcError(401, "AuthenticationRequired", "Authentication Required");
  return account;
}

/** The repo a read names, where its account is active. */
export function repoOf(world: World, name: string): Account {
  const account = world.find(name);
  if (account?.status !== "active") throw invalidRequest(`Could not find repo: ${name}`);
  return account;
}

/** The account an app asks for. The AppView names its state where the account server still passes the read on. */
export function actorOf(world: World, name: string): Account {
  const account = world.find(name);
  if (account === undefined || account.status === "deleted") throw invalidRequest("Profile not found");
  if (account.status === "takendown" || account.status === "suspended")
    throw xrpcError(400, "AccountTakedown", "Account has been suspended");
  if (account.status === "deactivated") throw xrpcError(400, "AccountDeactivated", "Account is deactivated");
  return account;
}

/** A whole number of a query. */
export const count = (max: number, usual: number) =>
  z
    .string()
    .default(String(usual))
    .superRefine((text, context) => {
      const value = Number(text);
      if (!Number.isInteger(value) || text === "")
        context.addIssue({ code: "custom", message: "Expected integer value type", params: { got: true } });
      else if (value > max)
        context.addIssue({ code: "custom", message: `integer too big (maximum ${max}, got ${value})` });
      else if (value < 1) context.addIssue({ code: "custom", message: `integer too small (minimum 1, got ${value})` });
    })
    .transform(Number);

/** A parameter that may be given several times. */
export const several = (max: number) =>
  z.preprocess((value) => (typeof value === "string" ? [value] : value), z.array(z.string()).max(max));
