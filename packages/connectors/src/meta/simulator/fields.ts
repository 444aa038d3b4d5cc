import type { Answer, Call } from "./call.ts";
import { commentFields } from "./comment-fields.ts";
import { type Field, parseFields, plainFields } from "./field-list.ts";
import type { FieldTable } from "./field-table.ts";
import { GraphError, invalidParameter } from "./graph-error.ts";
import {
  containerFields,
  igCommentFields,
  igMediaFields,
  igMediaOnlyFields,
  igUserFields,
  igUserOnlyFields,
} from "./instagram-fields.ts";
import type { GraphNode, NodeType, NodeValues } from "./node.ts";
import { businessFields, pageFields, userFields } from "./page-fields.ts";
import { photoFields, postFields, videoFields } from "./post-fields.ts";

interface NodeFields<T> {
  readonly table: FieldTable<T>;
  /** What a read without `fields` answers. */
  readonly defaults: readonly string[];
}

/** Every field every node answers; the spec lane compares the names with the official description. */
export const nodeFields: { readonly [K in NodeType]: NodeFields<NodeValues[K]> } = {
  user: { table: userFields, defaults: ["name", "id"] },
  business: { table: businessFields, defaults: ["name", "id"] },
  page: { table: pageFields, defaults: ["name", "id"] },
  post: { table: postFields, defaults: ["created_time", "message", "id"] },
  photo: { table: photoFields, defaults: ["created_time", "name", "id"] },
  video: { table: videoFields, defaults: ["description", "updated_time", "id"] },
  comment: { table: commentFields, defaults: ["created_time", "from", "message", "id"] },
  igUser: { table: igUserFields, defaults: ["id"] },
  igUserOnly: { table: igUserOnlyFields, defaults: ["id"] },
  container: { table: containerFields, defaults: ["id"] },
  containerOnly: { table: containerFields, defaults: ["id"] },
  igMedia: { table: igMediaFields, defaults: ["id"] },
  igMediaOnly: { table: igMediaOnlyFields, defaults: ["id"] },
  igComment: { table: igCommentFields, defaults: ["timestamp", "text", "id"] },
  igCommentOnly: { table: igCommentFields, defaults: ["timestamp", "text", "id"] },
};

/** The fields a call asks for by `fields=`, or undefined. */
export function requestedFields(call: Call): readonly Field[] | undefined {
  const text = call.params.text("fields");
  return text === undefined || text === "" ? undefined : parseFields(text);
}

/**
 * A node with the given fields, or its default ones. `id` is always there. A field the node does not have answers
 * 100 "nonexisting field".
 */
export function project(call: Call, node: GraphNode, fields?: readonly Field[]): Answer {
  // The union is closed and each member pairs its type with its value, which the compiler cannot follow through an index.
  const { table, defaults } = nodeFields[node.type] as NodeFields<unknown>;
  const wanted = fields === undefined || fields.length === 0 ? plainFields(...defaults) : fields;
  const answer: Record<string, unknown> = {};
  for (const field of wanted) {
    const resolve = Object.hasOwn(table, field.name) ? table[field.name] : undefined;
    if (resolve === undefined)
      throw invalidParameter(`Tried accessing nonexisting field (${field.name}) on node type (${node.type})`);
    const value = resolve(call, node.value, field, project);
    if (value !== undefined) answer[field.name] = value;
  }
  answer.id ??= node.type === "igUserOnly" ? node.value.appScopedId : node.value.id;
  return answer;
}

/**
 * What a change answers: `plain`, with the fields it asks for read back. Where that read fails the change stands all the same, and the
 * error carries `plain` as its original_response (meta.md §1b).
 */
export function readBack(call: Call, node: GraphNode, plain: Answer): Answer {
  try {
    const fields = requestedFields(call);
    return fields === undefined ? plain : { ...plain, ...project(call, node, fields) };
  } catch (error) {
    if (!(error instanceof GraphError)) throw error;
    const { message } = error;
    throw new GraphError({ code: 100, subcode: 33, type: "GraphMethodException", message, originalResponse: plain });
  }
}
