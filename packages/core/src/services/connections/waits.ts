import type { ConnectionView } from "@postd/contracts";
import { type Circuit, platformCircuit } from "../../domain/circuit.ts";
import type { ConnectionRecord } from "../../ports/connection-record.ts";
import type { ViewDeps } from "./view.ts";

type Waits = Pick<ConnectionView, "waitsUntil" | "waitsBecause">;

/** Until when nothing is sent to an account, and why: its platform asked to wait, or does not answer. Pure. */
export function waitsOf(
  record: ConnectionRecord,
  { registry, clock }: Pick<ViewDeps, "registry" | "clock">,
  circuits: ReadonlyMap<string, Circuit>,
): Waits {
  const now = clock.now();
  const { platform, simulated, blockedUntil } = record;
  const circuit =
    circuits.get(platformCircuit({ platform, simulated, server: serverOf(record, registry) })) ??
    circuits.get(record.id);
  const nextLook = circuit && (circuit.state === "open" ? circuit.probeAt : circuit.probeUntil);
  if (circuit)
    return { waitsUntil: (nextLook && nextLook > now ? nextLook : now).toISOString(), waitsBecause: "outage" };
  if (blockedUntil && blockedUntil > now) return { waitsUntil: blockedUntil.toISOString(), waitsBecause: "rate_limit" };
  return {};
}

/** Host of the account's own server, as the claim reads it; empty where the platform has one address. */
function serverOf({ platform, extras }: ConnectionRecord, registry: ViewDeps["registry"]): string {
  const name = registry.providerOf(platform)?.serverExtra;
  const address = name === undefined ? undefined : extras[name];
  return (typeof address === "string" && /^[a-z]+:\/\/([^/?#]+)/.exec(address)?.[1]?.toLowerCase()) || "";
}
