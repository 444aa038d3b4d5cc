import {
  awaitStep,
  type ConnectorContext,
  type OutgoingPost,
  type PlatformFailure,
  type PlatformResult,
  rowsOf,
  type Step,
} from "@postd/connector-kit";
import { fail, ok } from "@postd/contracts";
import { z } from "zod";
import { api, type Campaign, Id, isOut, readCampaign } from "./api.ts";
import { areaOf, checkSegment, checkSender, readAudience } from "./audiences.ts";
import { bodyOf, htmlOf, plainTextOf } from "./content.ts";
import { optionsOf } from "./options.ts";
import type { CampaignState } from "./state.ts";

/** Who it is from and what it needs, read before anything is made. @source platforms/mailchimp.md "Content constraints" */
export async function preview(
  ctx: ConnectorContext,
  post: OutgoingPost,
): PlatformResult<Pick<CampaignState, "sender" | "area">> {
  const { fromName, replyTo, segment, template, templateArea } = optionsOf(post);
  const list = post.destination ?? "";
  const audience = await readAudience(ctx, list);
  if (!audience.ok) return audience;
  const { from_name = "", from_email = "" } = audience.value.campaign_defaults ?? {};
  const sender = { fromName: fromName ?? (from_name || audience.value.name), replyTo: replyTo ?? from_email };
  const checked = await checkSender(ctx, sender.replyTo);
  if (!checked.ok) return checked;
  const known = segment === undefined ? ok(undefined) : await checkSegment(ctx, list, segment);
  if (!known.ok) return known;
  if (template === undefined) return ok({ sender });
  const area = await areaOf(ctx, template, templateArea);
  return area.ok ? ok({ sender, area: area.value }) : area;
}

/** A step of its own, so that whatever ends these reads leaves nothing behind. */
export const checkFirst: Step<CampaignState> = {
  name: "check_sender",
  effect: "none",
  repeatable: true,
  done: ({ sender }) => sender !== undefined,
  async run({ state, post }, ctx) {
    const found = await preview(ctx, post);
    return found.ok ? ok({ state: { ...state, ...found.value } }) : found;
  },
};

function recipientsOf(post: OutgoingPost): object {
  const { segment } = optionsOf(post);
  const chosen = segment !== undefined && { segment_opts: { saved_segment_id: Number(segment) } };
  return { list_id: post.destination, ...chosen };
}

/** The body of `POST /campaigns`. @source platforms/mailchimp.md "Publishing a campaign", 1 */
export function campaignBody(post: OutgoingPost, sender: CampaignState["sender"], title: string): object {
  const { subject, previewText } = optionsOf(post);
  return {
    type: "regular",
    recipients: recipientsOf(post),
    settings: {
      subject_line: subject,
      ...(previewText && { preview_text: previewText }),
      title,
      from_name: sender?.fromName,
      reply_to: sender?.replyTo,
    },
  };
}

const Created = z.object({ id: Id });
export const createCampaign = (ctx: ConnectorContext, json: object) =>
  api.read(ctx, { method: "POST", path: "campaigns", json }, Created);

/** What is put into the campaign: the post in a plain layout, or in its place in a template. */
export function contentBody(post: OutgoingPost, { pictures = [], area }: CampaignState): object {
  const { template } = optionsOf(post);
  if (template === undefined) return { html: htmlOf(post, pictures), plain_text: plainTextOf(post) };
  return { template: { id: Number(template), sections: { [area ?? ""]: bodyOf(post, pictures) } } };
}

export const putContent = (ctx: ConnectorContext, id: string, json: object) =>
  api.send(ctx, { method: "PUT", path: ["campaigns", id, "content"], json, about: "object", field: "text" });

const Drafts = z.object({ campaigns: rowsOf(z.object({ id: Id, settings: z.object({ title: z.string() }) })) });

/** The campaign an earlier try of this job made and whose name was lost, whatever has become of it meanwhile. */
async function findDraft(ctx: ConnectorContext, title: string): PlatformResult<string | undefined> {
  const read = await api.get(ctx, "campaigns", Drafts, {
    query: {
      sort_field: "create_time",
      sort_dir: "DESC",
      count: 100,
      fields: "campaigns.id,campaigns.settings.title",
    },
  });
  return read.ok ? ok(read.value.campaigns.find(({ settings }) => settings.title === title)?.id) : read;
}

