import type { PullPlaces } from "../ports/pull-places.ts";
import type { ConnectorRegistry } from "../ports/registry.ts";
import type { PipelineLog } from "./pipeline/worker-deps.ts";

/** What asking connectors about a post takes; `log` hears of those that break. */
export interface Checking {
  readonly registry: ConnectorRegistry;
  readonly log: Pick<PipelineLog, "error">;
  /** Where platforms that fetch files find them; absent: nothing is known of that, and nothing is told. */
  readonly pulls?: PullPlaces;
}

/**
 * What a connector's pure function says, or `otherwise` where it throws: a fault of one connector is no fault of the request.
 * The operator is told, with the name of the platform and never with what a person wrote.
 */
export function unbroken<T>(
  log: Pick<PipelineLog, "error">,
  about: { readonly platform: string; readonly connectionId?: string },
  say: () => T,
  otherwise: () => T,
): T {
  try {
    return say();
  } catch (error) {
    log.error({ ...about, error }, "a connector broke");
    return otherwise();
  }
}
