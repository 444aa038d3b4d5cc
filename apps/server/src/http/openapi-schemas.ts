import {
  ApiKeyView,
  ConnectionView,
  DlqGroupView,
  GrantView,
  HealthView,
  JobView,
  MediaView,
  MemberView,
  MentionView,
  PlatformView,
  PostInput,
  PostPatch,
  PostView,
  Problem,
  PublishPayload,
} from "@postd/contracts";
import { z } from "zod";

/** Schemas with a name of their own in the document. */
const named = z.registry<{ id: string }>();
for (const [id, schema] of Object.entries({
  ApiKeyView,
  ConnectionView,
  DlqGroupView,
  GrantView,
  HealthView,
  JobView,
  MediaView,
  MentionView,
  MemberView,
  PlatformView,
  PostInput,
  PostPatch,
  PostView,
  Problem,
  PublishPayload,
}))
  named.add(schema, { id });

/** A piece of the document. */
export type Json = Record<string, unknown>;

/** Converts one schema; named ones move to the components and are referred to. */
export function jsonSchema(schema: z.ZodType, io: "input" | "output", components: Json): Json {
  const converted = z.toJSONSchema(schema, { io, metadata: named, unrepresentable: "any" });
  const { $defs = {}, $schema: _dialect, id: _id, ...rest } = z.record(z.string(), z.unknown()).parse(converted);
  const definitions = z.record(z.string(), z.record(z.string(), z.unknown())).parse($defs);
  for (const [name, definition] of Object.entries(definitions)) {
    const { id: _own, ...content } = definition;
    if (!isAnonymous(name)) components[name] = relink(content);
  }
  const name = named.get(schema)?.id;
  const linked = relink(rest) as Json;
  if (name === undefined) return linked;
  // A schema that is recursive, or shared by several fields, comes as a definition of its own and a reference to it.
  if (!(name in definitions)) components[name] = linked;
  return { $ref: `#/components/schemas/${name}` };
}

/** Recursive schemas without a name stand for any JSON value. */
const isAnonymous = (name: string): boolean => name.startsWith("__");

function relink(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(relink);
  if (typeof value !== "object" || value === null) return value;
  const { $ref } = value as { $ref?: unknown };
  if (typeof $ref === "string") {
    const name = $ref.replace(/^#\/\$defs\//, "");
    return $ref === "#" || isAnonymous(name) ? {} : { $ref: `#/components/schemas/${name}` };
  }
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, relink(item)]));
}
