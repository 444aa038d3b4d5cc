import type { SimRequest } from "@postd/connector-kit/simulator";
import { GraphError } from "./graph-error.ts";
import type { Token } from "./model.ts";
import type { World } from "./world.ts";

/** Business use case of a call: which headers and which limit code it gets (meta.md §12, §13). */
export type UseCase = { readonly type: "pages" | "instagram"; readonly id: string } | undefined;

/**
 * X-App-Usage for user tokens, X-Business-Use-Case-Usage for Pages and Instagram; percentages, and minutes until access
 * is regained (§13).
 */
export function usageHeaders(
  world: World,
  useCase: UseCase,
  minutes = 0,
  percent = world.data.settings.usagePercent,
): Record<string, string> {
  const load = { call_count: percent, total_cputime: percent, total_time: percent };
  return useCase === undefined
    ? { "x-app-usage": JSON.stringify(load) }
    : {
        "x-business-use-case-usage": JSON.stringify({
          [useCase.id]: [{ type: useCase.type, ...load, estimated_time_to_regain_access: minutes }],
        }),
      };
}

/** Codes of §12 by use case: 4 for the app, 32 for Pages, 80002 for Instagram. */
const limitCode = (useCase: UseCase): number => (useCase === undefined ? 4 : useCase.type === "pages" ? 32 : 80002);

const defaultMinutes = 5;

/**
 * Faults that refuse an authenticated call before anything happens. `rateLimited {minutes?, code?, subcode?}`,
 * `tokenExpired` (190/463), `tokenRevoked {subcode?}` (190/458).
 */
export function refuseByFault(world: World, request: SimRequest, useCase: UseCase, token: Token): void {
  const limited = world.env.fault("rateLimited", request);
  if (limited) {
    const { minutes, retryAfterMs, code, subcode } = limited;
    const wait =
      typeof minutes === "number"
        ? minutes
        : typeof retryAfterMs === "number"
          ? Math.ceil(retryAfterMs / 60_000)
          : defaultMinutes;
    throw new GraphError({
      code: typeof code === "number" ? code : limitCode(useCase),
      ...(typeof subcode === "number" ? { subcode } : {}),
      message: "Application request limit reached",
      headers: usageHeaders(world, useCase, wait, 100),
    });
  }
  if (world.env.fault("tokenExpired", request))
    throw new GraphError({ code: 190, subcode: 463, message: "Error validating access token: Session has expired." });
  const revoked = world.env.fault("tokenRevoked", request);
  if (revoked) {
    const subcode = revoked.subcode;
    token.endedBy = typeof subcode === "number" ? subcode : 458;
    throw new GraphError({
      code: 190,
      subcode: token.endedBy,
      message: "Error validating access token: The user has not authorized application.",
    });
  }
}
