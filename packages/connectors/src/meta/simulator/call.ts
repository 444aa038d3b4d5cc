import type { Call as KitCall, SimToken } from "@postd/connector-kit/simulator";
import type { GraphAnswer, Params } from "@postd/connector-kit/simulator/graph";
import type { TokenKind } from "./model.ts";
import { type GraphNode, isNode, type NodeType, type NodeValues } from "./node.ts";
import type { World } from "./world.ts";

/** One authenticated Graph call. */
export interface Call extends Pick<KitCall<World>, "world" | "request" | "workMs" | "listed"> {
  readonly params: Params;
  readonly token: SimToken;
  /** What the token may do now, and on which Pages and Instagram accounts. */
  readonly scopes: ReadonlySet<string>;
  readonly accounts: readonly string[];
  /** What stands behind the edge in the path. */
  readonly rest: string | undefined;
  /** "v25.0", the version that serves it. */
  readonly version: string;
  /** "graph.facebook.com" or "graph.instagram.com". */
  readonly host: string;
  readonly nowMs: number;
}

export type Answer = GraphAnswer;

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

type Run<K extends NodeType> = (call: Call, value: NodeValues[K]) => Promise<Answer> | Answer;
type Facts = Partial<Pick<Operation, "params" | "scopes" | "tokens">>;

/** What calls on a node type need unless told otherwise: tokens, and the permission to read. */
function usual(type: NodeType): Pick<Operation, "scopes" | "tokens"> {
  if (type === "user") return { tokens: ["user"], scopes: [] };
  if (type === "business") return { tokens: ["user"], scopes: ["business_management"] };
  if (type.endsWith("Only")) return { tokens: ["instagram"], scopes: ["instagram_business_basic"] };
  return type.startsWith("ig") || type === "container"
    ? { tokens: ["page", "user"], scopes: ["instagram_basic"] }
    : { tokens: ["page"], scopes: ["pages_read_engagement"] };
}

/** An operation on one node type; throws if the router ever hands it another one. */
export function operation<K extends NodeType>(
  type: K,
  method: Operation["method"],
  edge: string,
  facts: Facts,
  run: Run<K>,
): Operation {
  return {
    params: [],
    ...usual(type),
    ...facts,
    node: type,
    method,
    edge,
    run(call, node) {
      if (!isNode(node, type)) throw new Error(`operation on ${type} got a ${node.type}`);
      return run(call, node.value);
    },
  };
}

/** The same on both hosts. `scopes` are those of Facebook Login beside the basic one; each has a twin of its own there. */
export function onBothHosts<K extends "igUser" | "igMedia" | "igComment" | "container">(
  type: K,
  method: Operation["method"],
  edge: string,
  { scopes = [], ...facts }: Facts,
  run: Run<K> & Run<`${K}Only`>,
): readonly Operation[] {
  const twins = scopes.filter((scope) => scope.startsWith("instagram_"));
  return [
    operation<K>(type, method, edge, { ...facts, scopes: ["instagram_basic", ...scopes] }, run),
    operation<`${K}Only`>(
      `${type}Only`,
      method,
      edge,
      {
        ...facts,
        scopes: ["instagram_basic", ...twins].map((scope) => scope.replace("instagram_", "instagram_business_")),
      },
      run,
    ),
  ];
}

/** The name of a node type on the host of a call. */
export const typeHere = <K extends "igUser" | "igMedia" | "igComment" | "container">({ host }: Call, type: K) =>
  host === "graph.instagram.com" ? (`${type}Only` as const) : type;

export const success: Answer = { success: true };
