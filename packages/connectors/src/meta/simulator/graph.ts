import { type Call as KitCall, type Route, routesOf, type SimResponse } from "@postd/connector-kit/simulator";
import {
  GraphError,
  invalidParameter,
  missingObject,
  passedOver,
  readParams,
} from "@postd/connector-kit/simulator/graph";
import type { Answer, Call, Operation } from "./call.ts";
import { refusedToken } from "./errors.ts";
import { type GraphNode, nodeOn, ownerOf } from "./node.ts";
import { findOperation } from "./operations.ts";
import { checkProof, consentOf, dataAccessMs, kindOf, requirePermissions } from "./tokens.ts";
import { usageHeaders, useCaseOf } from "./usage.ts";
import { servedVersion, splitVersion } from "./versions.ts";
import type { World } from "./world.ts";

const route = routesOf<World>();

/** Nodes and edges of the two Graph hosts. */
export const graphRoutes: readonly Route<World>[] = (["GET", "POST", "DELETE"] as const).map((method) =>
  route(method, ["graph.facebook.com/*", "graph.instagram.com/*"], {
    publishes: method !== "GET",
    handle: answerGraph,
  }),
);

/** Order: object, token kind, permissions, the operation itself. */
async function answerGraph(asked: KitCall<World>): Promise<SimResponse> {
  const { world, request, caller, now, workMs, listed } = asked;
  const { version, segments } = splitVersion(request.path);
  const [id = "", edge = "", rest, ...more] = segments;
  const { token, scopes, accounts } = caller;
  if (token === undefined) throw refusedToken("tokenInvalid");
  const call: Call = {
    world,
    request,
    workMs,
    listed,
    params: await readParams(request),
    token,
    scopes,
    accounts,
    rest,
    version: servedVersion(version, now)?.version ?? "",
    host: request.host,
    nowMs: now.getTime(),
  };
  checkProof(call);
  const ids = call.params.text("ids");
  if (id === "" && ids !== undefined && request.method === "GET") return manyNodes(call, ids.split(","));
  const node = reachableNode(call, id);
  const operation = findOperation(node.type, request.method, edge);
  if (operation === undefined || more.length > 0 || (rest !== undefined && edge !== "permissions"))
    throw edge === ""
      ? missingObject(id, request.method.toLowerCase())
      : invalidParameter(`Tried accessing nonexisting field (${edge}) on node type (${node.type})`);
  return { status: 200, headers: headersOf(call, ownerOf(world, node)), json: await run(call, node, operation) };
}

/** Token kind (210 inside the permission class 200-299 of §12), permissions, data access window. */
async function run(call: Call, node: GraphNode, operation: Operation): Promise<Answer> {
  const { world, token, request, params } = call;
  if (!operation.tokens.includes(kindOf(token)))
    throw new GraphError({
      code: 210,
      message: `(#210) A ${operation.tokens.join(" or ")} access token is required to request this resource.`,
    });
  requirePermissions(call.scopes, operation.scopes);
  // 90 days after the last login reads fail though the token is valid (§3a.4). The sheet names no code; 10 is permission.
  const loggedInAt = consentOf(world, token.grant)?.madeAt ?? 0;
  if (request.method === "GET" && kindOf(token) !== "instagram" && call.nowMs >= loggedInAt + dataAccessMs)
    throw new GraphError({ code: 10, message: "(#10) The data access of this app for the user has expired" });
  if (request.method !== "GET")
    for (const name of passedOver(params, operation.params))
      world.data.passedOver.add(`${operation.method} ${operation.node}/${operation.edge}: ${name}`);
  return operation.run(call, node);
}

const headersOf = ({ world, version }: Call, owner: string | undefined): Record<string, string> => ({
  "content-type": "application/json; charset=UTF-8",
  "facebook-api-version": version,
  ...usageHeaders(world, useCaseOf(world, owner)),
});

/** The object an id names; 100/33 where the consent, and for a Page token this Page, does not cover it (§12). */
function reachableNode(call: Call, id: string): GraphNode {
  const { world, token, accounts, host, request } = call;
  const { subject } = token.grant;
  const node = nodeOn(world, host, id !== "me" ? id : kindOf(token) === "page" ? (accounts[0] ?? "") : subject);
  if (node === undefined || !mayReach(node)) throw missingObject(id, request.method.toLowerCase());
  return node;

  function mayReach(found: GraphNode): boolean {
    if (found.type === "user") return kindOf(token) === "user" && found.value.id === subject;
    if (found.type === "business") return kindOf(token) === "user" && found.value.personId === subject;
    return accounts.includes(ownerOf(world, found) ?? "");
  }
}

/** GET /?ids=a,b (§13 counts one per id). */
async function manyNodes(call: Call, ids: readonly string[]): Promise<SimResponse> {
  const answers: Record<string, unknown> = {};
  for (const id of ids) {
    const node = reachableNode(call, id);
    const operation = findOperation(node.type, "GET", "");
    if (operation === undefined) throw missingObject(id);
    answers[id] = await run(call, node, operation);
  }
  return { status: 200, headers: headersOf(call, undefined), json: answers };
}
