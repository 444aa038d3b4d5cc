import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv } from "ajv";
import { z } from "zod";

/** One call as it went over the wire; JSON is parsed. */
export interface Exchange {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body?: unknown;
  /** Names of the parts of a multipart body. */
  readonly parts?: readonly string[];
  readonly status: number;
  readonly answer: unknown;
}

/** Something the description lacks or has wrong, and the fact sheet has otherwise. `used` is set by whatever needed it. */
export interface Exception {
  readonly what: RegExp;
  readonly source: string;
  used?: boolean;
}

const Schema = z.record(z.string(), z.unknown());
type Schema = z.output<typeof Schema>;
const Parameter = z.object({ name: z.string(), in: z.string(), required: z.boolean().optional(), schema: Schema });
type Parameter = z.output<typeof Parameter>;
const Content = z.record(z.string(), z.object({ schema: Schema }));
const Operation = z.object({
  parameters: z.array(z.union([Parameter, z.object({ $ref: z.string() })])).default([]),
  requestBody: z.object({ content: Content }).optional(),
  responses: z.record(z.string(), z.object({ content: Content.optional() })),
});
const Document = z.object({ paths: z.record(z.string(), z.record(z.string(), z.unknown())) });

/** An OpenAPI description of X, as questions about calls. */
export function loadXDescription(specsDir: string, file: string) {
  const root = cleaned(JSON.parse(readFileSync(join(specsDir, "x", file), "utf8")));
  const { paths } = Document.parse(root);
  const ajv = new Ajv({ strict: false, validateFormats: false, allErrors: true });
  ajv.addSchema(root as object, "x");

  const at = (ref: string): Schema =>
    Schema.parse(
      ref
        .slice(2)
        .split("/")
        .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"))
        .reduce<unknown>((value, part) => Schema.parse(value)[part], root),
    );
  const resolved = (schema: Schema): Schema =>
    typeof schema.$ref === "string" ? { ...resolved(at(schema.$ref)), ...omitRef(schema) } : schema;

  function operationOf(method: string, path: string) {
    const found = Object.keys(paths)
      .filter((template) => new RegExp(`^${template.replace(/\{[^}]+\}/g, "[^/]+")}$`).test(path))
      .sort((left, right) => left.split("{").length - right.split("{").length);
    const template = found.find((one) => paths[one]?.[method.toLowerCase()] !== undefined);
    if (template === undefined) return undefined;
    const pointer = `x#/paths/${template.replaceAll("/", "~1")}/${method.toLowerCase()}`;
    const operation = Operation.parse(paths[template]?.[method.toLowerCase()]);
    const parameters = operation.parameters.map((one) => Parameter.parse("$ref" in one ? at(one.$ref) : one));
    return { ...operation, parameters, pointer };
  }

  /** What a schema says is wrong with a value. */
  function wrong(pointer: string, value: unknown): readonly string[] {
    const check = ajv.getSchema(encodeURI(pointer));
    if (check === undefined) throw new Error(`no schema at ${pointer}`);
    return check(value) ? [] : (check.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
  }

  /** Every schema that may describe a value: itself, its parts, its variants. */
  function variants(schema: Schema): readonly Schema[] {
    const own = resolved(schema);
    const parts = [own.allOf, own.oneOf, own.anyOf].flatMap((list) => z.array(Schema).catch([]).parse(list));
    const mapping = z.object({ discriminator: z.object({ mapping: z.record(z.string(), z.string()) }) }).safeParse(own);
    const mapped = Object.values(mapping.data?.discriminator.mapping ?? {}).map((ref) => at(ref));
    // A variant names the schema it varies.
    return [
      own,
      ...parts.flatMap(variants),
      ...mapped.flatMap((one) => [one, ...z.array(Schema).catch([]).parse(one.allOf)]),
    ];
  }

  /** Names in a value that no schema has. */
  function unknownNames(schema: Schema, value: unknown, path = ""): readonly string[] {
    const all = variants(schema);
    if (Array.isArray(value)) {
      const items = all.flatMap((one) => (one.items === undefined ? [] : [Schema.parse(one.items)]));
      const [first] = items;
      return first === undefined ? [] : value.flatMap((one) => unknownNames(first, one, `${path}[]`));
    }
    if (typeof value !== "object" || value === null) return [];
    const shapes = all.flatMap((one) => (one.properties === undefined ? [] : [Schema.parse(one.properties)]));
    if (shapes.length === 0) return [];
    const known = Object.assign({}, ...shapes) as Schema;
    return Object.entries(value).flatMap(([name, inner]) =>
      known[name] === undefined
        ? [`${path}.${name} is not described`]
        : unknownNames(Schema.parse(known[name]), inner, `${path}.${name}`),
    );
  }

  const typed = ({ schema }: Parameter, text: string): unknown => {
    const { type } = resolved(schema);
    return type === "array" ? text.split(",") : type === "integer" ? Number(text) : text;
  };

  return {
    operationOf,
    /** The values a parameter may have, where it is a list of names. */
    namesOf(parameter: Parameter): readonly string[] {
      const items = Schema.catch({}).parse(resolved(parameter.schema).items);
      return z.array(z.string()).catch([]).parse(resolved(items).enum);
    },
    /** Properties of the body an operation takes as JSON. */
    bodyNamesOf(method: string, path: string): readonly string[] {
      const content = operationOf(method, path)?.requestBody?.content["application/json"];
      return content === undefined
        ? []
        : variants(content.schema).flatMap(({ properties }) => Object.keys(properties ?? {}));
    },
    /** Everything that is wrong with a call and its answer by the description; `exceptions` are left out. */
    problemsOf(exchange: Exchange, exceptions: readonly Exception[]): readonly string[] {
      const name = `${exchange.method} ${exchange.path.replace(/\/\d{3,}(?=\/|$)/g, "/{id}")}`;
      const operation = operationOf(exchange.method, exchange.path);
      const all = operation === undefined ? ["is not described"] : callProblems(operation, exchange);
      const isExcepted = (problem: string) => {
        const exception = exceptions.find(({ what }) => what.test(problem));
        if (exception) exception.used = true;
        return exception !== undefined;
      };
      return all.map((problem) => `${name}: ${problem}`).filter((problem) => !isExcepted(problem));
    },
  };

  function callProblems(operation: NonNullable<ReturnType<typeof operationOf>>, exchange: Exchange): string[] {
    const { parameters, requestBody, responses, pointer } = operation;
    const inQuery = parameters.filter((one) => one.in === "query");
    const problems = [...exchange.query].flatMap(([name, text]) => {
      const parameter = inQuery.find((one) => one.name === name);
      if (parameter === undefined) return [`parameter ${name} is not described`];
      return ajv.compile(absolute(parameter.schema))(typed(parameter, text))
        ? []
        : [`parameter ${name} is not ${text}`];
    });
    problems.push(
      ...inQuery
        .filter((one) => one.required && !exchange.query.has(one.name))
        .map(({ name }) => `parameter ${name} is missing`),
    );
    const [json, parts] = ["application/json", "multipart/form-data"].map((type) => requestBody?.content[type]);
    const isEmpty = JSON.stringify(exchange.body ?? {}) === "{}";
    if (exchange.body !== undefined && !isEmpty && json === undefined) problems.push("a body is not described");
    if (exchange.body !== undefined && json !== undefined)
      problems.push(
        ...wrong(`${pointer}/requestBody/content/application~1json/schema`, exchange.body).map((one) => `body${one}`),
      );
    for (const part of exchange.parts ?? []) {
      const known = parts ? variants(parts.schema).flatMap(({ properties }) => Object.keys(properties ?? {})) : [];
      if (!known.includes(part)) problems.push(`part ${part} is not described`);
    }
    const code = responses[exchange.status] ? String(exchange.status) : "default";
    if (exchange.status >= 400) return [...problems, ...refusalProblems(exchange.answer)];
    const schema = responses[code]?.content?.["application/json"]?.schema;
    if (code === "default" || schema === undefined) return [...problems, `status ${exchange.status} is not described`];
    const where = `${pointer}/responses/${code}/content/application~1json/schema`;
    problems.push(...wrong(where, exchange.answer).map((one) => `answer${one}`));
    problems.push(...unknownNames(schema, exchange.answer).map((one) => `answer${one}`));
    return problems;
  }

  /** A problem of a described type has its form; `about:blank` and those of prose are described nowhere. */
  function refusalProblems(answer: unknown): readonly string[] {
    const type = z.object({ type: z.string() }).safeParse(answer).data?.type ?? "";
    const mapping = z
      .object({ discriminator: z.object({ mapping: z.record(z.string(), z.string()) }) })
      .parse(at("#/components/schemas/Problem")).discriminator.mapping;
    const ref = mapping[type];
    return ref === undefined ? [] : wrong(`x${ref}`, answer).map((one) => `problem${one}`);
  }

  function absolute(schema: Schema): Schema {
    return JSON.parse(JSON.stringify(schema).replaceAll('"#/', '"x#/'));
  }
}

const omitRef = ({ $ref, ...rest }: Schema): Schema => rest;

/** `nullable` stands beside no type in places, which JSON Schema has no meaning for. */
function cleaned(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(cleaned);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).filter(([name]) => name !== "nullable" || "type" in value);
  return Object.fromEntries(entries.map(([name, inner]) => [name, cleaned(inner)]));
}
