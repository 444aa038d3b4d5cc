import type { Json, JsonObject } from "@postd/contracts";
import { z } from "zod";
import type { ControlPanel } from "./control-panel.ts";
import { pageHeaders } from "./html.ts";
import type { MountedSimulator } from "./mount.ts";
import { overviewPage } from "./overview.ts";
import type { SimResponse } from "./types.ts";

const AccountInput = z.strictObject({
  kind: z.string().optional(),
  name: z.string().optional(),
  scopes: z.array(z.string()).optional(),
});
const ActInput = z.looseObject({ action: z.string().min(1) });
const ClockInput = z.strictObject({ offsetMs: z.int() });
const json = (body: unknown, status = 200): SimResponse => ({ status, json: body });
const refuse = (status: number, error: string): SimResponse => json({ error }, status);

/**
 * Answers `/__sim/...`. `path` has no query and starts with /__sim; `body` is parsed JSON, `{}` when there was none.
 * A wrong input gets 400 and names the field; an unknown simulator 404 and names the known ones.
 */
export async function answerControl(
  panel: ControlPanel,
  request: { readonly method: string; readonly path: string; readonly body: unknown },
): Promise<SimResponse> {
  const [, , name = "", operation = "", argument] = request.path.split("/").map(decodeSegment);
  const call = `${request.method} ${name === "" ? "" : operation || "."}`;
  try {
    if (request.method === "GET" && name === "")
      return { status: 200, headers: pageHeaders, text: overviewPage(panel) };
    if (request.method === "GET" && name === "health")
      return json({
        ok: true,
        simulators: panel.mounts.map((mount) => mount.definition.id),
        now: panel.now().toISOString(),
      });
    if (name === "clock") return moveClock(panel, request);
    const mount =
      panel.mounts.find(({ definition }) => definition.id === name) ??
      panel.mounts.find(({ definition }) => definition.platforms.includes(name));
    if (mount === undefined) return refuse(404, `No simulator "${name}". Known: ${knownNames(panel).join(", ")}.`);
    return await answerOne(panel, mount, { call, name, argument, body: request.body });
  } catch (error) {
    if (error instanceof z.ZodError) return refuse(400, z.prettifyError(error));
    throw error;
  }
}

async function answerOne(
  panel: ControlPanel,
  mount: MountedSimulator,
  {
    call,
    name,
    argument,
    body,
  }: { readonly call: string; readonly name: string; readonly argument: string | undefined; readonly body: unknown },
): Promise<SimResponse> {
  const { simulator, definition, faults } = mount;
  switch (call) {
    case "GET .":
      return json(describe(mount));
    case "GET posts":
      return json({ posts: postsOf(mount, name), orphans: simulator.orphans() });
    case "GET requests":
      return json({ requests: mount.requests() });
    case "GET log":
      return json({ effectCalls: mount.effectCalls().length, applied: mount.effectCalls() });
    case "GET fetches":
      return json({ fetches: mount.fetches() });
    case "GET faults":
      return json({ faults: faults.list() });
    case "DELETE faults":
      faults.clear();
      return json({ faults: [] });
    case "POST faults":
      faults.arm(body);
      return json({ faults: faults.list() }, 201);
    case "GET holds":
      return json({ holds: panel.holds(definition.id) });
    case "POST release":
      return json({ released: panel.release(definition.id) });
    case "GET accounts":
      return json({ accounts: simulator.accounts?.() ?? [] });
    case "POST accounts":
      return json(simulator.createAccount(definedOnly(AccountInput.parse(body))), 201);
    case "POST reset":
      panel.release(definition.id);
      mount.reset();
      return json({ ok: true });
    case "POST act": {
      if (simulator.act === undefined) return refuse(404, `The simulator ${definition.id} has no actions.`);
      const { action, ...input } = ActInput.parse(body);
      try {
        return json((await simulator.act(action, JSON.parse(JSON.stringify(input)) as JsonObject)) ?? null);
      } catch (error) {
        if (error instanceof z.ZodError) throw error;
        return refuse(400, error instanceof Error ? error.message : String(error));
      }
    }
    case "GET media": {
      const medium = argument === undefined ? undefined : simulator.media?.(argument);
      if (medium === undefined) return refuse(404, "No such medium.");
      const type = /^image\/(png|jpeg|gif|webp|avif)$/.test(medium.contentType)
        ? medium.contentType
        : "application/octet-stream";
      return { status: 200, headers: { ...pageHeaders, "content-type": type }, bytes: medium.bytes };
    }
    default:
      return refuse(
        404,
        `Unknown: ${call}. GET . posts requests log fetches faults holds accounts media, POST faults release accounts reset act, DELETE faults.`,
      );
  }
}

function describe(mount: MountedSimulator): Record<string, Json | readonly string[]> {
  const { simulator, definition } = mount;
  return {
    id: definition.id,
    platforms: definition.platforms,
    hosts: definition.hosts,
    posts: simulator.posts().length,
    orphans: simulator.orphans(),
    crashes: mount.crashes(),
    inspect: simulator.inspect?.() ?? null,
  };
}

function postsOf(mount: MountedSimulator, name: string) {
  const posts = mount.simulator.posts();
  return mount.definition.id === name ? posts : posts.filter((post) => post.platform === name);
}

function moveClock(panel: ControlPanel, request: { readonly method: string; readonly body: unknown }): SimResponse {
  if (request.method === "POST" && !panel.moveClock(ClockInput.parse(request.body).offsetMs)) {
    return refuse(409, "The clock belongs to the process that started this host; move it there.");
  }
  return json({ now: panel.now().toISOString() });
}

const knownNames = (panel: ControlPanel): string[] => [
  ...new Set(panel.mounts.flatMap(({ definition }) => [definition.id, ...definition.platforms])),
];

function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

function definedOnly(input: z.output<typeof AccountInput>): { kind?: string; name?: string; scopes?: string[] } {
  return {
    ...(input.kind === undefined ? {} : { kind: input.kind }),
    ...(input.name === undefined ? {} : { name: input.name }),
    ...(input.scopes === undefined ? {} : { scopes: input.scopes }),
  };
}
