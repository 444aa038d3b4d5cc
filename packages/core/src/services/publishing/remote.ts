import { type Clock, endsSignIn, type Platform, type PlatformFailure, type PublishedRef } from "@postd/connector-kit";
import type { Result, ServiceError, TenantId } from "@postd/contracts";
import type { WishFacts } from "../../domain/wishes.ts";
import type { ConnectionAccess } from "../../ports/connection-access.ts";
import type { JobRecord, TargetRecord } from "../../ports/publishing-store.ts";
import type { ConnectorRegistry } from "../../ports/registry.ts";
import { answered } from "../answered.ts";
import type { PipelineDeps } from "../pipeline/worker-deps.ts";

/** Reading what is at a platform for a person who asks. Changes there are the worker's alone. */
export interface RemoteDeps {
  readonly access: ConnectionAccess;
  readonly registry: ConnectorRegistry;
  readonly clock: Clock;
  readonly contextFor: PipelineDeps["contextFor"];
}

const timeoutMs = 20_000;

/** What the platform lets an app do with this live post. */
export function abilities(
  job: Pick<JobRecord, "platform" | "post">,
  account: Pick<TargetRecord["account"], "authKind"> | undefined,
  registry: ConnectorRegistry,
): WishFacts["can"] {
  const publishing = registry.get(job.platform)?.publishing;
  const { format } = job.post;
  const { remove, edit } = publishing ?? {};
  const mayRemove = !remove?.authKinds || account === undefined || remove.authKinds.includes(account.authKind);
  return {
    remove: remove?.formats.includes(format) === true && mayRemove,
    editWords: edit?.formats.includes(format) === true,
    ...(edit?.options ? { editOptions: edit.options } : {}),
  };
}

export type Named =
  | { readonly kind: "there"; readonly ref: PublishedRef }
  /** No post of this account, or no post at all. */
  | { readonly kind: "not_there"; readonly platform: Platform }
  /** Nobody can look: the account is gone or signed out, or the platform lets no app read a post. */
  | { readonly kind: "cannot_look" };

/** Reads the post a person named at the platform. Trouble with the line is an error: the person asks again. */
export async function readNamed(
  tenantId: TenantId,
  job: JobRecord,
  named: { readonly externalId?: string; readonly permalink?: string },
  deps: RemoteDeps,
): Promise<Result<Named, ServiceError>> {
  const platform = deps.registry.get(job.platform);
  const lookUp = platform?.publishing?.lookUp;
  const cannotLook = { ok: true, value: { kind: "cannot_look" } } as const;
  if (!platform || !lookUp) return cannotLook;
  const opened = await deps.access.open({ tenantId, connectionId: job.connectionId, fresh: true });
  if (!opened) return cannotLook;
  if (!opened.ok) return endsSignIn(opened.error) ? cannotLook : { ok: false, error: refusal(opened.error) };
  const ctx = deps.contextFor({
    connection: opened.value,
    effect: "none",
    repeatable: true,
    timeoutMs,
    leaseRemainingMs: () => Number.POSITIVE_INFINITY,
  });
  const read = await answered(ctx, { call: "lookUp", platform: job.platform }, () => lookUp(named, ctx));
  if (!read.ok) return endsSignIn(read.error) ? cannotLook : { ok: false, error: refusal(read.error) };
  if (!read.value) return { ok: true, value: { kind: "not_there", platform } };
  const { externalId, permalink } = read.value;
  return { ok: true, value: { kind: "there", ref: { externalId, ...(permalink ? { permalink } : {}) } } };
}

function refusal(failure: PlatformFailure): ServiceError {
  return {
    code: "platform_unavailable",
    detail: `The post could not be read at the platform: ${failure.message}`,
    next: "Try again in a minute.",
  };
}
