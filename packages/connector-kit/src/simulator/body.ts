import type { SimRequest } from "./types.ts";

/** A body a simulator can read, or the reason it cannot, in words a platform error may carry. */
export type Parsed<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly reason: string };

/** Media type without parameters, lower case; "" when there is none. */
export const mediaType = (request: Pick<SimRequest, "headers">): string =>
  (request.headers["content-type"] ?? "").split(";", 1)[0]?.trim().toLowerCase() ?? "";

/** UTF-8 text of the body; bytes that are not UTF-8 are refused, not replaced. */
export function bodyText(request: Pick<SimRequest, "rawBody">): Parsed<string> {
  try {
    return { ok: true, value: new TextDecoder("utf-8", { fatal: true }).decode(request.rawBody) };
  } catch {
    return { ok: false, reason: "the body is not UTF-8" };
  }
}

/** The body as JSON. The content type must say so (`application/json` or `+json`). */
export function jsonBody(request: Pick<SimRequest, "rawBody" | "headers">): Parsed<unknown> {
  const type = mediaType(request);
  if (type !== "application/json" && !type.endsWith("+json"))
    return { ok: false, reason: `content type is ${type || "missing"}, not JSON` };
  const text = bodyText(request);
  if (!text.ok) return text;
  try {
    return { ok: true, value: JSON.parse(text.value) };
  } catch {
    return { ok: false, reason: "the body is not JSON" };
  }
}

/** The body as `application/x-www-form-urlencoded`. */
export function formBody(request: Pick<SimRequest, "rawBody" | "headers">): Parsed<URLSearchParams> {
  const type = mediaType(request);
  if (type !== "application/x-www-form-urlencoded")
    return { ok: false, reason: `content type is ${type || "missing"}, not a form` };
  const text = bodyText(request);
  return text.ok ? { ok: true, value: new URLSearchParams(text.value) } : text;
}

export interface SimFile {
  readonly name: string;
  readonly filename: string;
  readonly contentType: string;
  readonly bytes: Uint8Array;
}

export interface SimMultipart {
  readonly fields: URLSearchParams;
  readonly files: readonly SimFile[];
}

/** The body as `multipart/form-data`, read by the parser Node carries for `Response`; malformed parts are refused. */
export async function multipartBody(request: Pick<SimRequest, "rawBody" | "headers">): Promise<Parsed<SimMultipart>> {
  const type = mediaType(request);
  if (type !== "multipart/form-data")
    return { ok: false, reason: `content type is ${type || "missing"}, not multipart` };
  const headers = { "content-type": request.headers["content-type"] ?? "" };
  const form = await new Response(new Uint8Array(request.rawBody), { headers }).formData().catch(() => undefined);
  if (form === undefined) return { ok: false, reason: "the multipart body is malformed" };
  const fields = new URLSearchParams();
  const files: SimFile[] = [];
  for (const [name, value] of form) {
    if (typeof value === "string") fields.append(name, value);
    else
      files.push({
        name,
        filename: value.name,
        contentType: value.type,
        bytes: new Uint8Array(await value.arrayBuffer()),
      });
  }
  return { ok: true, value: { fields, files } };
}

/** The token of an `Authorization: <scheme> ...` header, or undefined. */
export function authorization(request: Pick<SimRequest, "headers">, scheme = "Bearer"): string | undefined {
  const [given, token, ...rest] = (request.headers.authorization ?? "").split(" ");
  return given?.toLowerCase() === scheme.toLowerCase() && token && rest.length === 0 ? token : undefined;
}
