import type { SimAnswer, SimRequest, SimResponse } from "@postd/connector-kit/simulator";
import type { Call, Operation } from "./call.ts";
import { errorAnswer, GraphError, invalidParameter, missingObject } from "./graph-error.ts";

import { facebookNode, type GraphNode, instagramNode, instagramOwner, owningPage } from "./node.ts";
import { findOperation } from "./operations.ts";
import { type Params, passedOver, readParams } from "./params.ts";
import { checkProof, dataAccessMs, presentedToken, requirePermissions, requireToken } from "./tokens.ts";
import { refuseByFault, type UseCase, usageHeaders } from "./usage.ts";
import type { World } from "./world.ts";

/** One call below a Graph host, its version already taken off the path. */
export interface GraphCallInput {
  readonly world: World;
  readonly request: SimRequest;
  readonly version: string;
  readonly segments: readonly string[];
  readonly params: Params;
}

/**
 * Answers a call to a node or an edge. Order: token, armed refusals, object, token kind, permissions, the operation itself.
 */
export async function answerGraph(input: GraphCallInput): Promise<SimAnswer> {
  const { world, request, params } = input;
  const isInstagramHost = request.host === "graph.instagram.com";
  const { token, grant } = requireToken(
    world,
    presentedToken(request.headers, params.text("access_token")),
    isInstagramHost ? ["instagram"] : ["user", "page"],
  );
  checkProof(world, token, params);
  const call: Call = {
    world,
    request,
    params,
    token,
    grant,
    version: input.version,
    host: request.host,
    nowMs: world.nowMs(),
    isChange: request.method !== "GET",
  };
  const ids = params.text("ids");
  if (input.segments.length === 0 && ids !== undefined && request.method === "GET")
    return manyNodes(call, ids.split(","));
  const [id = "", edge = "", ...rest] = input.segments;
  const node = resolveNode(call, id);
  // Usage is counted per Page or Instagram account where the call concerns one (§13).
  const useCase = node && useCaseOf(world, node);
  refuseByFault(world, request, useCase, token);
  if (node === undefined || !mayReach(call, node)) throw missingObject(id, request.method.toLowerCase());
  const operation = findOperation(node.type, request.method, edge);
  if (operation === undefined || (rest.length > 0 && edge !== "permissions"))
    throw noSuchEdge(node, request.method, edge);
  return run(rest[0] === undefined ? call : withPermission(call, rest[0]), node, operation, useCase);
}

async function run(call: Call, node: GraphNode, operation: Operation, useCase: UseCase): Promise<SimAnswer> {
  checkAllowed(call, operation);
  const broken = call.world.env.fault("serverError", call.request);
  if (broken && broken.applied !== true) return brokenAnswer(broken.code);
  const answer = await operation.run(call, node);
  if (broken) return brokenAnswer(broken.code);
  if (call.isChange && call.world.env.fault("dropAfterAccept", call.request)) return "drop";
  return { status: 200, headers: headersOf(call.world, call.version, useCase), json: answer };
}

/** Token kind (210 inside the permission class 200-299 of §12), permissions, data access window. */
function checkAllowed(call: Call, operation: Operation): void {
  if (!operation.tokens.includes(call.token.kind))
    throw new GraphError({
      code: 210,
      message: `(#210) A ${operation.tokens.join(" or ")} access token is required to request this resource.`,
    });
  requirePermissions(call.grant, operation.scopes);
  // 90 days after the last login reads fail though the token is valid (§3a.4). The sheet names no code; 10 is permission.
  if (!call.isChange && call.grant.login === "facebook" && call.nowMs >= call.grant.lastLoginAt + dataAccessMs)
    throw new GraphError({ code: 10, message: "(#10) The data access of this app for the user has expired" });
  if (call.isChange)
    for (const name of passedOver(call.params, operation.params))
      call.world.data.passedOver.add(`${operation.method} ${operation.node}/${operation.edge}: ${name}`);
}

