import type { Clock, Connector, ConnectorContext, PlatformFailure, PublishedRef } from "@postd/connector-kit";
import type { Result, ServiceError, TenantId } from "@postd/contracts";
import type { ConnectionAccess } from "../../ports/connection-access.ts";
import type { JobRecord } from "../../ports/publishing-store.ts";
import type { ConnectorRegistry } from "../../ports/registry.ts";
import type { PipelineDeps } from "../pipeline/worker-deps.ts";

/** Changing what is already at a platform, outside the pipeline. Each call may safely be repeated. */
export interface RemoteDeps {
  readonly access: ConnectionAccess;
  readonly registry: ConnectorRegistry;
  readonly clock: Clock;
  readonly contextFor: PipelineDeps["contextFor"];
}

type RemoteCall = (input: {
  readonly connector: Connector;
  readonly ref: PublishedRef;
  readonly format: string;
  readonly authKind: string;
  readonly ctx: ConnectorContext;
}) => Promise<Result<void, PlatformFailure>> | ServiceError;

const remoteTimeoutMs = 30_000;

/** Opens the job's connection and runs one remote change; a platform's no becomes a service error. */
export async function changeRemote(
  tenantId: TenantId,
  job: JobRecord,
  call: RemoteCall,
  deps: RemoteDeps,
): Promise<Result<void, ServiceError>> {
  const connector = deps.registry.get(job.platform);
  if (!connector || job.externalPostId === undefined)
    return { ok: false, error: { code: "state_conflict", detail: "This job has no post at the platform." } };
  const opened = await deps.access.open({ tenantId, connectionId: job.connectionId, fresh: true });
  if (!opened)
    return {
      ok: false,
      error: {
        code: "account_needs_attention",
        detail: "The account is no longer connected.",
        next: "Connect it again, or change the post at the platform.",
      },
    };
  if (!opened.ok) return { ok: false, error: refusal(opened.error) };
  const ctx = deps.contextFor({
    connector,
    connection: opened.value,
    effect: "visible",
    repeatable: true,
    timeoutMs: remoteTimeoutMs,
    leaseRemainingMs: () => Number.POSITIVE_INFINITY,
  });
  const ref: PublishedRef = { externalId: job.externalPostId, ...(job.permalink ? { permalink: job.permalink } : {}) };
  const result = await call({
    connector,
    ref,
    format: job.content.format,
    authKind: opened.value.account.authKind,
    ctx,
  });
  if (!("ok" in result)) return { ok: false, error: result };
  return result.ok ? result : { ok: false, error: refusal(result.error) };
}

export const removeLive: RemoteCall = ({ connector, ref, format, authKind, ctx }) => {
  const remove = connector.remove;
  if (!remove?.formats.includes(format) || (remove.authKinds && !remove.authKinds.includes(authKind)))
    return {
      code: "state_conflict",
      detail: `${connector.name} does not let an app delete this post.`,
      next: "Delete it at the platform.",
      actor: "account_owner",
    };
  return remove.run({ ...ref, format }, ctx);
};

export const cancelPlanned: RemoteCall = ({ connector, ref, ctx }) =>
  connector.schedule
    ? connector.schedule.cancel(ref, ctx)
    : { code: "state_conflict", detail: `${connector.name} does not hold posts.` };

export const movePlanned =
  (at: Date): RemoteCall =>
  ({ connector, ref, ctx }) =>
    connector.schedule
      ? connector.schedule.move(ref, at, ctx)
      : { code: "state_conflict", detail: `${connector.name} does not hold posts.` };

export const editLive =
  (text: string): RemoteCall =>
  ({ connector, ref, format, ctx }) =>
    connector.edit?.formats.includes(format)
      ? connector.edit.run(ref, { text, format }, ctx)
      : {
          code: "state_conflict",
          detail: `${connector.name} does not let an app edit a live post.`,
          next: "Delete it and post again, or edit it at the platform.",
        };

function refusal(failure: PlatformFailure): ServiceError {
  const down = failure.kind === "unavailable" || failure.kind === "outcome_unknown" || failure.kind === "rate_limited";
  return {
    code: down ? "platform_unavailable" : "platform_refused",
    detail: failure.message,
    next: down ? "Try again in a minute." : "See the account's state under Accounts.",
  };
}
