import type { SimRequest, SimulatorDefinition } from "./types.ts";

/** What is known of a request before its body has wholly arrived; `rawBody` may be its beginning only. */
export type RequestStart = Pick<SimRequest, "path" | "query" | "headers" | "rawBody">;

/** A token lies in the first parts of a body; after this many bytes none is looked for. */
export const tokenWithinBytes = 64 * 1024;

const inHeader = /^(?:Bearer|OAuth) (\S+)$/i;
const inForm = /(?:^|&)access_token=([^&]+)(?:&|$)/;
const inMultipart = /name="access_token"\r\n(?:[^\r\n]+\r\n)*\r\n([^\r\n]+)\r\n/;
const inJson = /"access_token"\s*:\s*"([^"]+)"/;

/** The token a request presents to a platform: where the platform puts it, or else in one of the common places. */
export const credentialFor = (
  definition: Pick<SimulatorDefinition, "credential">,
  request: RequestStart,
): string | undefined => definition.credential?.(request) ?? presentedCredential(request);

/**
 * The token a request presents: an Authorization header, or `access_token` in its query, form, multipart or JSON body.
 * Undefined where there is none, or where the part of the body that came so far does not hold it yet.
 */
function presentedCredential({ query, headers, rawBody }: RequestStart): string | undefined {
  const given = inHeader.exec(headers.authorization ?? "")?.[1] ?? query.get("access_token");
  if (given) return given;
  if (rawBody.byteLength === 0) return undefined;
  const type = headers["content-type"] ?? "";
  const text = Buffer.from(rawBody.subarray(0, tokenWithinBytes)).toString("latin1");
  if (type.startsWith("multipart/form-data")) return inMultipart.exec(text)?.[1];
  if (type.startsWith("application/x-www-form-urlencoded")) {
    const found = inForm.exec(text)?.[1];
    return found === undefined ? undefined : new URLSearchParams(`t=${found}`).get("t")?.trim();
  }
  return type.includes("json") ? inJson.exec(text)?.[1] : undefined;
}

/** Name and password of HTTP Basic, as they were sent; undefined: the request has none. */
export function basicPair({
  headers,
}: Pick<SimRequest, "headers">): readonly [name: string, password: string] | undefined {
  const given = /^Basic (\S+)$/i.exec(headers.authorization ?? "")?.[1];
  if (given === undefined) return undefined;
  const [name = "", ...rest] = Buffer.from(given, "base64").toString("utf8").split(":");
  return [name, rest.join(":")];
}
