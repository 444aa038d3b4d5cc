import type { ConnectorLog, PlatformFailure, PlatformResult } from "@postd/connector-kit";
import { fail } from "@postd/contracts";

/**
 * What a connector answers while somebody waits for it. A throw is a fault of ours and no answer of the platform: it goes
 * to the log, and whoever asked is told plainly. `mayBeDone`: the call changes something there, which a throw leaves open.
 */
export async function answered<T>(
  ctx: { readonly log: Pick<ConnectorLog, "warn"> },
  about: { readonly call: string; readonly platform: string; readonly mayBeDone?: boolean },
  ask: () => PlatformResult<T>,
): PlatformResult<T> {
  try {
    return await ask();
  } catch (error) {
    const { call, platform, mayBeDone = false } = about;
    ctx.log.warn({ call, platform, error }, "a connector threw");
    // Its words may quote anything, so only its name is told.
    const cause = error instanceof Error ? error.name : typeof error;
    const message = "POSTD itself failed while it asked the platform. The operator finds the reason in the log.";
    const failure: PlatformFailure = mayBeDone
      ? { kind: "outcome_unknown", message, cause }
      : { kind: "unexpected_response", status: 500, message, cause };
    return fail(failure);
  }
}
