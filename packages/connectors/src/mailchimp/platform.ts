import {
  type ConnectorContext,
  defaultFingerprint,
  formatByMedia,
  type HealthAnswer,
  type PlatformResult,
  type PublishingPlatform,
} from "@postd/connector-kit";
import { fail, ok } from "@postd/contracts";
import { z } from "zod";
import { accountLimits, audiences } from "./audiences.ts";
import { budgets } from "./budgets.ts";
import { contacts } from "./contacts.ts";
import { lookUp } from "./look-up.ts";
import { mailchimpSchedule } from "./native-schedule.ts";
import { mailchimpNumbers } from "./numbers.ts";
import { MailchimpOptions, textLimit, validate } from "./options.ts";
import { formats } from "./publish.ts";
import { extrasOf, readAccount } from "./sign-in.ts";
import { trial } from "./trial.ts";

async function health(ctx: ConnectorContext): PlatformResult<HealthAnswer> {
  const read = await readAccount(ctx);
  if (!read.ok) return read;
  const { account_id, account_name } = read.value;
  if (account_id !== ctx.account.externalId)
    return fail({ kind: "auth_revoked", message: "The sign-in belongs to another Mailchimp account. Connect again." });
  return ok({
    missingScopes: [],
    ...(account_name && { name: account_name }),
    extras: extrasOf(read.value, ctx.credentials),
  });
}

/** Sent mail is with its readers: there is no edit and no removal. */
export const mailchimp: PublishingPlatform = {
  id: "mailchimp",
  provider: "mailchimp",
  name: "Mailchimp",
  icon: "mailchimp.svg",
  color: "#FFE01B",
  previewKind: "email",
  accountKinds: [{ id: "account", label: "Account" }],
  extras: z.record(z.string(), z.json()),
  impossible: [
    {
      what: "Mailchimp's own schedule off the quarter hour",
      why: "Its clock knows :00, :15, :30 and :45 alone; POSTD's takes any minute.",
      checkedOn: "2026-11-20",
    },
    {
      what: "Deleting or editing a sent campaign",
      why: "Mail that was sent is with its readers.",
      checkedOn: "2026-11-20",
    },
  ],
  budgets,
  publishing: {
    formats,
    options: MailchimpOptions,
    limits: { text: textLimit },
    defaultFormat: formatByMedia({ text: "campaign", link: "campaign", image: "campaign", images: "campaign" }),
    aliases: { email: "campaign", newsletter: "campaign" },
    validate,
    fingerprint: defaultFingerprint,
    destinations: audiences,
    accountLimits,
    link: {},
    hashtags: {},
    schedule: mailchimpSchedule,
    trial,
    lookUp,
  },
  numbers: mailchimpNumbers,
  audience: contacts,
  health,
};
