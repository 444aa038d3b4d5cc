import type { ServiceError } from "@postd/contracts";
import type { ConnectorRegistry } from "../ports/registry.ts";

/** Nothing of this name is here: it is to come, or nobody knows it. */
export function unknownPlatform(
  registry: Pick<ConnectorRegistry, "planned">,
  id: string,
  field: "platform" | "provider" = "platform",
): ServiceError {
  const planned = registry.planned().find((platform) => platform.id === id);
  if (!planned)
    return {
      code: "not_found",
      field,
      detail: `There is no ${field} called ${id}.`,
      next: "GET /api/platforms lists them.",
    };
  const ruledOut = (planned.impossible ?? []).map(({ what, why }) => ` ${what}: ${why}`).join("");
  return {
    code: "platform_planned",
    field,
    detail: `${planned.name} is planned, and this version of POSTD cannot do anything there yet.${ruledOut}`,
    next: "GET /api/platforms lists what works today; bring POSTD up to a version that has it when there is one.",
  };
}
