import { fail, operationsById as op, type PauseInput, type Result, type ServiceError } from "@postd/contracts";
import type { Principal } from "@postd/core";
import { isOperator } from "../access.ts";
import { answer, route, same } from "../handler.ts";

export const pauseRoutes = [
  route(op.pause, async ({ deps, principal, caller, body }) => {
    const refused = refusal(principal(), body);
    return refused ?? answer(await deps.services.publishing.pause(caller(), body), same);
  }),
  route(op.resume, async ({ deps, principal, caller, body }) => {
    const refused = refusal(principal(), body);
    return refused ?? answer(await deps.services.publishing.resume(caller(), body), same);
  }),
];

/** The whole instance belongs to every tenant on it, so only its operators may stop it. */
function refusal(principal: Principal, input: PauseInput): Result<never, ServiceError> | undefined {
  if (input.scope === "connection" && input.connectionId === undefined)
    return fail({
      code: "invalid_input",
      detail: "connectionId: is required where the scope is connection.",
      field: "connectionId",
      next: "Name the connection.",
    });
  if (input.scope !== "instance" || isOperator(principal)) return undefined;
  return fail({
    code: "forbidden",
    detail: "Only an operator of this instance may pause or resume all of it.",
    next: "Pause your tenant instead, or ask the operator.",
  });
}
