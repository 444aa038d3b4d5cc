import type { SimRequest } from "@postd/connector-kit/simulator";
import { badField, refuse } from "./words.ts";

/**
 * The named groups of a parameter in Rest.li's form, `List(a,b)` or `(k:v,k:v)`, decoded. The pattern is of what was sent:
 * values are encoded, the syntax around them is not. Undefined where the parameter is missing.
 * @source fact sheet of 2026-11-26, "Versioning"
 */
export function restLiParam(request: SimRequest, name: string, pattern: RegExp): Record<string, string> | undefined {
  const sent = request.rawQuery?.split("&").find((pair) => pair.startsWith(`${name}=`));
  if (sent === undefined) return undefined;
  const groups = pattern.exec(sent.slice(name.length + 1))?.groups;
  if (groups === undefined) throw badField(name, "INVALID_VALUE_FOR_FIELD", `${name} is not ${pattern.source}`);
  return Object.fromEntries(Object.entries(groups).map(([key, value]) => [key, decodeURIComponent(value)]));
}

/** What every call of the versioned API says. Months are supported for a year (fact sheet, "Versioning"). */
export function checkHeaders({ request, now }: { readonly request: SimRequest; readonly now: Date }): void {
  if (!request.path.startsWith("/rest/")) return;
  const version = request.headers["linkedin-version"];
  if (version === undefined) throw badField("Linkedin-Version", "VERSION_MISSING", "A version must be present.");
  const [, year, month] = /^(\d{4})(\d{2})(?:\d{2})?$/.exec(version) ?? [];
  const age = (now.getUTCFullYear() - Number(year)) * 12 + now.getUTCMonth() + 1 - Number(month);
  if (!(age >= 0 && age <= 12))
    throw refuse(426, `Requested version ${version} is not active`, { code: "NONEXISTENT_VERSION" });
  if (request.headers["x-restli-protocol-version"] !== "2.0.0")
    throw badField("X-Restli-Protocol-Version", "INVALID_VALUE_FOR_FIELD");
}

/** Query tunnelling: a POST whose form is the query of another method (fact sheet, "Query tunnelling"). */
export function untunnel(request: SimRequest): SimRequest {
  const method = request.headers["x-http-method-override"];
  const isForm = request.headers["content-type"]?.startsWith("application/x-www-form-urlencoded");
  if (request.method !== "POST" || method === undefined || !isForm) return request;
  const rawQuery = Buffer.from(request.rawBody).toString("utf8");
  return { ...request, method, rawQuery, query: new URLSearchParams(rawQuery), rawBody: new Uint8Array() };
}
