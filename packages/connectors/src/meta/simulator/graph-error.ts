import { GraphError } from "@postd/connector-kit/simulator/graph";

/** A wrong or missing appsecret_proof: 100 without a subcode and without its number in the text (§1b). */
export const proofError = (message: string): GraphError =>
  new GraphError({ code: 100, type: "GraphMethodException", message });

/** Permission missing: 200 on Pages, 10 on Instagram; §12 classes 3, 10 and 200-299 as permission. */
export const missingPermission = (scopes: readonly string[], code: 10 | 200): GraphError =>
  new GraphError({ code, message: `(#${code}) Requires ${scopes.join(" and ")} permission` });
