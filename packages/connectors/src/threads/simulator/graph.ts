import { type Call as KitCall, type Route, routesOf, type SimResponse } from "@postd/connector-kit/simulator";
import {
  invalidParameter,
  missingObject,
  passedOver,
  readParams,
  tokenError,
} from "@postd/connector-kit/simulator/graph";
import type { Call, Node, Operation } from "./call.ts";
import { containerOperations } from "./containers.ts";
import { insightOperations } from "./insights.ts";
import { limitOperations, usageHeader } from "./limits.ts";
import { isOver } from "./media-fields.ts";
import { publishOperations } from "./publish.ts";
import { readOperations, searchPlaces } from "./reads.ts";
import { replyOperations } from "./replies.ts";
import { missingPermission, refuse } from "./words.ts";
import type { World } from "./world.ts";

/** Everything the Graph of Threads does, as data. */
export const operations: readonly Operation[] = [
  ...readOperations,
  ...containerOperations,
  ...publishOperations,
  ...replyOperations,
  ...insightOperations,
  ...limitOperations,
];

const route = routesOf<World>();

export const graphRoutes: readonly Route<World>[] = (["GET", "POST", "DELETE"] as const).map((method) =>
  route(method, "graph.threads.net/*", { scopes: ["threads_basic"], publishes: method !== "GET", handle: answerGraph }),
);

/** Order: object, operation, permissions, the operation itself. */
async function answerGraph({ world, request, caller, now, workMs, listed }: KitCall<World>): Promise<SimResponse> {
  const [id = "", edge = "", ...more] = request.path.split("/").filter((segment) => segment !== "");
  const { token, scopes, subject } = caller;
  const person = world.people.get(subject);
  if (token === undefined || person === undefined) throw tokenError(467);
  const call: Call = {
    world,
    // Links to further pages carry the version.
    request: { ...request, path: `/v1.0${request.path}` },
    workMs,
    listed,
    params: await readParams(request),
    token,
    person,
    scopes,
    host: request.host,
    version: "v1.0",
    nowMs: now.getTime(),
  };
  const headers = {
    "content-type": "application/json; charset=UTF-8",
    ...usageHeader(person.id, world.settings.usagePercent),
  };
  if (/^v\d/.test(id) || more.length > 0) throw refuse(2500, `Unknown path components: ${request.path}`);
  if (id === "location_search" && request.method === "GET") {
    needScopes(call, ["threads_location_tagging"]);
    return { status: 200, headers, json: searchPlaces(call) };
  }
  const node = nodeOf(call, id);
  if (node === undefined) throw missingObject(id, request.method.toLowerCase());
  const found = operations.find((one) => one.node === node.type && one.method === request.method && one.edge === edge);
  if (found === undefined)
    throw edge === ""
      ? missingObject(id, request.method.toLowerCase())
      : invalidParameter(`Tried accessing nonexisting field (${edge}) on node type (${node.type})`);
  needScopes(call, found.scopes);
  if (request.method !== "GET")
    for (const name of passedOver(call.params, found.params))
      world.passedOver.add(`${found.method} ${found.node}/${found.edge}: ${name}`);
  return { status: 200, headers, json: await found.run(call, node) };
}

function needScopes({ scopes }: Call, needed: readonly string[]): void {
  const missing = needed.filter((scope) => !scopes.has(scope));
  if (missing.length > 0) throw missingPermission(missing);
}

/** What an id names for whoever calls: the own profile, containers and posts, and what others wrote to them. */
function nodeOf(call: Call, id: string): Node | undefined {
  const { world, person } = call;
  if (id === "me" || id === person.id) return { type: "user", value: person };
  const container = world.containers.get(id);
  if (container) return container.personId === person.id ? { type: "container", value: container } : undefined;
  const post = world.posts.get(id);
  if (post) return isOver(world, post) ? undefined : { type: "media", value: post };
  const place = world.places.get(id);
  return place && { type: "place", value: place };
}