type Prepared = { readonly title: string };

/** One campaign for a job: its title holds a word of ours, by which one whose answer was lost is found again. */
export const create: Step<CampaignState, Prepared> = {
  name: "create_campaign",
  effect: "invisible",
  repeatable: false,
  done: ({ campaignId }) => campaignId !== undefined,
  prepare({ post, randomBits }) {
    const { title, subject = "" } = optionsOf(post);
    return { title: `${title ?? subject} (${randomBits(40).toString(36)})` };
  },
  async run({ state, post, prepared: { title } }, ctx) {
    const known = await findDraft(ctx, title);
    if (!known.ok) return known;
    if (known.value !== undefined) return ok({ state: { ...state, campaignId: known.value } });
    const made = await createCampaign(ctx, campaignBody(post, state.sender, title));
    return made.ok ? ok({ state: { ...state, campaignId: made.value.id } }) : made;
  },
};

/** Replaces all that was there, so it may be repeated. */
export const fill: Step<CampaignState> = {
  name: "put_content",
  effect: "invisible",
  repeatable: true,
  done: ({ hasContent }) => hasContent === true,
  async run({ state, post }, ctx) {
    const id = state.campaignId ?? "";
    const put = await putContent(ctx, id, contentBody(post, state));
    if (put.ok) return ok({ state: { ...state, hasContent: true } });
    if (!put.error.refused || put.error.status !== 400) return put;
    // Only a draft takes content, and the refusal does not say that this is none.
    const now = await readCampaign(ctx, id);
    return now.ok && now.value.status !== "save" ? fail(notDraft(now.value.status)) : put;
  },
};

const Checklist = z.object({
  is_ready: z.boolean(),
  items: rowsOf(
    z.object({ type: z.string(), heading: z.string().default(""), details: z.string().default("") }),
  ).default([]),
});

/** Which part of the post an item of the checklist is about, by its words; Mailchimp gives no code. */
const blamed: readonly (readonly [RegExp, string])[] = [
  [/subject/i, "options.subject"],
  [/segment|tag/i, "options.segment"],
  [/from|reply|sender|domain/i, "options.replyTo"],
  [/list|audience|recipient|subscriber/i, "destination"],
  [/content|template|html/i, "text"],
];

/** What stands between a campaign and its sending; undefined: nothing. */
export async function readChecklist(ctx: ConnectorContext, id: string): PlatformResult<PlatformFailure | undefined> {
  const path = ["campaigns", id, "send-checklist"];
  const read = await api.get(ctx, path, Checklist, { about: "object", field: "post" });
  if (!read.ok) return read;
  const { is_ready, items } = read.value;
  if (is_ready) return ok(undefined);
  const errors = items.filter(({ type }) => type === "error");
  const said = errors.map(({ heading, details }) => [heading, details].filter(Boolean).join(": ")).join(" ");
  const heading = errors[0] ? `${errors[0].heading} ${errors[0].details}` : "";
  return ok({
    kind: "content_rejected",
    field: blamed.find(([words]) => words.test(heading))?.[1] ?? "post",
    reason: "checklist",
    message: said
      ? `Mailchimp's checklist for this campaign says: ${said}`.slice(0, 1_000)
      : "Mailchimp's checklist says that this campaign is not ready, and not why. Open the draft in Mailchimp.",
  });
}

/**
 * The segment a campaign goes to: by its number, or as the one condition Mailchimp makes of a tag; undefined: all. Conditions
 * of somebody's own have no number and are no segment a post could name.
 */
function chosenIn(opts: NonNullable<Campaign["recipients"]>["segment_opts"]): string | undefined {
  const { saved_segment_id: id = "0", conditions = [] } = opts ?? {};
  if (id !== "0") return id;
  const [only, ...others] = conditions;
  return only && (others.length === 0 ? (only.value ?? "") : "");
}

/**
 * Who would get it is who the post names, read from Mailchimp right before the order: somebody may have changed the draft,
 * or deleted the segment, and what Mailchimp does with a campaign whose segment is gone it does not say.
 */
