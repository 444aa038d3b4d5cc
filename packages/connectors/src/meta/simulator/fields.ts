import {
  type Field,
  fieldValues,
  readBack as graphReadBack,
  requestedFields,
} from "@postd/connector-kit/simulator/graph";
import type { Answer, Call } from "./call.ts";
import { commentFields } from "./comment-fields.ts";
import type { FieldTable } from "./field-table.ts";
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

/**
 * A node with the given fields, or its default ones. `id` is always there. A field the node does not have answers
 * 100 "nonexisting field".
 */
export function project(call: Call, node: GraphNode, fields?: readonly Field[]): Answer {
  // The union is closed and each member pairs its type with its value, which the compiler cannot follow through an index.
  const { table, defaults } = nodeFields[node.type] as NodeFields<unknown>;
  const answer = fieldValues({ type: node.type, table, defaults }, fields, (resolve, field) =>
    resolve(call, node.value, field, project),
  );
  answer.id ??= node.type === "igUserOnly" ? node.value.appScopedId : node.value.id;
  return answer;
}

/** What a change answers, with the fields it asks for read back. */
export const readBack = (call: Call, node: GraphNode, plain: Answer): Answer =>
  graphReadBack(plain, () => {
    const fields = requestedFields(call);
    return fields && project(call, node, fields);
  });
