import type { ConnectorContext } from "../context.ts";
import { callEffect } from "../encode-request.ts";

/** A connector wanted to change the platform again after its visible call. A fault of the connector's; nothing was sent by it. */
export class EffectAfterVisible extends Error {
  override readonly name = "EffectAfterVisible";
  constructor(step: string) {
    super(`${step} wants to change the platform again after its visible call; one run makes at most one, as its last`);
  }
}

/**
 * The context of one run of a visible step: any number of reads and of calls no audience sees, then at most one that it
 * sees, and after it nothing but reads. The intent that was committed stands for that one call, so a second would go out
 * with nothing to look it up by. Throws `EffectAfterVisible` instead of sending. `onlyRead`: whether the run has changed
 * nothing so far; what it says of an open outcome is then about an earlier call.
 */
export function oneVisibleCall(
  ctx: ConnectorContext,
  step: string,
): { readonly ctx: ConnectorContext; readonly onlyRead: () => boolean } {
  let hasChanged = false;
  let hasShown = false;
  const http: ConnectorContext["http"] = {
    async request(request) {
      const effect = callEffect("visible", request.effect);
      if (effect !== "none" && hasShown) throw new EffectAfterVisible(step);
      hasChanged ||= effect !== "none";
      if (effect === "visible") hasShown = true;
      return ctx.http.request(request);
    },
  };
  return { ctx: { ...ctx, http }, onlyRead: () => !hasChanged };
}
