import { GraphError, invalidParameter } from "./error.ts";
import { type Field, parseFields, plainFields } from "./field-list.ts";
import type { GraphAnswer } from "./paging.ts";
import type { Params } from "./params.ts";

/** The fields a call asks for by `fields=`, or undefined. */
export function requestedFields({ params }: { readonly params: Params }): readonly Field[] | undefined {
  const text = params.text("fields");
  return text === undefined || text === "" ? undefined : parseFields(text);
}

/**
 * The given fields of a node, or its default ones; what `read` answers undefined for is left out, as Graph does with empty
 * ones. A field the table does not have answers 100 "nonexisting field".
 */
export function fieldValues<R>(
  node: { readonly type: string; readonly table: Readonly<Record<string, R>>; readonly defaults: readonly string[] },
  fields: readonly Field[] | undefined,
  read: (resolver: R, field: Field) => unknown,
): Record<string, unknown> {
  const wanted = fields === undefined || fields.length === 0 ? plainFields(...node.defaults) : fields;
  const answer: Record<string, unknown> = {};
  for (const field of wanted) {
    const resolver = Object.hasOwn(node.table, field.name) ? node.table[field.name] : undefined;
    if (resolver === undefined)
      throw invalidParameter(`Tried accessing nonexisting field (${field.name}) on node type (${node.type})`);
    const value = read(resolver, field);
    if (value !== undefined) answer[field.name] = value;
  }
  return answer;
}

/** A plain JSON object with only the asked sub-fields; everything when none are named. */
export function pick(value: Readonly<Record<string, unknown>>, fields: readonly Field[]): GraphAnswer {
  if (fields.length === 0) return value;
  return Object.fromEntries(
    fields.filter((field) => value[field.name] !== undefined).map((field) => [field.name, value[field.name]]),
  );
}

/**
 * What a change answers: `plain`, with the fields it asks for read back. Where that read fails the change stands all the same, and the
 * error carries `plain` as its original_response.
 */
export function readBack(plain: GraphAnswer, read: () => GraphAnswer | undefined): GraphAnswer {
  try {
    return { ...plain, ...read() };
  } catch (error) {
    if (!(error instanceof GraphError)) throw error;
    const { message } = error;
    throw new GraphError({ code: 100, subcode: 33, type: "GraphMethodException", message, originalResponse: plain });
  }
}
