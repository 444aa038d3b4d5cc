import { fail, ok } from "@postd/contracts";
import type { PeopleService } from "../../ports/people.ts";
import type { PeopleDeps } from "./deps.ts";

/** How long the operator's link can be opened. */
const operatorLinkMs = 24 * 60 * 60 * 1_000;

type Verbs = Pick<PeopleService, "becomeOperator" | "makeOperatorLink" | "isOperator" | "census">;

export function operatorVerbs({ repo, links, linkSecrets, clock, publicUrl, operatorEmails }: PeopleDeps): Verbs {
  return {
    async becomeOperator(me, token) {
      const hash = linkSecrets.hash(token);
      if (await links.makeOperator({ hash, userId: me.userId, at: clock.now() })) return ok({ operator: true });
      return fail({
        code: "not_found",
        detail: "This link was used, replaced by a newer one, or has ended.",
        field: "token",
        next: "Make a new one on the machine itself: npm run people -- link",
      });
    },

    async makeOperatorLink() {
      const { token, hash } = linkSecrets.make();
      const at = clock.now();
      const expiresAt = new Date(at.getTime() + operatorLinkMs);
      await links.add({ hash, purpose: "operator", subject: "instance", at, expiresAt });
      return `${publicUrl}/operator/${token}`;
    },

    async isOperator({ id, email, emailVerified }) {
      if (emailVerified && operatorEmails.includes(email.toLowerCase())) return true;
      return repo.isStoredOperator(id);
    },

    census: () => repo.census(operatorEmails),
  };
}
