import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";

/** One method of an API as its description has it. */
export interface DescribedMethod {
  readonly id: string;
  readonly method: string;
  /** Host and path of a request. */
  readonly address: RegExp;
  /** Parameters of the query, by name. */
  readonly query: ReadonlyMap<string, Parameter>;
  readonly request: z.ZodType | undefined;
  readonly response: z.ZodType;
}

/** A call as it went over the wire; `output` undefined: no JSON. */
export interface Exchange {
  readonly method: string;
  readonly host: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly input: unknown;
  readonly output: unknown;
}

const Parameter = z.object({
  type: z.string(),
  location: z.string(),
  repeated: z.boolean().default(false),
  enum: z.array(z.string()).optional(),
});
type Parameter = z.output<typeof Parameter>;

const Ref = z.object({ $ref: z.string() });
const Method = z.object({
  id: z.string(),
  httpMethod: z.string(),
  flatPath: z.string(),
  parameters: z.record(z.string(), Parameter).default({}),
  request: Ref.optional(),
  response: Ref,
});
interface Resource {
  methods?: Record<string, z.output<typeof Method>> | undefined;
  resources?: Record<string, Resource> | undefined;
}
const Resource: z.ZodType<Resource> = z.lazy(() =>
  z.object({ methods: z.record(z.string(), Method).optional(), resources: z.record(z.string(), Resource).optional() }),
);
const Schemas = z.record(z.string(), z.record(z.string(), z.unknown()));
const Discovery = z.object({ rootUrl: z.string(), resources: z.record(z.string(), Resource), schemas: Schemas });

const Operation = z.object({
  operationId: z.string(),
  parameters: z.array(z.object({ name: z.string(), schema: z.looseObject({ type: z.string() }) })).default([]),
  requestBody: z.object({ content: z.record(z.string(), z.object({ schema: Ref })) }).optional(),
  responses: z.object({ 200: z.object({ content: z.record(z.string(), z.object({ schema: Ref })) }) }),
});
const OpenApi = z.object({
  servers: z.tuple([z.object({ url: z.string() })]),
  paths: z.record(z.string(), z.record(z.string(), z.unknown())),
  components: z.object({ schemas: Schemas }),
});

const read = (specsDir: string, name: string): unknown =>
  JSON.parse(readFileSync(join(specsDir, "google-business-profile", name), "utf8"));

/** Google's own description of one API. */
export function loadDiscovery(specsDir: string, name: string): readonly DescribedMethod[] {
  const { rootUrl, resources, schemas } = Discovery.parse(read(specsDir, `${name}.json`));
  const schemaOf = schemaReader(schemas);
  const methodsOf = (all: Readonly<Record<string, Resource>>): readonly z.output<typeof Method>[] =>
    Object.values(all).flatMap((one) => [...Object.values(one.methods ?? {}), ...methodsOf(one.resources ?? {})]);
  return methodsOf(resources).map(({ id, httpMethod, flatPath, parameters, request, response }) => ({
    id,
    method: httpMethod,
    address: addressOf(new URL(flatPath, rootUrl).href),
    query: new Map(Object.entries(parameters).filter(([, { location }]) => location === "query")),
    request: request && schemaOf(request.$ref),
    response: schemaOf(response.$ref),
  }));
}

/** A description in the form of OpenAPI 3. */
export function loadOpenApi(specsDir: string, name: string): readonly DescribedMethod[] {
  const { servers, paths, components } = OpenApi.parse(read(specsDir, `${name}.openapi.json`));
  const schemaOf = schemaReader(components.schemas);
  return Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item).flatMap(([method, described]) => {
      const operation = Operation.safeParse(described).data;
      if (operation === undefined) return [];
      const { operationId: id, parameters, requestBody, responses } = operation;
      const query = parameters.map(({ name: parameter, schema }) => {
        const read = Parameter.parse({ location: "query", ...schema });
        return [parameter, read] as const;
      });
      const request = requestBody?.content["application/json"]?.schema;
      const response = responses[200].content["application/json"]?.schema.$ref ?? "";
      return {
        id,
        method: method.toUpperCase(),
        address: addressOf(servers[0].url + path),
        query: new Map(query),
        request: request && schemaOf(request.$ref),
        response: schemaOf(response),
      };
    }),
  );
}

function addressOf(url: string): RegExp {
  const escaped = decodeURI(url)
    .replace(/^https:\/\//, "")
    .replace(/[.*+?^$()|[\]\\]/g, "\\$&");
  return new RegExp(`^${escaped.replace(/\{[^}]+\}/g, "[^/:]+")}$`);
}

/** Schemas by name. Names nobody described are refused, and keys that are words about words are left out. */
function schemaReader(schemas: z.output<typeof Schemas>): (ref: string) => z.ZodType {
  const $defs = Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, closed(schema)]));
  return (ref) => z.fromJSONSchema({ $defs, $ref: local(ref) } as Parameters<typeof z.fromJSONSchema>[0]);
}

const local = (ref: string): string => `#/$defs/${ref.replace("#/components/schemas/", "")}`;
const kept = new Set(["type", "items", "properties", "enum", "required", "maxLength", "minimum", "maximum"]);

function closed(schema: unknown): unknown {
  const parts = z.record(z.string(), z.unknown()).parse(schema);
  if (typeof parts.$ref === "string") return { $ref: local(parts.$ref) };
  // Google's word for whatever there is.
  if (parts.type === "any") return {};
  const made: Record<string, unknown> = Object.fromEntries(Object.entries(parts).filter(([key]) => kept.has(key)));
  if (parts.items !== undefined) made.items = closed(parts.items);
  if (parts.properties === undefined) return made;
  const properties = z.record(z.string(), z.unknown()).parse(parts.properties);
  made.properties = Object.fromEntries(Object.entries(properties).map(([name, each]) => [name, closed(each)]));
  return { ...made, additionalProperties: false };
}

/** What a call has that its description lacks; `seen` collects the methods that were used. */
export function exchangeProblems(
  exchange: Exchange,
  methods: readonly DescribedMethod[],
  seen: Set<string>,
): readonly string[] {
  const { method, host, path, query, input, output } = exchange;
  const found = methods.find((one) => one.method === method && one.address.test(host + path));
  if (found === undefined) return [`${method} ${host}${path}: no such method`];
  seen.add(found.id);
  const problems = [...new Set(query.keys())].flatMap((name) => {
    const parameter = found.query.get(name);
    if (parameter === undefined) return [`no parameter ${name}`];
    return isValue(parameter, query.getAll(name)) ? [] : [`${name} is not ${parameter.type}`];
  });
  if ((input === undefined) !== (found.request === undefined)) problems.push("a body where there is none, or none");
  const issues = [
    ...(input === undefined ? [] : (found.request?.safeParse(input).error?.issues ?? [])),
    ...(found.response.safeParse(output).error?.issues ?? []),
  ];
  problems.push(...issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`));
  return problems.map((problem) => `${found.id}: ${problem}`);
}

function isValue({ type, repeated, enum: words }: Parameter, values: readonly string[]): boolean {
  if (values.length > 1 && !repeated) return false;
  return values.every((value) => {
    if (words !== undefined) return words.includes(value);
    return type !== "integer" || /^-?\d+$/.test(value);
  });
}
