import {
  type ApiContext,
  apiClient,
  type ConnectorContext,
  type Credentials,
  type PlatformResult,
  rowsOf,
  type Secret,
  secret,
} from "@postd/connector-kit";
import { z } from "zod";
import { failures } from "./failures.ts";

/** A data centre becomes part of a host name, so nothing else may stand there. */
const dataCentre = /^[a-z]{1,10}\d{1,5}$/;

export const isDataCentre = (text: string): boolean => dataCentre.test(text);

/** The data centre an API key ends with. @source platforms/mailchimp.md "Versioning & base URLs" */
export function dataCentreOf(key: Secret): string | undefined {
  const [, dc = ""] = /-([a-z]+\d+)$/.exec(key.reveal()) ?? [];
  return isDataCentre(dc) ? dc : undefined;
}

const ENDPOINT = "endpoint";

/** Credentials that know where their account lives. */
export const livingAt = (credentials: Credentials, dc: string): Credentials => ({
  ...credentials,
  extra: { ...credentials.extra, [ENDPOINT]: secret(`https://${dc}.api.mailchimp.com`) },
});

export function endpointOf({ extra, accessToken }: Credentials): string {
  const kept = extra?.[ENDPOINT]?.reveal();
  if (kept !== undefined) return kept;
  const dc = dataCentreOf(accessToken);
  if (dc === undefined) throw new Error("a Mailchimp sign-in lost its data centre");
  return `https://${dc}.api.mailchimp.com`;
}

/** The account's own host; no call goes to another data centre. */
export const api = apiClient<ApiContext>({
  base: ({ credentials }) => {
    if (!credentials) throw new Error("Mailchimp is called with credentials only");
    return `${endpointOf(credentials)}/3.0`;
  },
  failures,
});

/** The default page is ten rows. @source platforms/mailchimp.md "Known gotchas" */
const PAGE_ROWS = 1_000;

/** All rows of a list below the account. */
export function readRows<T extends z.ZodType>(
  ctx: ApiContext,
  it: { readonly path: readonly string[]; readonly member: string; readonly row: T; readonly fields: string },
): PlatformResult<readonly z.output<T>[]> {
  const page = z
    .object({ [it.member]: z.array(z.unknown()).default([]), total_items: z.number().optional() })
    .transform((body) => ({ rows: (body as Record<string, unknown[]>)[it.member] ?? [] }));
  let seen = 0;
  const query = { fields: `${it.fields},total_items`, count: PAGE_ROWS };
  return api.readAll(ctx, { method: "GET", path: it.path, query }, page, {
    rows: ({ rows }) => rowsOf(it.row).parse(rows),
    next({ rows }) {
      seen += rows.length;
      return rows.length < PAGE_ROWS ? undefined : { query: { offset: seen } };
    },
  });
}

export const Id = z.union([z.string().min(1).max(100), z.number().int()]).transform(String);
const Address = z
  .url({ protocol: /^https?$/ })
  .optional()
  .catch(undefined);

export const Campaign = z.object({
  id: Id,
  web_id: Id.optional(),
  status: z.string().default(""),
  emails_sent: z.number().default(0),
  create_time: z.string().optional(),
  send_time: z.string().nullish(),
  archive_url: Address,
  long_archive_url: Address,
  recipients: z
    .object({
      recipient_count: z.number().default(0),
      list_id: Id.optional().catch(undefined),
      segment_opts: z
        .object({
          saved_segment_id: Id.optional().catch(undefined),
          conditions: z.array(z.object({ value: Id.optional().catch(undefined) })).optional(),
        })
        .nullish(),
    })
    .optional(),
  /** With `enabled` false only `status` counts. */
  delivery_status: z
    .object({ enabled: z.boolean().default(false), status: z.string().default(""), emails_sent: z.number().default(0) })
    .optional()
    .catch(undefined),
  settings: z
    .object({ subject_line: z.string().optional(), preview_text: z.string().optional(), title: z.string().optional() })
    .optional(),
});
export type Campaign = z.output<typeof Campaign>;

export const campaignFields = [
  "id",
  "web_id",
  "status",
  "emails_sent",
  "create_time",
  "send_time",
  "archive_url",
  "long_archive_url",
  "recipients.recipient_count",
  "recipients.list_id",
  "recipients.segment_opts",
  "delivery_status",
  "settings.subject_line",
  "settings.preview_text",
  "settings.title",
] as const;

export const readCampaign = (ctx: ConnectorContext, id: string): PlatformResult<Campaign> =>
  api.get(ctx, ["campaigns", id], Campaign, {
    query: { fields: campaignFields.join(",") },
    about: "object",
    field: "post",
  });

/** How many mails have left, as far as Mailchimp tells. */
export const mailsOf = ({ emails_sent, delivery_status: told }: Campaign): number =>
  Math.max(emails_sent, told?.enabled ? told.emails_sent : 0);

/** Mail leaves or has left: what nobody can call back. `archived` is a sent one that was put away. */
export const isOut = (campaign: Campaign): boolean =>
  ["sent", "sending", "archived"].includes(campaign.status) ||
  (/^cancel/.test(campaign.status) && mailsOf(campaign) > 0);

/** What it is called, and where anybody can read it. */
export const refOf = ({ id, long_archive_url, archive_url }: Campaign) => {
  const permalink = long_archive_url ?? archive_url;
  return { externalId: id, ...(permalink && { permalink }) };
};
