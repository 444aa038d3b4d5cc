import type { Clock } from "@postd/connector-kit";
import type { Id, IdKind } from "@postd/contracts";
import type { Mail } from "../../ports/mail.ts";
import type { ApiKeySecrets, ApiKeysRepo, InvitationsRepo, PeopleRepo } from "../../ports/people.ts";
import type { LinkSecrets, LinksRepo, Throttle } from "../../ports/sign-in.ts";

export interface PeopleDeps {
  readonly repo: PeopleRepo;
  readonly invitations: InvitationsRepo;
  readonly links: LinksRepo;
  readonly linkSecrets: LinkSecrets;
  readonly keys: ApiKeysRepo;
  readonly keySecrets: ApiKeySecrets;
  readonly throttle: Throttle;
  readonly mail: Mail;
  /** A mail server is configured, so that addresses are confirmed. */
  readonly hasMail: boolean;
  readonly clock: Clock;
  readonly newId: <K extends IdKind>(kind: K) => Id<K>;
  /** Address of the web, without a slash at the end; links in mails begin with it. */
  readonly publicUrl: string;
  /** Addresses, lower case, whose confirmed owners run the instance; others open the operator's link. */
  readonly operatorEmails: readonly string[];
  /** Who owns as many, made by whomever, makes no more. */
  readonly workspacesPerPerson: number;
}