async function checkAudience(ctx: ConnectorContext, post: OutgoingPost, found: Campaign): PlatformResult<void> {
  const { segment } = optionsOf(post);
  const { list_id: list, segment_opts: opts } = found.recipients ?? {};
  const changed = (field: string, what: string): PlatformFailure => ({
    kind: "content_rejected",
    field,
    reason: "audience_changed",
    message: `The draft in Mailchimp goes to another ${what} than this post names. Somebody changed it there; nothing was sent.`,
  });
  if (list !== post.destination) return fail(changed("destination", "audience"));
  if (chosenIn(opts) !== segment) return fail(changed("options.segment", "segment"));
  if (segment === undefined) return ok(undefined);
  return checkSegment(ctx, list ?? "", segment);
}

/** Naming the same recipients again makes Mailchimp count anew where it forgot to. @source platforms/mailchimp.md "Publishing a campaign", 3 */
export const countAnew: Step<CampaignState> = {
  name: "count_anew",
  effect: "invisible",
  repeatable: true,
  done: ({ counting }) => counting !== "stuck",
  async run({ state, post }, ctx) {
    const path = ["campaigns", state.campaignId ?? ""];
    const json = { recipients: recipientsOf(post) };
    const sent = await api.send(ctx, { method: "PATCH", path, json, about: "object", field: "destination" });
    // A help that is refused changes nothing; what stands is read next.
    return sent.ok || sent.error.refused ? ok({ state: { ...state, counting: "anew" } }) : sent;
  },
};

const MINUTE_MS = 60_000;
/** An account that makes many campaigns in a row waits for minutes; what takes longer may be stuck. */
const STUCK_MS = 5 * MINUTE_MS;
const COUNTED_WITHIN_MS = 10 * MINUTE_MS;
const nobody: PlatformFailure = {
  kind: "content_rejected",
  field: "destination",
  reason: "no_recipients",
  message:
    "Nobody would get this campaign: the audience, or the segment of it, has no subscribed contact. Choose another.",
};

function uncounted({ counting: _, ...state }: CampaignState): CampaignState {
  return state;
}

export const notDraft = (status: string): PlatformFailure => ({
  kind: "content_rejected",
  field: "post",
  reason: "not_a_draft",
  message: `This campaign is no draft any more: Mailchimp says "${status}". Somebody changed it there.`,
});

/**
 * Recipients are counted a while after the campaign was made, and until then Mailchimp refuses to send. Then its checklist
 * is read: the answer to the sending itself says less. A step of its own, so that whatever ends these reads leaves no doubt
 * about the mail. @source platforms/mailchimp.md "Publishing a campaign", 3
 */
export const awaitReady: Step<CampaignState> = awaitStep<CampaignState>({
  name: "wait_until_ready",
  done: ({ readyAt, isTaken }) => readyAt !== undefined || isTaken === true,
  async look({ state, post }, ctx) {
    const waitedMs = state.polled ? ctx.clock.now().getTime() - Date.parse(state.polled.since) : 0;
    // Somebody tries again what ended then, with people in the audience meanwhile.
    if (waitedMs > COUNTED_WITHIN_MS + MINUTE_MS) return ok({ state: uncounted(state), waitMs: 2_000 });
    const id = state.campaignId ?? "";
    const read = await readCampaign(ctx, id);
    if (!read.ok) return read;
    const { status } = read.value;
    // By an order whose answer was lost, or by hand: it is this campaign, and it is out.
    if (isOut(read.value)) return ok({ state: { ...state, isTaken: true } });
    const isHeld = status === "schedule" && state.publishAt !== undefined;
    if (status !== "save" && !isHeld) return fail(notDraft(status));
    const readyAt = ctx.clock.now().toISOString();
    if (isHeld) return ok({ state: { ...state, readyAt } });
    const checked = await checkAudience(ctx, post, read.value);
    if (!checked.ok) return checked;
    if ((read.value.recipients?.recipient_count ?? 0) === 0) {
      const isStuck = state.counting === undefined && waitedMs >= STUCK_MS;
      return ok(isStuck ? { state: { ...state, counting: "stuck" } } : { working: true });
    }
    const problem = await readChecklist(ctx, id);
    if (!problem.ok) return problem;
    if (problem.value) return fail(problem.value);
    return ok({ state: { ...state, readyAt } });
  },
  pace: { firstMs: 2_000, mostMs: MINUTE_MS, endMs: COUNTED_WITHIN_MS },
  atEnd: () => nobody,
});
