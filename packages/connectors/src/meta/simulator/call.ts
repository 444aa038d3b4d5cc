import type { SimRequest } from "@postd/connector-kit/simulator";
import type { Grant, Token, TokenKind } from "./model.ts";
import { type GraphNode, isNode, type NodeType, type NodeValues } from "./node.ts";
import type { Params } from "./params.ts";
import type { World } from "./world.ts";

/** One authenticated Graph call. */
export interface Call {
  readonly world: World;
  readonly request: SimRequest;
  readonly params: Params;
  readonly token: Token;
  readonly grant: Grant;
  /** "v25.0", the version that serves it. */
  readonly version: string;
  /** "graph.facebook.com" or "graph.instagram.com". */
  readonly host: string;
  readonly nowMs: number;
  /** Whether it changes something; faults and parameters that are passed over differ for reads. */
  readonly isChange: boolean;
}

/** What an operation answers: JSON with status 200. Refusals are thrown GraphErrors. */
export type Answer = Readonly<Record<string, unknown>>;

/** One method on one edge of one node type. Accepted parameters and scopes are data, so that tests can check them. */
export interface Operation {
  readonly node: NodeType;
  readonly method: "GET" | "POST" | "DELETE";
  /** "" is the node itself. */
  readonly edge: string;
  /** Parameters it takes beside the common ones. */
  readonly params: readonly string[];
  /** Permissions it needs, all of them (meta.md §3a, scopes by feature). */
  readonly scopes: readonly string[];
  readonly tokens: readonly TokenKind[];
  run(call: Call, node: GraphNode): Promise<Answer> | Answer;
}

interface OperationOn<K extends NodeType> extends Omit<Operation, "node" | "run"> {
  run(call: Call, value: NodeValues[K]): Promise<Answer> | Answer;
}

/** An operation on one node type; throws if the router ever hands it another one. */
export function operationOn<K extends NodeType>(type: K, definition: OperationOn<K>): Operation {
  return {
    ...definition,
    node: type,
    run(call, node) {
      if (!isNode(node, type)) throw new Error(`operation on ${type} got a ${node.type}`);
      return definition.run(call, node.value);
    },
  };
}

export const success: Answer = { success: true };
