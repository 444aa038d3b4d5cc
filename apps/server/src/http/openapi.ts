import { errorCodes, errorsOf, type Operation, Problem, rolesWith, successesOf } from "@postd/contracts";
import { z } from "zod";
import { type Json, jsonSchema } from "./openapi-schemas.ts";

/** The OpenAPI 3.1 document, made of the operations and nothing else. Pure. */
export function openApiDocument(
  operations: readonly Operation[],
  info: { readonly version: string; readonly publicUrl: string; readonly simulated?: boolean },
): Json {
  const schemas: Json = {};
  const schemaOf = (schema: z.ZodType, io: "input" | "output") => jsonSchema(schema, io, schemas);
  const problem = schemaOf(Problem, "output");
  const paths: Record<string, Json> = {};
  for (const operation of operations) {
    const path = operation.path.replace(/:(\w+)/g, "{$1}");
    paths[path] = { ...paths[path], [operation.method.toLowerCase()]: operationObject(operation, schemaOf, problem) };
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "POSTD",
      version: info.version,
      description: `Publish one piece of content to many platforms, on time and exactly once. Errors are RFC 9457 problem documents with a code, who can act, and the next step. Lists are paged by an opaque cursor.${info.simulated ? " Platforms without credentials are simulated here: nothing reaches the real ones." : ""}`,
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: info.publicUrl }],
    tags: [...new Set(operations.flatMap(({ tags }) => tags))].map((name) => ({ name })),
    paths,
    components: {
      schemas,
      securitySchemes: {
        session: { type: "apiKey", in: "cookie", name: "postd.session_token" },
        key: { type: "http", scheme: "bearer", description: "An API key: postd_..." },
      },
    },
  };
}

type SchemaOf = (schema: z.ZodType, io: "input" | "output") => Json;

function operationObject(operation: Operation, schemaOf: SchemaOf, problem: Json): Json {
  const { auth, example } = operation;
  const body = operation.body ? schemaOf(operation.body, "input") : undefined;
  const rights =
    auth.kind === "caller" && auth.scope
      ? `\n\nScope \`${auth.scope}\`; roles: ${rolesWith(auth.scope).join(", ")}.`
      : "";
  return {
    operationId: operation.id,
    summary: operation.summary,
    description: operation.description + rights,
    tags: operation.tags,
    security: auth.kind === "public" ? [] : auth.by.map((scheme) => ({ [scheme]: [] })),
    parameters: [
      ...parameters(operation.params, "path", schemaOf, example.params),
      ...parameters(operation.query, "query", schemaOf, example.query),
      ...(operation.creates ? [idempotencyHeader] : []),
    ],
    ...(body
      ? {
          requestBody: {
            required: operation.bodyKind !== "upload" && example.body !== undefined,
            content: {
              "application/json": { schema: body, example: example.body },
              ...(operation.bodyKind === "upload" ? { "multipart/form-data": { schema: uploadForm } } : {}),
            },
          },
        }
      : {}),
    responses: { ...failures(operation, problem), ...success(operation, schemaOf) },
  };
}

function success(operation: Operation, schemaOf: SchemaOf): Json {
  const type = operation.answer === "text" ? "text/plain" : "application/json";
  const content = {
    [type]: { schema: schemaOf(operation.response, "output"), example: operation.example.response },
  };
  return Object.fromEntries(
    successesOf(operation).map((status) => [
      String(status),
      status === 302
        ? { description: "On to the next page." }
        : { description: descriptions[status] ?? operation.summary, content },
    ]),
  );
}

const descriptions: Readonly<Record<number, string>> = {
  202: "Taken; what is left of it is done by itself.",
  503: "The same, and the answer is no.",
};

function failures(operation: Operation, problem: Json): Json {
  const byStatus = Map.groupBy(errorsOf(operation), (code) => String(errorCodes[code].status));
  return Object.fromEntries(
    [...byStatus].map(([status, list]) => [
      status,
      { description: list.join(", "), content: { "application/problem+json": { schema: problem } } },
    ]),
  );
}

function parameters(
  schema: z.ZodType | undefined,
  place: "path" | "query",
  schemaOf: SchemaOf,
  example: unknown,
): Json[] {
  if (!schema) return [];
  const { properties = {}, required = [] } = Parameters.parse(schemaOf(schema, "input"));
  const examples = z.record(z.string(), z.unknown()).safeParse(example).data ?? {};
  return Object.entries(properties).map(([name, property]) => ({
    name,
    in: place,
    required: place === "path" || required.includes(name),
    schema: property,
    ...(examples[name] === undefined ? {} : { example: examples[name] }),
  }));
}

const Parameters = z.object({
  properties: z.record(z.string(), z.unknown()).optional(),
  required: z.array(z.string()).optional(),
});

const idempotencyHeader = {
  name: "Idempotency-Key",
  in: "header",
  required: false,
  description: "The same key and body again answer the first result; the same key with another body is a 409.",
  schema: { type: "string", maxLength: 200, pattern: "^[\\x21-\\x7e]+$" },
};

const uploadForm = {
  type: "object",
  required: ["file"],
  properties: {
    altText: { type: "string", description: "Before or behind the file." },
    file: { type: "string", contentMediaType: "application/octet-stream" },
  },
};
