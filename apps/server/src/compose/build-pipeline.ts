import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import {
  type Circuits,
  type ConnectionAccess,
  type ConnectorContextPorts,
  type ConnectorRegistry,
  connectorContext,
  createJobSecrets,
  newId,
  type PipelineDeps,
  type Vault,
} from "@postd/core";
import { isPassing } from "../adapters/postgres/database-error.ts";
import type { ClaimBudgets } from "../adapters/postgres/ledger/claim-budgets.ts";
import { createLedger } from "../adapters/postgres/ledger/ledger.ts";
import { defaultRules } from "./default-rules.ts";
import type { OpenParts } from "./open-parts.ts";

interface PipelineParts {
  readonly open: OpenParts;
  readonly registry: ConnectorRegistry;
  readonly access: ConnectionAccess;
  readonly context: ConnectorContextPorts;
  readonly vault: Vault;
  readonly circuits: Circuits;
  readonly budgets: ClaimBudgets;
}

/** What one worker process publishes with; its name in leases says machine, process and run. */
export function buildPipeline({
  open,
  registry,
  access,
  context,
  vault,
  circuits,
  budgets,
}: PipelineParts): PipelineDeps {
  return {
    ledger: createLedger(open.app.db, serverExtrasOf(registry), budgets),
    circuits,
    secrets: createJobSecrets(vault),
    access,
    registry,
    clock: open.clock,
    log: open.log,
    events: open.metrics.pipeline,
    settings: { ...defaultRules, owner: `${hostname()}:${process.pid}:${randomBytes(3).toString("hex")}` },
    newAttemptId: () => newId("attempt"),
    random: Math.random,
    randomBits: (bits) => BigInt.asUintN(bits, BigInt(`0x${randomBytes(Math.ceil(bits / 8)).toString("hex")}`)),
    contextFor: (step) => connectorContext(context, step),
    isPassing,
    every: (ms, fn) => {
      const timer = setInterval(fn, ms);
      return () => clearInterval(timer);
    },
  };
}

/** Platforms whose accounts live on servers of people's own, each of which may be down alone. */
export const serverExtrasOf = (registry: ConnectorRegistry): Readonly<Record<string, string>> =>
  Object.fromEntries(
    registry.all().flatMap(({ id }) => {
      const extra = registry.providerOf(id)?.serverExtra;
      return extra === undefined ? [] : [[id, extra]];
    }),
  );
