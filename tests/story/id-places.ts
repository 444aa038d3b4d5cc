import { idPrefixes } from "@postd/contracts";
import { z } from "zod";

const Json = z.record(z.string(), z.unknown());
const Document = z.object({
  paths: z.record(
    z.string(),
    z.record(
      z.string(),
      z.object({
        operationId: z.string(),
        security: z.array(Json),
        parameters: z.array(z.object({ name: z.string(), in: z.string(), schema: Json })),
        requestBody: z.object({ content: z.object({ "application/json": z.object({ schema: Json }) }) }).optional(),
      }),
    ),
  ),
  components: z.object({ schemas: z.record(z.string(), Json) }),
});

export interface DocumentedOperation {
  readonly id: string;
  readonly method: string;
  readonly path: string;
  readonly takesKeys: boolean;
  /** Where ids of a tenant go: "path.id", "query.postId", "body.targets.connectionId"; `*` is any name. */
  readonly places: readonly string[];
}

const idPattern = new RegExp(`^\\^(${Object.values(idPrefixes).join("|")})_`);

/** Reads the operations and every place that takes an id out of an OpenAPI document; ids are told by their pattern. */
export function documentedOperations(document: unknown): DocumentedOperation[] {
  const { paths, components } = Document.parse(document);
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => {
      const body = operation.requestBody?.content["application/json"].schema;
      const places = [
        ...operation.parameters.flatMap(({ name, in: place, schema }) =>
          idsIn(schema, `${place}.${name}`, components.schemas, []),
        ),
        ...(body ? idsIn(body, "body", components.schemas, []) : []),
      ];
      return {
        id: operation.operationId,
        method: method.toUpperCase(),
        path,
        takesKeys: operation.security.some((way) => "key" in way),
        places: [...new Set(places)].sort(),
      };
    }),
  );
}

function idsIn(
  schema: unknown,
  at: string,
  named: Readonly<Record<string, unknown>>,
  seen: readonly string[],
): string[] {
  const parsed = Json.safeParse(schema);
  if (!parsed.success) return [];
  const { $ref, pattern, properties, items, additionalProperties, anyOf, oneOf, allOf } = parsed.data;
  if (typeof $ref === "string") {
    if (seen.includes($ref)) return [];
    return idsIn(named[$ref.replace("#/components/schemas/", "")], at, named, [...seen, $ref]);
  }
  const into = (child: unknown, place: string) => idsIn(child, place, named, seen);
  return [
    ...(typeof pattern === "string" && idPattern.test(pattern) ? [at] : []),
    ...Object.entries(Json.safeParse(properties).data ?? {}).flatMap(([name, child]) => into(child, `${at}.${name}`)),
    ...into(items, at),
    ...into(additionalProperties, `${at}.*`),
    ...[anyOf, oneOf, allOf].flatMap((branches) =>
      Array.isArray(branches) ? branches.flatMap((branch) => into(branch, at)) : [],
    ),
  ];
}
