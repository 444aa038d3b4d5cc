import { type Route, routesOf, type SimAnswer, type SimRequest } from "@postd/connector-kit/simulator";
import {
  bool,
  invalidParameter,
  jsonParam,
  type Params,
  readParams,
  requiredText,
} from "@postd/connector-kit/simulator/graph";
import { z } from "zod";
import { versioned } from "./oauth.ts";
import type { World } from "./world.ts";

/** More members than these are passed over, as Graph passes over unknown parameters (meta.md §1b). */
const Part = z.object({
  method: z
    .string()
    .toUpperCase()
    .pipe(z.enum(["GET", "POST", "DELETE"])),
  relative_url: z.string(),
  body: z.string().optional(),
  attached_files: z.string().optional(),
  omit_response_on_success: z.boolean().optional(),
});
type Part = z.output<typeof Part>;

const maxParts = 50;

/** Where the simulator keeps what comes to the root. */
export const batchPath = "batch";

/**
 * Answers a batch: one row for each part, in order, with its status, headers and JSON as text; a failure of one leaves 200. `null` is a
 * part that was not done in time, which here is one whose answer is lost, so that a change may have been made all the same (§1b). What
 * parts answer that name one another is not in the sheet and not played.
 */
export const batchRoute: Route<World> = routesOf<World>()(
  "POST",
  ["graph.facebook.com", "graph.instagram.com"].flatMap((host) => versioned(host, batchPath)),
  {
    token: "none",
    async handle({ request, answer }) {
      const params = await readParams(request);
      requiredText(params, "batch");
      const parts = jsonParam(params, "batch", z.array(Part).min(1), "a JSON array of requests") ?? [];
      if (parts.length > maxParts) throw invalidParameter(`A batch may have ${maxParts} requests`);
      const hasHeaders = bool(params, "include_headers") ?? true;
      const rows: unknown[] = [];
      for (const part of parts)
        rows.push(rowOf(await answer(await requestOf(part, request, params)), part, hasHeaders));
      return { status: 200, headers: { "content-type": "application/json; charset=UTF-8" }, json: rows };
    },
  },
);

function rowOf(answer: SimAnswer, part: Part, hasHeaders: boolean): unknown {
  if (typeof answer === "string" || (part.omit_response_on_success && answer.status < 400)) return null;
  const headers = Object.entries(answer.headers ?? {}).map(([name, value]) => ({ name, value }));
  const body = answer.text ?? JSON.stringify(answer.json);
  return { code: answer.status, ...(hasHeaders ? { headers } : {}), body };
}

/** One part as a request of its own, signed like the batch where it brings no token. */
async function requestOf(part: Part, request: SimRequest, params: Params): Promise<SimRequest> {
  const [path = "", ...rest] = part.relative_url.replace(/^\//, "").split("?");
  const query = new URLSearchParams(rest.join("?"));
  const body = new URLSearchParams(part.body ?? "");
  const isSigned = query.has("access_token") || body.has("access_token");
  if (!isSigned)
    for (const name of ["access_token", "appsecret_proof", "appsecret_time"]) {
      const value = params.text(name);
      if (value !== undefined) query.set(name, value);
    }
  const version = /^v\d+\.\d+(\/|$)/.test(path) ? "" : (/^\/(v\d+\.\d+)(?:\/|$)/.exec(request.path)?.[1] ?? "");
  const { "content-type": _, "content-length": __, authorization, ...others } = request.headers;
  const headers = isSigned ? others : { ...others, authorization };
  const url = {
    method: part.method,
    host: request.host,
    path: `/${version === "" ? "" : `${version}/`}${path}`,
    query,
  };
  if (part.method !== "POST") return { ...url, headers, rawBody: new Uint8Array() };
  const encoded = await encodedBody(part, body, params);
  const rawBody = new Uint8Array(await encoded.arrayBuffer());
  return { ...url, headers: { ...headers, "content-type": encoded.headers.get("content-type") ?? "" }, rawBody };
}

/** Files of the batch's own body that a part names go with it as its `source`. */
async function encodedBody(part: Part, body: URLSearchParams, params: Params): Promise<Response> {
  const [name] = part.attached_files?.split(",") ?? [];
  if (name === undefined) return new Response(body);
  const file = params.file(name.trim());
  if (file === undefined) throw invalidParameter(`The batch has no file ${name}`);
  const form = new FormData();
  for (const [field, value] of body) form.set(field, value);
  form.set("source", new Blob([new Uint8Array(file.bytes)], { type: file.contentType }), file.name);
  return new Response(form);
}
