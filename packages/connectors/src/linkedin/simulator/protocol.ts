import type { SimRequest } from "@postd/connector-kit/simulator";
import { badField } from "./words.ts";

// Rest.li 2.0 (fact sheet, "Versioning"): `List(a,b)` and `(k:v,k:v)`, in which only the values are encoded.

/** The value of a query parameter, undecoded. */
export function rawParam(request: SimRequest, name: string): string | undefined {
  const pairs = (request.rawQuery ?? request.query.toString()).split("&");
  return pairs.find((pair) => pair.startsWith(`${name}=`))?.slice(name.length + 1);
}

/** `List(a,b)` decoded; none where the parameter is missing. */
export function listParam(request: SimRequest, name: string): readonly string[] {
  const value = rawParam(request, name);
  if (value === undefined) return [];
  const inside = /^List\((.*)\)$/.exec(value)?.[1];
  if (inside === undefined) throw badField(name, "INVALID_VALUE_FOR_FIELD", `${name} must be List(...)`);
  return inside === "" ? [] : inside.split(",").map(decodeURIComponent);
}

type Record_ = { readonly [name: string]: string | Record_ };

/** `(k:v,k:(k:v))` with values decoded. */
export function recordParam(text: string | undefined, name: string): Record_ {
  let at = 0;
  const source = text ?? "";
  const fail = () => badField(name, "INVALID_VALUE_FOR_FIELD", `${name} must be (name:value,...)`);
  function read(): Record_ {
    const found: { [name: string]: string | Record_ } = {};
    if (source[at] !== "(") throw fail();
    do {
      at += 1;
      const key = /^[A-Za-z]+(?=:)/.exec(source.slice(at))?.[0];
      if (key === undefined) throw fail();
      at += key.length + 1;
      if (source[at] === "(") found[key] = read();
      else {
        const value = /^[^,()]*/.exec(source.slice(at))?.[0] ?? "";
        at += value.length;
        found[key] = decodeURIComponent(value);
      }
    } while (source[at] === ",");
    if (source[at] !== ")") throw fail();
    at += 1;
    return found;
  }
  const whole = read();
  if (at !== source.length) throw fail();
  return whole;
}

/** Query tunnelling: a POST whose form is the query of another method (fact sheet, "Query tunnelling"). */
export function untunnel(request: SimRequest): SimRequest {
  const method = request.headers["x-http-method-override"];
  const isForm = request.headers["content-type"]?.startsWith("application/x-www-form-urlencoded");
  if (request.method !== "POST" || method === undefined || !isForm) return request;
  const rawQuery = Buffer.from(request.rawBody).toString("utf8");
  return { ...request, method, rawQuery, query: new URLSearchParams(rawQuery), rawBody: new Uint8Array() };
}
