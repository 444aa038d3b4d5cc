import { z } from "zod";

const ms = z.int().min(0);

/** What is open in the fact sheet, or another matter at another time; the act `set` changes it. */
export const Settings = z.strictObject({
  /** From a campaign's recipients to their count: usually 5 to 20 s, minutes when many are made in a row. */
  countMs: ms,
  /** From the send to the last e-mail. */
  sendMs: ms,
  /** How a call at another data centre is refused. */
  wrongDataCentre: z.union([z.literal(401), z.literal(403)]),
  /** How the free plan refuses to schedule. */
  freePlanSchedule: z.union([z.literal(400), z.literal(403)]),
  /** New audience webhooks get a secret, as in contracts newer than 3.0.55. */
  signsWebhooks: z.boolean(),
  /** `delivery_status.enabled`; without it only `status` counts. */
  tellsDelivery: z.boolean(),
  /** Campaigns have a page in the public archive. */
  hasArchive: z.boolean(),
  /** A campaign that is sent is held for review, in this state, until the act `release`. */
  review: z.enum(["none", "sending", "paused"]),
  /** Sending is closed to the account by compliance. */
  isSendingDisabled: z.boolean(),
  /** Ids in the answer of /oauth2/metadata: the sheet does not say of which kind. */
  metadataIds: z.enum(["number", "text"]),
  /** Connections other integrations of the same person hold open, of the ten there are. */
  othersConnections: z.int().min(0),
});
export type Settings = z.output<typeof Settings>;

export const defaultSettings: Settings = {
  countMs: 8_000,
  sendMs: 30_000,
  wrongDataCentre: 401,
  freePlanSchedule: 403,
  signsWebhooks: true,
  tellsDelivery: true,
  hasArchive: true,
  review: "none",
  isSendingDisabled: false,
  metadataIds: "number",
  othersConnections: 0,
};
