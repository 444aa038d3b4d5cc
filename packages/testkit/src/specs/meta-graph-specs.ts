import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";

const Spec = z.object({
  fields: z.array(z.object({ name: z.string(), type: z.string() })).default([]),
  apis: z.array(
    z.object({
      method: z.string(),
      endpoint: z.string().optional(),
      name: z.string().optional(),
      params: z.array(z.object({ name: z.string() })).default([]),
    }),
  ),
});
export type GraphSpec = z.output<typeof Spec>;

const Enums = z.array(z.object({ name: z.string(), values: z.array(z.string()) }));

/** One thing the simulator accepts on an edge of a node. */
export interface DescribedOperation {
  readonly node: string;
  readonly method: string;
  /** "" is the node itself. */
  readonly edge: string;
  readonly params: readonly string[];
}

/** Something the official description lacks and the fact sheet has. */
export interface Exception {
  /** "node METHOD edge param", "node METHOD edge" or "node.field". */
  readonly what: string;
  /** Section of the fact sheet that names it. */
  readonly source: string;
}

/** Spec file of each node of the simulator; a node without a stored description is not compared. */
export const specOfNode: Readonly<Record<string, string>> = {
  user: "User",
  page: "Page",
  post: "PagePost",
  photo: "Photo",
  video: "AdVideo",
  comment: "Comment",
  igUser: "IGUser",
  igUserOnly: "IGUserForIGOnlyAPI",
  container: "ShadowIGMediaBuilder",
  containerOnly: "ShadowIGMediaBuilder",
  igMedia: "IGMedia",
  igMediaOnly: "IGMediaForIGOnlyAPI",
  igComment: "IGComment",
  igCommentOnly: "IGComment",
};

/** Reads one node's description; throws when it is not there. */
export function loadGraphSpec(specsDir: string, name: string): GraphSpec {
  const file = join(specsDir, "meta", "specs", `${name}.json`);
  if (!existsSync(file)) throw new Error(`no description of ${name} below ${specsDir}`);
  return Spec.parse(JSON.parse(readFileSync(file, "utf8")));
}

/** Values of one enum of the stored subset; undefined when it is not in it. */
export function loadEnum(specsDir: string, name: string): readonly string[] | undefined {
  const enums = Enums.parse(JSON.parse(readFileSync(join(specsDir, "meta", "enum_types.subset.json"), "utf8")));
  return enums.find((each) => each.name === name)?.values;
}

const nodeCalls: Readonly<Record<string, string>> = { GET: "get", POST: "update", DELETE: "delete" };
const edgeOf = (api: GraphSpec["apis"][number]): string => (api.endpoint ?? api.name ?? "").replace(/^[/#]/, "");

/** Parameters Graph itself takes on every edge; they are in no node's description. */
const everywhere = new Set(["limit", "after", "before", "fields"]);

/** What an operation has that its description lacks; `used` collects the exceptions it needed. */
export function operationProblems(
  operation: DescribedOperation,
  spec: GraphSpec,
  exceptions: readonly Exception[],
  used: Set<string>,
): readonly string[] {
  const key = `${operation.node} ${operation.method} ${operation.edge}`.trimEnd();
  const isExcepted = (what: string) => exceptions.some((each) => each.what === what) && used.add(what) !== undefined;
  const edge = operation.edge === "" ? nodeCalls[operation.method] : operation.edge;
  const apis = spec.apis.filter((api) => api.method === operation.method && edgeOf(api) === edge);
  if (apis.length === 0) return isExcepted(key) ? [] : [`${key}: no such edge`];
  const known = new Set(apis.flatMap((api) => api.params.map((param) => param.name)));
  return operation.params
    .filter((param) => !known.has(param) && !everywhere.has(param) && !isExcepted(`${key} ${param}`))
    .map((param) => `${key}: no such parameter ${param}`);
}

/** Fields the description lacks. A field may also be the name of a readable edge, which Graph expands. */
export function fieldProblems(
  node: string,
  names: readonly string[],
  spec: GraphSpec,
  exceptions: readonly Exception[],
  used: Set<string>,
): readonly string[] {
  const known = new Set([
    ...spec.fields.map((field) => field.name),
    ...spec.apis.filter((api) => api.method === "GET").map(edgeOf),
  ]);
  return names
    .filter((name) => {
      const what = `${node}.${name}`;
      return !known.has(name) && !(exceptions.some((each) => each.what === what) && used.add(what) !== undefined);
    })
    .map((name) => `${node}: no such field ${name}`);
}
