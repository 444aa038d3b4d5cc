import type { Clock } from "@postd/connector-kit";
import type { Id, IdKind } from "@postd/contracts";
import type { Mail } from "../ports/mail.ts";
import type { ApiKeySecrets, ApiKeysRepo, PeopleRepo, PeopleService } from "../ports/people.ts";
import { apiKeyVerbs } from "./people/api-keys.ts";
import { invitationVerbs } from "./people/invitations.ts";
import { memberVerbs } from "./people/members.ts";
import { tenantVerbs } from "./people/tenants.ts";

export interface PeopleDeps {
  readonly repo: PeopleRepo;
  readonly keys: ApiKeysRepo;
  readonly keySecrets: ApiKeySecrets;
  readonly mail: Mail;
  readonly clock: Clock;
  readonly newId: <K extends IdKind>(kind: K) => Id<K>;
  /** Address of the web, without a slash at the end; links in mails begin with it. */
  readonly publicUrl: string;
  /** Addresses of people who run the instance; empty: whoever signed up first. */
  readonly operatorEmails: readonly string[];
}

/** People, tenants, invitations and API keys. */
export function createPeopleService(deps: PeopleDeps): PeopleService {
  return {
    ...tenantVerbs(deps),
    ...memberVerbs(deps),
    ...invitationVerbs(deps),
    ...apiKeyVerbs(deps),
    async isOperator(me) {
      if (me.kind !== "session") return false;
      if (deps.operatorEmails.length > 0) return deps.operatorEmails.includes(me.email.toLowerCase());
      return (await deps.repo.firstUserId()) === me.userId;
    },
  };
}
