import { type InboundRequest, type Provider, sha256Hex, type Webhooks } from "@postd/connector-kit";
import type { InboxItem } from "../../ports/inbox.ts";
import type { InboundFailure, InboundService } from "../../ports/operations.ts";
import type { ConnectorRegistry } from "../../ports/registry.ts";
import { instanceApp } from "../../ports/sign-ins.ts";
import { webhookContext } from "../connector-context.ts";
import type { RequestKeeper } from "./keep-request.ts";
import { createLastKnown } from "./last-known.ts";
import { awayNow, createPatience } from "./patience.ts";
import { type Address, needsDatabase, type Signers, type SignersDeps, signersOf } from "./signers.ts";

export interface InboundDeps extends SignersDeps {
  readonly registry: ConnectorRegistry;
  readonly keeper: Pick<RequestKeeper, "keep">;
  /** Whether the database is away or busy, so that the same may work later. */
  readonly isPassing: (error: unknown) => boolean;
  readonly sleep: (ms: number) => Promise<void>;
  readonly monotonicMs: () => number;
  readonly newId: () => string;
  readonly publicUrl: string;
}

/** Headers worth keeping for parsing; never cookies or authorisation. */
const keptHeaders = ["content-type", "user-agent"];

/** Verifies and keeps what a provider sends; fanning out happens afterwards, in a worker. */
export function createInboundService(deps: InboundDeps): InboundService {
  const patience = createPatience(deps);
  const lastKnown = createLastKnown<Awaited<ReturnType<typeof signersOf>>>(deps);

  /** The app's own keys need no database; others are known for a while after it went away, and waited for a moment. */
  async function signersFor(address: Address): Promise<Awaited<ReturnType<typeof signersOf>>> {
    if (!needsDatabase(address)) return signersOf(deps, address);
    return (await patience(() => lastKnown.read(nameOf(address), () => signersOf(deps, address))))?.value ?? awayNow;
  }

  return {
    async receive(name, request, appId = instanceApp) {
      const provider = deps.registry.provider(name);
      if (!provider?.webhooks) return { kind: "unknown_provider" };
      const wrong = wrongType(provider.webhooks, request);
      if (wrong) return wrong;
      const address = { provider, appId, subscription: request.query.subscription };
      const signers = await signersFor(address);
      if (signers.kind !== "signers") return signers;
      const answer = await provider.webhooks.verify(
        { request, keys: signers.keys, now: deps.context.clock.now(), publicUrl: deps.publicUrl },
        webhookContext(deps.context, { provider, simulated: signers.simulated, app: signers.app }),
      );
      if (answer.kind !== "accepted") return answer;
      if (needsDatabase(address)) lastKnown.remember(nameOf(address), signers);
      const kept = await deps.keeper.keep({ id: deps.newId(), ...itemOf(provider, { request, appId, signers }) });
      return kept === "full" ? awayNow : answer;
    },
  };
}

const nameOf = ({ provider, appId, subscription }: Address): string =>
  JSON.stringify([provider.id, appId, subscription ?? null]);

/** A body of a type the provider never sends; one that names none is judged by its signature alone. */
function wrongType(
  { contentTypes = ["application/json"] }: Webhooks,
  { method, headers }: InboundRequest,
): InboundFailure | undefined {
  const type = headers["content-type"]?.split(";", 1)[0]?.trim().toLowerCase();
  if (method !== "POST" || !type || contentTypes.includes(type)) return undefined;
  return { kind: "wrong_type", takes: contentTypes };
}

/** What of a request is kept. Nothing that proves the sender is; the same request again has the same hash. */
function itemOf(
  { id: provider, webhooks }: Provider,
  { request, appId, signers }: { readonly request: InboundRequest; readonly appId: string; readonly signers: Signers },
): Omit<InboxItem, "id"> {
  const headers = Object.fromEntries(
    keptHeaders.flatMap((name) => (request.headers[name] ? [[name, request.headers[name]]] : [])),
  );
  const { secretQuery = [], pull } = webhooks ?? {};
  const query = Object.fromEntries(
    Object.entries(request.query).flatMap(([name, value]) =>
      value === undefined || secretQuery.includes(name) ? [] : [[name, value]],
    ),
  );
  const { connectionId, clientIds } = signers;
  const said = Object.entries(query).sort(([a], [b]) => (a < b ? -1 : 1));
  const about = [
    provider,
    appId,
    connectionId ?? null,
    headers["content-type"] ?? null,
    said,
    sha256Hex(request.rawBody),
  ];
  return {
    provider,
    appId,
    clientIds,
    connectionId,
    headers,
    query,
    body: request.rawBody,
    // An announcement in the same words is news each time.
    requestHash: pull ? undefined : sha256Hex(JSON.stringify(about)),
  };
}
