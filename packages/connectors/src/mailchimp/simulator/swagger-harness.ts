import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Route } from "@postd/connector-kit/simulator";
import { z } from "zod";

/** The part of a Swagger 2.0 or JSON schema that is compared. */
const Schema = z.object({
  // A choice of types is in no description and is not compared.
  type: z
    .union([z.string(), z.array(z.string())])
    .transform((type) => (typeof type === "string" ? type : undefined))
    .optional(),
  format: z.string().optional(),
  enum: z.array(z.unknown()).optional(),
  required: z.array(z.string()).optional(),
  get properties() {
    return z.record(z.string(), Schema).optional();
  },
  get items() {
    return Schema.optional();
  },
});
export type Schema = z.output<typeof Schema>;

const Parameter = z.object({
  name: z.string(),
  in: z.enum(["path", "query", "body"]),
  type: z.string().optional(),
  enum: z.array(z.unknown()).optional(),
  schema: Schema.optional(),
});
const Operation = z.object({
  parameters: z.array(Parameter).default([]),
  responses: z.record(z.string(), z.object({ schema: Schema.optional() })),
});
const Swagger = z.object({ paths: z.record(z.string(), z.record(z.string(), Operation)) });
export type Swagger = z.output<typeof Swagger>;

export interface Exchange {
  readonly method: string;
  /** Without its version: "/campaigns/1". */
  readonly path: string;
  readonly sent: unknown;
  readonly status: number;
  readonly got: unknown;
}

export function loadSwagger(specsDir: string): Swagger {
  const file = join(specsDir, "mailchimp", "marketing-3.0.55-subset.swagger.json");
  return Swagger.parse(JSON.parse(readFileSync(file, "utf8")));
}

/** The described operation, by a path with names in it or by one that was called. */
function described({ paths }: Swagger, method: string, path: string) {
  const fits = (template: string) => {
    const [wanted, given] = [template.split("/"), path.split("/")];
    return (
      wanted.length === given.length &&
      wanted.every((part, at) => part === given[at] || (part.startsWith("{") && given[at] !== ""))
    );
  };
  const found = paths[path] ?? Object.entries(paths).find(([template]) => fits(template))?.[1];
  return found?.[method.toLowerCase()];
}

/** What a value has that its description lacks, and the other way round. */
export function valueProblems(schema: Schema, value: unknown, at: string): readonly string[] {
  if (value === undefined) return [];
  const { type, properties, required = [], items, format } = schema;
  if (schema.enum && !schema.enum.includes(value)) return [`${at}: ${JSON.stringify(value)} is not one of the enum`];
  switch (type) {
    case "string": {
      if (typeof value !== "string") return [`${at}: no string`];
      const isTime = z.iso.datetime({ offset: true }).safeParse(value).success;
      return format === "date-time" && !isTime ? [`${at}: no date-time`] : [];
    }
    case "integer":
      return Number.isInteger(value) ? [] : [`${at}: no integer`];
    case "number":
      return typeof value === "number" ? [] : [`${at}: no number`];
    case "boolean":
      return typeof value === "boolean" ? [] : [`${at}: no boolean`];
    case "array":
      if (!Array.isArray(value)) return [`${at}: no array`];
      return items ? value.flatMap((item) => valueProblems(items, item, `${at}[]`)) : [];
    default: {
      if (properties === undefined) return [];
      const fields = z.record(z.string(), z.unknown()).safeParse(value).data;
      if (fields === undefined) return [`${at}: no object`];
      const missing = required.filter((name) => fields[name] === undefined).map((name) => `${at}.${name}: missing`);
      return [
        ...missing,
        ...Object.entries(fields).flatMap(([name, inner]) => {
          const known = properties[name];
          return known ? valueProblems(known, inner, `${at}.${name}`) : [`${at}.${name}: not described`];
        }),
      ];
    }
  }
}

export function exchangeProblems(swagger: Swagger, { method, path, sent, status, got }: Exchange): readonly string[] {
  const operation = described(swagger, method, path);
  if (operation === undefined) return [`${method} ${path}: not described`];
  const body = operation.parameters.find((one) => one.in === "body")?.schema;
  const where = `${method} ${path.replace(/[0-9a-f]{10,}|\d{5,}/g, "#")}`;
  const asked = status < 400 && body ? valueProblems(body, sent, `${where} body`) : [];
  const response = operation.responses[String(status)] ?? operation.responses.default;
  if (response === undefined || (status < 400 && !operation.responses[String(status)]))
    return [...asked, `${where}: ${status} is not described`];
  if (response.schema === undefined) return got === undefined ? asked : [...asked, `${where}: a body is not described`];
  return [...asked, ...valueProblems(response.schema, got, `${where} ${status < 400 ? status : "problem"}`)];
}

/** What a body may hold that its description lacks, and what has to be there and need not. */
function acceptedProblems(taken: Schema, known: Schema, at: string): readonly string[] {
  if (known.type === undefined && known.properties === undefined) return [];
  const numbers = taken.type === "integer" && known.type === "number";
  if (taken.type !== undefined && taken.type !== known.type && !numbers)
    return [`${at}: takes ${taken.type}, not ${known.type}`];
  const others = taken.enum?.filter((value) => known.enum && !known.enum.includes(value)) ?? [];
  const { items, properties = {} } = taken;
  if (items && known.items) return acceptedProblems(items, known.items, `${at}[]`);
  const needless = (known.required ?? []).filter((name) => !taken.required?.includes(name));
  return [
    ...others.map((value) => `${at}: takes ${String(value)}`),
    ...(taken.type === "object" ? needless.map((name) => `${at}.${name}: may be left out`) : []),
    ...Object.entries(known.properties ? properties : {}).flatMap(([name, inner]) => {
      const described = known.properties?.[name];
      return described ? acceptedProblems(inner, described, `${at}.${name}`) : [`${at}.${name}: not described`];
    }),
  ];
}

const schemaOf = (schema: z.ZodType): Schema =>
  Schema.parse(z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }));

/** "/lists/{}/members" of a simulated path of the API; undefined for other hosts. */
export function apiPath({ paths }: Pick<Route<never>, "paths">): string | undefined {
  const [host = "", version, ...rest] = (paths[0] ?? "").split("/");
  if (!host.startsWith("*.api.") || version !== "3.0") return undefined;
  return `/${rest.map((part) => (part.startsWith(":") ? "{}" : part)).join("/")}`;
}

export function routeProblems(
  swagger: Swagger,
  route: Pick<Route<never>, "method" | "paths" | "body" | "query">,
): readonly string[] {
  const path = apiPath(route) ?? "";
  const operation = described(swagger, route.method, path);
  const where = `${route.method} ${path}`;
  if (operation === undefined) return [`${where}: not described`];
  const known = operation.parameters;
  const body = known.find((one) => one.in === "body")?.schema;
  const query = Object.entries(route.query ? (schemaOf(route.query).properties ?? {}) : {}).flatMap(([name, taken]) => {
    const found = known.find((one) => one.in === "query" && one.name === name);
    if (found === undefined) return [`${where} query.${name}: not described`];
    const wrong = taken.enum?.filter((value) => found.enum && !found.enum.includes(value)) ?? [];
    return wrong.map((value) => `${where} query.${name}: takes ${String(value)}`);
  });
  if (route.body && body === undefined) return [...query, `${where}: a body is not described`];
  if (body && !route.body) return [...query, `${where}: the body is not looked at`];
  return [...query, ...(route.body && body ? acceptedProblems(schemaOf(route.body), body, `${where} body`) : [])];
}
