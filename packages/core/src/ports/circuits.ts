import type { ConnectionId, TenantId } from "@postd/contracts";
import type { Circuit } from "../domain/circuit.ts";

/** The circuits that a job's calls go through, as its claim read them. */
export interface JobCircuits {
  /** Host of the account's own server; empty where the platform has one address. */
  readonly server: string;
  readonly platform?: Circuit;
  readonly connection?: Circuit;
}

/** The probe of a circuit that a claim took. */
export interface Probe {
  readonly key: string;
  readonly fence: number;
}

/** How one try ended, as far as it tells whether the platform answers. */
export interface HeardTry {
  readonly tenantId: TenantId;
  readonly connectionId: ConnectionId;
  readonly platform: string;
  readonly simulated: boolean;
  /** `silent`: nothing was asked of the platform. */
  readonly end: "answered" | "failed" | "silent";
  readonly circuits: JobCircuits;
  readonly probe?: Probe;
}

/** A circuit that is not closed, and what waits for it. */
export interface OpenCircuit {
  readonly circuit: Circuit;
  readonly platform: string;
  readonly simulated: boolean;
  readonly server: string;
  /** Posts that wait for it: of everybody, or of the tenant that asks. */
  readonly waiting: number;
}

/** What all workers together know of platforms that do not answer. */
export interface Circuits {
  /**
   * Takes note of a try. One that was answered is written down only where others failed lately; a failing one, and the end of
   * a probe, before this resolves.
   */
  heard(of: HeardTry): Promise<void>;
  /** Wakes one of those that wait wherever it is time to ask again. Answers how many. */
  wakeProbes(): Promise<number>;
  /** Tells workspaces with something waiting of platforms that do not answer, and ends what has been told. Answers how many were told. */
  tellOfOutages(): Promise<number>;
  /** Circuits that are not closed, of platforms and of the tenant's own connections, by their keys. */
  troubled(tenantId: TenantId): Promise<ReadonlyMap<string, Circuit>>;
}
