import type { z } from "zod";
import { formBody, jsonBody, multipartBody, type Parsed } from "./body.ts";
import type { Refusal, SimRefusal } from "./refusal.ts";
import type { Route } from "./route.ts";
import type { SimRequest } from "./types.ts";

/** Query and body as a route declares them. Throws a SimRefusal in the platform's words. */
export async function readInput(
  route: Pick<Route<unknown>, "query" | "body" | "bodyAs">,
  request: SimRequest,
  refuse: (refusal: Refusal) => SimRefusal,
): Promise<{ readonly query: unknown; readonly body: unknown }> {
  const check = (where: "query" | "body", schema: z.ZodType, value: unknown): unknown => {
    const parsed = schema.safeParse(value);
    if (!parsed.success) throw refuse({ kind: "badInput", where, issues: parsed.error.issues, value });
    return parsed.data;
  };
  const query = route.query && check("query", route.query, fieldsOf(request.query));
  if (route.body === undefined) return { query, body: undefined };
  const read = await bodyAs(route.bodyAs ?? "json", request);
  if (!read.ok) throw refuse({ kind: "badBody", reason: read.reason });
  return { query, body: check("body", route.body, read.value) };
}

async function bodyAs(kind: NonNullable<Route<unknown>["bodyAs"]>, request: SimRequest): Promise<Parsed<unknown>> {
  switch (kind) {
    case "json":
      return jsonBody(request);
    case "form": {
      const form = formBody(request);
      return form.ok ? { ok: true, value: fieldsOf(form.value) } : form;
    }
    case "multipart": {
      const form = await multipartBody(request);
      if (!form.ok) return form;
      const files = Object.fromEntries(form.value.files.map((file) => [file.name, file]));
      return { ok: true, value: { ...fieldsOf(form.value.fields), ...files } };
    }
    case "bytes":
      return { ok: true, value: request.rawBody };
    default:
      return kind satisfies never;
  }
}

/** Parameters by name; one given several times is a list. */
export function fieldsOf(params: URLSearchParams): Record<string, string | string[]> {
  return Object.fromEntries(
    [...new Set(params.keys())].map((name) => {
      const [first = "", ...more] = params.getAll(name);
      return [name, more.length === 0 ? first : [first, ...more]];
    }),
  );
}
