import type { PeopleService } from "../../ports/people.ts";
import { accountVerbs } from "./account.ts";
import { apiKeyVerbs } from "./api-keys.ts";
import type { PeopleDeps } from "./deps.ts";
import { invitationVerbs } from "./invitations.ts";
import { memberVerbs } from "./members.ts";
import { operatorVerbs } from "./operators.ts";
import { tenantVerbs } from "./tenants.ts";

/** People, tenants, invitations, operators and API keys. */
export function createPeopleService(deps: PeopleDeps): PeopleService {
  return {
    ...tenantVerbs(deps),
    ...memberVerbs(deps),
    ...accountVerbs(deps),
    ...invitationVerbs(deps),
    ...operatorVerbs(deps),
    ...apiKeyVerbs(deps),
  };
}