function headersOf(world: World, version: string, useCase: UseCase): Record<string, string> {
  return {
    "content-type": "application/json; charset=UTF-8",
    "facebook-api-version": version,
    ...usageHeaders(world, useCase),
  };
}

/** Codes 1 and 2 with HTTP 5xx: on a change the outcome is unknown (§12). */
function brokenAnswer(code: unknown): SimResponse {
  const number = code === 2 ? 2 : 1;
  return errorAnswer({
    code: number,
    status: 500,
    isTransient: number === 2,
    message: "An unexpected error has occurred. Please retry your request later.",
  });
}

function resolveNode(call: Call, id: string): GraphNode | undefined {
  const login = call.host === "graph.instagram.com" ? "instagram" : "facebook";
  const ownId = login === "instagram" ? [...call.grant.igIds][0] : (call.token.pageId ?? call.grant.personId);
  const wanted = id === "me" ? (ownId ?? "") : id;
  return login === "instagram" ? instagramNode(call.world, wanted, login) : facebookNode(call.world, wanted);
}

/** Whether this consent, and for a Page token this Page, covers the object; otherwise it answers 100/33 (§12). */
function mayReach(call: Call, node: GraphNode): boolean {
  const { token, grant, world } = call;
  if (node.type === "user") return token.kind === "user" && node.value.id === grant.personId;
  if (node.type === "business") return token.kind === "user" && node.value.personId === grant.personId;
  const igId = instagramOwner(world, node);
  if (igId !== undefined)
    return grant.igIds.has(igId) && (token.kind !== "page" || world.data.pages.get(token.pageId ?? "")?.igId === igId);
  const pageId = owningPage(world, node);
  return pageId !== undefined && grant.pageIds.has(pageId) && (token.kind !== "page" || token.pageId === pageId);
}

function useCaseOf(world: World, node: GraphNode): UseCase {
  const igId = instagramOwner(world, node);
  if (igId !== undefined) return { type: "instagram", id: igId };
  const pageId = owningPage(world, node);
  return pageId === undefined ? undefined : { type: "pages", id: pageId };
}

const noSuchEdge = (node: GraphNode, method: string, edge: string): GraphError =>
  edge === ""
    ? missingObject("id" in node.value ? node.value.id : "", method.toLowerCase())
    : invalidParameter(`Tried accessing nonexisting field (${edge}) on node type (${node.type})`);

/** DELETE /{user}/permissions/{permission} (§3a.6): the last part of the path is the parameter of the spec. */
function withPermission(call: Call, permission: string): Call {
  const { params } = call;
  return { ...call, params: { ...params, text: (name) => (name === "permission" ? permission : params.text(name)) } };
}

/** GET /?ids=a,b (§13 counts one per id). */
async function manyNodes(call: Call, ids: readonly string[]): Promise<SimAnswer> {
  const answers: Record<string, unknown> = {};
  refuseByFault(call.world, call.request, undefined, call.token);
  for (const id of ids) {
    const node = resolveNode(call, id);
    const operation = node && findOperation(node.type, "GET", "");
    if (node === undefined || operation === undefined || !mayReach(call, node)) throw missingObject(id);
    checkAllowed(call, operation);
    answers[id] = await operation.run(call, node);
  }
  return { status: 200, headers: headersOf(call.world, call.version, undefined), json: answers };
}

/** Reads parameters and turns thrown GraphErrors of `answer` into their answers. */
export async function withGraphErrors(
  request: SimRequest,
  answer: (params: Params) => Promise<SimAnswer>,
): Promise<SimAnswer> {
  try {
    return await answer(await readParams(request));
  } catch (error) {
    // Errors of this host have a type of their own (meta.md §1b).
    if (error instanceof GraphError)
      return errorAnswer({
        ...error.input,
        ...(request.host === "graph.instagram.com" ? { type: "IGApiException" } : {}),
      });
    throw error;
  }
}
