import type { Call as KitCall, SimToken } from "@postd/connector-kit/simulator";
import type { GraphAnswer, Params } from "@postd/connector-kit/simulator/graph";
import type { Container, Person, Place, Post } from "./model.ts";
import type { World } from "./world.ts";

/** What an id can stand for. */
export interface NodeValues {
  user: Person;
  container: Container;
  media: Post;
  place: Place;
}
export type NodeType = keyof NodeValues;
export type Node = { [K in NodeType]: { readonly type: K; readonly value: NodeValues[K] } }[NodeType];

/** One authenticated call. */
export interface Call extends Pick<KitCall<World>, "world" | "request" | "workMs" | "listed"> {
  readonly params: Params;
  readonly token: SimToken;
  readonly person: Person;
  readonly scopes: ReadonlySet<string>;
  readonly host: string;
  readonly version: string;
  readonly nowMs: number;
}

export type Answer = GraphAnswer;

/** One method on one edge of one kind of node. Parameters and scopes are data, so that tests can compare them. */
export interface Operation {
  readonly node: NodeType;
  readonly method: "GET" | "POST" | "DELETE";
  /** "" is the node itself. */
  readonly edge: string;
  /** Parameters it takes beside the common ones. */
  readonly params: readonly string[];
  /** All of them, beside `threads_basic` (fact sheet, section 3). */
  readonly scopes: readonly string[];
  run(call: Call, node: Node): Promise<Answer> | Answer;
}

/** An operation on one kind of node; throws if the router ever hands it another one. */
export const operation = <K extends NodeType>(
  type: K,
  method: Operation["method"],
  edge: string,
  { params = [], scopes = [] }: Partial<Pick<Operation, "params" | "scopes">>,
  run: (call: Call, value: NodeValues[K]) => Promise<Answer> | Answer,
): Operation => ({
  node: type,
  method,
  edge,
  params,
  scopes,
  run(call, node) {
    if (node.type !== type) throw new Error(`an operation on ${type} got a ${node.type}`);
    // The type and the value of a node belong together, which the compiler cannot follow through an index.
    return run(call, node.value as NodeValues[K]);
  },
});
