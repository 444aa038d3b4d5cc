import type { Polled, StartInput } from "@postd/connector-kit";

/** What a job knows of its campaign; there is one campaign for a job, whatever happens to it. */
export type CampaignState = {
  /** Mailchimp shall hold the clock until then. */
  readonly publishAt?: string;
  /** Who it is from, read once and kept. */
  readonly sender?: { readonly fromName: string; readonly replyTo: string };
  /** Area of the template that takes the post. */
  readonly area?: string;
  readonly pictures?: readonly string[];
  readonly campaignId?: string;
  readonly hasContent?: true;
  /** Nobody was counted for long, and Mailchimp is to be, or was, asked to count again. */
  readonly counting?: "stuck" | "anew";
  /** When its recipients were counted and its checklist had no error, ISO 8601. */
  readonly readyAt?: string;
  /** How often Mailchimp took back that it was ready. */
  readonly unready?: number;
  /** Mailchimp has taken the order to send it, or to send it at its time. */
  readonly isTaken?: true;
  readonly live?: { readonly externalId: string; readonly permalink?: string };
  readonly polled?: Polled;
};

export const startState = ({ publishAt }: Pick<StartInput, "publishAt">): CampaignState =>
  publishAt ? { publishAt: publishAt.toISOString() } : {};
