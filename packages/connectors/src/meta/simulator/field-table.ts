import type { Field } from "@postd/connector-kit/simulator/graph";
import type { Answer, Call } from "./call.ts";
import type { GraphNode } from "./node.ts";

/** A node with the given fields, or its default ones; tables get it handed in, since they answer each other's nodes. */
export type Project = (call: Call, node: GraphNode, fields?: readonly Field[]) => Answer;

/** Gives one field's value; undefined leaves it out, as Graph does with empty ones. */
export type Resolver<T> = (call: Call, value: T, field: Field, project: Project) => unknown;
export type FieldTable<T> = Readonly<Record<string, Resolver<T>>>;
