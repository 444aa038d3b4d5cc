import type { Answer, Call } from "./call.ts";
import type { Field } from "./field-list.ts";
import type { GraphNode } from "./node.ts";

/** A node with the given fields, or its default ones; tables get it handed in, since they answer each other's nodes. */
export type Project = (call: Call, node: GraphNode, fields?: readonly Field[]) => Answer;

/** Gives one field's value; undefined leaves it out, as Graph does with empty ones. */
export type Resolver<T> = (call: Call, value: T, field: Field, project: Project) => unknown;
export type FieldTable<T> = Readonly<Record<string, Resolver<T>>>;

/** A plain JSON object with only the asked sub-fields; everything when none are named. */
export function pick(value: Readonly<Record<string, unknown>>, fields: readonly Field[]): Answer {
  if (fields.length === 0) return value;
  return Object.fromEntries(
    fields.filter((field) => value[field.name] !== undefined).map((field) => [field.name, value[field.name]]),
  );
}
