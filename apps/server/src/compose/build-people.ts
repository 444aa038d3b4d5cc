import type { Clock, Secret } from "@postd/connector-kit";
import {
  createPeopleService,
  createSignInRules,
  createStandingRights,
  type Mail,
  newId,
  type SignUpRule,
  throttledMail,
} from "@postd/core";
import { apiKeySecrets } from "../adapters/auth/api-key-secrets.ts";
import { type AuthSettings, createAuth } from "../adapters/auth/create-auth.ts";
import { createHttpAuth } from "../adapters/auth/http-auth.ts";
import { linkSecrets } from "../adapters/auth/link-secrets.ts";
import { passwordWeakness } from "../adapters/auth/password-weakness.ts";
import { createLogMail } from "../adapters/mail/log-mail.ts";
import { createSmtpMail } from "../adapters/mail/smtp-mail.ts";
import { actAs } from "../adapters/postgres/acting.ts";
import { createApiKeysRepo } from "../adapters/postgres/api-keys-repo.ts";
import { createInvitationsRepo } from "../adapters/postgres/invitations-repo.ts";
import { createLinksRepo } from "../adapters/postgres/links-repo.ts";
import { createPeopleRepo } from "../adapters/postgres/people-repo.ts";
import type { Db } from "../adapters/postgres/pools.ts";
import { createThrottle } from "../adapters/postgres/throttle.ts";
import type { Config } from "../config.ts";
import { clientAddressHeader } from "../http/run-auth.ts";
import type { Logger } from "./logger.ts";

export interface PeopleParts {
  readonly db: Db;
  readonly config: Pick<Config, "smtpUrl" | "mailFrom" | "isProduction" | "operatorEmails" | "workspacesPerPerson">;
  readonly log: Logger;
  readonly clock: Clock;
  readonly publicUrl: string;
  readonly authSecret: Secret;
  readonly signUp: SignUpRule;
  /** Instead of the mail server of the config; for tests and for a command that shows a link itself. */
  readonly mail?: Mail;
}

/** Everything about people, wired once for the server, its commands and its tests. Opens and holds nothing. */
export function buildPeople({ db, config, log, clock, publicUrl, authSecret, signUp, ...parts }: PeopleParts) {
  const hasMail = config.smtpUrl !== undefined;
  const throttle = createThrottle(db, clock);
  const server = config.smtpUrl
    ? createSmtpMail({ url: config.smtpUrl, from: config.mailFrom }, log)
    : createLogMail(log, { showsText: !config.isProduction });
  const mail = parts.mail ?? throttledMail(server, throttle);
  const repo = createPeopleRepo(db);
  const invitations = createInvitationsRepo(db);
  const links = createLinksRepo(db);
  const keys = createApiKeysRepo(db);
  const shared = { invitations, links, linkSecrets, throttle, mail, hasMail, clock, publicUrl };
  const service = createPeopleService({
    ...shared,
    repo,
    keys,
    keySecrets: apiKeySecrets,
    newId,
    operatorEmails: config.operatorEmails,
    workspacesPerPerson: config.workspacesPerPerson,
  });
  const rules = createSignInRules({ ...shared, signUp, weakness: passwordWeakness });
  const settings: AuthSettings = {
    db,
    secret: authSecret,
    publicUrl,
    trustedOrigins: [],
    mail,
    hasMail,
    rules,
    // Whoever comes makes their first workspace themselves.
    welcome: (user) => actAs({ kind: "person", id: user.id }, () => service.welcome(user)),
    log,
    clientAddressHeader,
  };
  const library = createAuth(settings);
  return {
    service,
    repo,
    rules,
    library,
    mail,
    hasMail,
    rights: createStandingRights({ people: repo, keys, clock }),
    auth: createHttpAuth({
      auth: library,
      standing: repo,
      people: repo,
      isOperator: service.isOperator,
      keys,
      keySecrets: apiKeySecrets,
      clock,
    }),
  };
}
