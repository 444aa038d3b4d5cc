import type { Json, JsonObject } from "@postd/contracts";
import { z } from "zod";
import { AnyJson, type Fault, faultCommon } from "./fault-common.ts";
import type { PlatformErrors, SimRequest, SimResponse } from "./types.ts";

type Asked = Pick<SimRequest, "method" | "host" | "path">;

/** The form out of the fields it takes. `status` may be among them; body and headers of the fault win over the answer's. */
export function platformErrors<T>(form: {
  readonly fault?: string;
  readonly fields: z.ZodType<T>;
  readonly answer: (fields: T, request: Asked) => SimResponse;
}): PlatformErrors {
  return {
    ...(form.fault === undefined ? {} : { fault: form.fault }),
    answer: (fields, request) => form.answer(form.fields.parse(fields), request),
  };
}

const headerName = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const headerValue = /^[\t\x20-\x7e\x80-\xff]*$/;
const maxBytes = 64 * 1024 * 1024;

/**
 * Any answer in place of the simulator's own. By default the call is refused and changes nothing; with `after` it is
 * applied first, and the answer is this one all the same. Without a body of its own the answer has the platform's form,
 * made of the platform's fields; with neither it is empty.
 */
const ErrorFault = z.looseObject({
  ...faultCommon,
  fault: z.string(),
  after: z.boolean().optional(),
  status: z.int().min(200).max(599).optional(),
  headers: z
    .record(z.string().regex(headerName), z.string().regex(headerValue, "must be text of one line, as HTTP takes it"))
    .optional(),
  /** Text is sent as it is, anything else as JSON. */
  body: AnyJson.optional(),
  bodyBase64: z.base64().optional(),
  /** Spaces behind the body, up to this size. */
  padToBytes: z.int().min(1).max(maxBytes).optional(),
  /** The whole body is announced and the connection closed after so many bytes. */
  cutAfterBytes: z.int().min(0).max(maxBytes).optional(),
});
export type PlatformErrorInput = z.input<typeof ErrorFault>;

const own = new Set(Object.keys(ErrorFault.shape));

/** The fault as it is armed; undefined when `given` is another one. Throws a ZodError that names a wrong field. */
export function errorFault(given: unknown, errors: PlatformErrors | undefined): Fault | undefined {
  const named = z.looseObject({ fault: z.string() }).safeParse(given).data;
  if (named?.fault !== "platformError" && (errors?.fault === undefined || named?.fault !== errors.fault))
    return undefined;
  const input = ErrorFault.parse(given);
  const fields = Object.fromEntries(Object.entries(input).filter(([name]) => !own.has(name)));
  const answer = (request: Asked) => answerOf(input, fields, { request, errors });
  // A wrong field is refused when the fault is armed, not when it strikes.
  answer({ method: "GET", host: "", path: "/" });
  return {
    input,
    transport: (request) => ({ at: input.after ? "after" : "before", answer: answer(request) }),
  };
}

function answerOf(
  input: z.output<typeof ErrorFault>,
  fields: Readonly<Record<string, unknown>>,
  { request, errors }: { readonly request: Asked; readonly errors: PlatformErrors | undefined },
): SimResponse {
  const names = Object.keys(fields);
  const isOwnBody = input.body !== undefined || input.bodyBase64 !== undefined;
  if (names.length > 0 && (isOwnBody || errors === undefined)) {
    const why = isOwnBody
      ? "beside a body there are no fields of the platform"
      : "this platform takes status, headers and body";
    throw new z.ZodError([
      { code: "unrecognized_keys", keys: names, path: [], message: `${names.join(", ")}: ${why}`, input: fields },
    ]);
  }
  const { status } = input;
  const made: SimResponse =
    names.length > 0 && errors
      ? errors.answer({ ...(fields as JsonObject), ...(status === undefined ? {} : { status }) }, request)
      : { status: status ?? 500, ...bodyOf(input.body, input.bodyBase64) };
  return {
    ...padded(made, input.padToBytes),
    headers: { ...made.headers, ...input.headers },
    ...(input.cutAfterBytes === undefined ? {} : { cutAfterBytes: input.cutAfterBytes }),
  };
}

function bodyOf(body: Json | undefined, base64: string | undefined): Pick<SimResponse, "text" | "json" | "bytes"> {
  if (base64 !== undefined) return { bytes: Uint8Array.from(Buffer.from(base64, "base64")) };
  if (body === undefined) return {};
  return typeof body === "string" ? { text: body } : { json: body };
}

/** JSON stays JSON: spaces behind it mean nothing. */
function padded(answer: SimResponse, size: number | undefined): SimResponse {
  if (size === undefined) return answer;
  const { json, text, bytes, ...rest } = answer;
  const content = bytes ?? Buffer.from(text ?? (json === undefined ? "" : JSON.stringify(json)));
  const whole = Buffer.alloc(Math.max(size, content.byteLength), " ");
  whole.set(content);
  const type = json === undefined ? {} : { "content-type": "application/json; charset=utf-8" };
  return { ...rest, headers: { ...type, ...rest.headers }, bytes: Uint8Array.from(whole) };
}
