import { fail, ok } from "@postd/contracts";
import type { PeopleService } from "../../ports/people.ts";
import type { PeopleDeps } from "./deps.ts";

/** Tries of the password by somebody who has the session and perhaps not the password. */
const tries = { max: 5, windowMs: 60 * 60_000 } as const;

export function accountVerbs({ repo, throttle, clock }: PeopleDeps): Pick<PeopleService, "deleteAccount"> {
  return {
    async deleteAccount(me, passwordFits) {
      const taken = await throttle.take(`delete account ${me.userId}`, tries);
      if (!taken.allowed)
        return fail({
          code: "rate_limited",
          detail: "The password was tried too often.",
          next: "Wait, and try again.",
          retryAfterMs: taken.retryAfterMs,
        });
      if (!(await passwordFits()))
        return fail({
          code: "invalid_input",
          field: "password",
          detail: "This is not your password, so nothing was deleted.",
          next: "Type the password you sign in with.",
        });
      const owned = await repo.deleteAccount(me.userId, clock.now());
      if (owned.length === 0) return ok({ deleted: true });
      return fail({
        code: "state_conflict",
        detail: `You are the only owner of ${owned.map(({ name }) => `"${name}"`).join(", ")}.`,
        next: "Make somebody else an owner with PATCH /api/members/:id, or erase it with DELETE /api/tenants/:id.",
      });
    },
  };
}
