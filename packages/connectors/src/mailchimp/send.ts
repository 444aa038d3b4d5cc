import {
  awaitStep,
  type ConnectorContext,
  type PlatformFailure,
  type PlatformResult,
  type ProbeAnswer,
  type Progress,
  type Step,
} from "@postd/connector-kit";
import { fail, ok } from "@postd/contracts";
import { api, isOut, mailsOf, readCampaign, refOf } from "./api.ts";
import { notDraft, readChecklist } from "./campaign.ts";
import type { CampaignState } from "./state.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** As often Mailchimp may say that it counts anew, and it is waited for. */
const MOST_UNREADY = 20;

/** What was read before is read again where the order waited since: somebody may have sent it, or sent it again. */
const READY_FOR_MS = 2 * MINUTE_MS;

/** The state to look again with, where the last look is too old for an order. */
function unlooked({ readyAt = "", ...state }: CampaignState, { clock }: ConnectorContext): CampaignState | undefined {
  return clock.now().getTime() - Date.parse(readyAt) < READY_FOR_MS ? undefined : state;
}

/** Mailchimp's refusal in the words of its checklist, which say more; the refusal itself stays what proves it. */
export async function withChecklist(
  ctx: ConnectorContext,
  id: string,
  refusal: PlatformFailure,
): Promise<PlatformFailure> {
  const { status, platformCode, requestId, refused } = refusal;
  const problem = await readChecklist(ctx, id);
  if (!problem.ok || !problem.value) return refusal;
  return {
    ...problem.value,
    ...(status !== undefined && { status }),
    ...(platformCode !== undefined && { platformCode }),
    ...(requestId !== undefined && { requestId }),
    ...(refused && { refused }),
  };
}

/** Only Mailchimp's documented words say that a call was not taken; then it is asked what stands now. */
async function refusedSend(
  ctx: ConnectorContext,
  state: CampaignState,
  refusal: PlatformFailure,
): PlatformResult<Progress<CampaignState>> {
  const id = state.campaignId ?? "";
  if (!refusal.refused || refusal.status !== 400) return fail(refusal);
  const now = await readCampaign(ctx, id);
  // A campaign that is out is refused too: an earlier order was taken.
  if (now.ok && isOut(now.value)) return ok({ state: { ...state, isTaken: true } });
  if (refusal.platformCode === "recipients_not_ready") {
    const { readyAt: _, ...again } = state;
    const unready = (state.unready ?? 0) + 1;
    if (unready <= MOST_UNREADY) return ok({ state: { ...again, unready }, refused: true, waitMs: 5_000 });
  }
  return fail(await withChecklist(ctx, id, refusal));
}

/** What a look at the campaign says of an order whose answer was lost. */
async function probe(
  { state }: { readonly state: CampaignState },
  ctx: ConnectorContext,
): PlatformResult<ProbeAnswer<CampaignState>> {
  const read = await readCampaign(ctx, state.campaignId ?? "");
  if (!read.ok)
    return read.error.status === 404 ? ok({ kind: "not_seen", looked: "the campaign, which is gone" }) : read;
  const { status, emails_sent } = read.value;
  const isHeld = state.publishAt !== undefined && status === "schedule";
  if (isOut(read.value) || isHeld) {
    const live = refOf(read.value);
    const candidate = { ...live, ours: true, state: { ...state, isTaken: true as const, ...(isHeld && { live }) } };
    return ok({ kind: "found", candidates: [candidate] });
  }
  // A draft may be one whose order is still on its way.
  const looked = `the campaign, which Mailchimp calls "${status}", with ${emails_sent} mails sent`;
  return ok({ kind: "not_seen", looked });
}

/**
 * Sends it. Whatever becomes of the answer, this is never said twice by itself: whether a second order in that moment could
 * mail everybody twice, Mailchimp does not say. @source platforms/mailchimp.md "Publishing a campaign", 5
 */
export const send: Step<CampaignState> = {
  name: "send_campaign",
  effect: "visible",
  repeatable: false,
  timeoutMs: 120_000,
  settleMs: MINUTE_MS,
  done: ({ isTaken, publishAt }) => isTaken === true || publishAt !== undefined,
  async run({ state }, ctx) {
    const stale = unlooked(state, ctx);
    if (stale) return ok({ state: stale });
    const id = state.campaignId ?? "";
    const path = ["campaigns", id, "actions", "send"];
    const sent = await api.send(ctx, {
      method: "POST",
      path,
      // Mailchimp itself ends a call after two minutes.
      timeoutMs: 110_000,
      about: "object",
      field: "post",
      did: "send the campaign",
    });
    return sent.ok ? ok({ state: { ...state, isTaken: true } }) : refusedSend(ctx, state, sent.error);
  },
  probe,
};

/** Names one campaign and one time, so saying it again changes nothing. @source platforms/mailchimp.md "Scheduling" */
export const schedule: Step<CampaignState> = {
  name: "schedule_campaign",
  effect: "visible",
  repeatable: true,
  settleMs: MINUTE_MS,
  done: ({ isTaken, publishAt }) => isTaken === true || publishAt === undefined,
  async run({ state }, ctx) {
    const { campaignId = "", publishAt = "" } = state;
    const before = await readCampaign(ctx, campaignId);
    if (!before.ok) return before;
    const live = refOf(before.value);
    const taken = { state: { ...state, isTaken: true as const, live }, published: live };
    if (isOut(before.value) || before.value.status === "schedule") return ok(taken);
    const stale = unlooked(state, ctx);
    if (stale) return ok({ state: stale });
    const asked = await askForTime(ctx, campaignId, publishAt);
    if (asked.ok) return ok(taken);
    return asked.error.refused ? fail(await withChecklist(ctx, campaignId, asked.error)) : asked;
  },
  probe,
};

/** A plan that does not schedule says 403 as well; the account is not to blame for that, and sends what POSTD holds. */
export async function askForTime(ctx: ConnectorContext, id: string, schedule_time: string): PlatformResult<void> {
  const asked = await api.send(ctx, {
    method: "POST",
    path: ["campaigns", id, "actions", "schedule"],
    json: { schedule_time },
    about: "object",
    field: "scheduledFor",
    did: "schedule the campaign",
  });
  if (asked.ok) return ok(undefined);
  const { error } = asked;
  const isPlan =
    error.refused && error.status === 403 && error.kind === "account_blocked" && error.platformCode !== "disabled";
  return fail(
    isPlan
      ? { ...error, kind: "content_rejected", field: "scheduledFor", reason: "not_schedulable", message: noPlan }
      : error,
  );
}
const noPlan =
  "This Mailchimp user or plan may not schedule campaigns. Leave nativeSchedule out, and POSTD sends it at any minute.";

/** Large audiences take hours; a campaign of which mail has left is out. One that is reviewed says `sending` too. */
const SENT_WITHIN_MS = 10 * MINUTE_MS;

/** An order that was taken and not followed for so long. */
const BEGUN_WITHIN_MS = 30 * MINUTE_MS;
const notBegun: PlatformFailure = {
  kind: "content_rejected",
  field: "post",
  reason: "not_begun",
  message: "Mailchimp took the order to send and still calls the campaign a draft half an hour later. Look there.",
};

/** Asks until it is out. Mailchimp holds mail of new accounts for a review of its own. */
export const awaitSent: Step<CampaignState> = awaitStep<CampaignState>({
  name: "wait_until_sent",
  done: ({ live }) => live !== undefined,
  async look({ state }, ctx) {
    const read = await readCampaign(ctx, state.campaignId ?? "");
    if (!read.ok) return read;
    const { status } = read.value;
    const waitedMs = state.polled ? ctx.clock.now().getTime() - Date.parse(state.polled.since) : 0;
    const isGoing = status === "sending" && (waitedMs < SENT_WITHIN_MS || mailsOf(read.value) === 0);
    if (isOut(read.value) && !isGoing) {
      const live = refOf(read.value);
      return ok({ state: { ...state, live }, published: live });
    }
    // One that is still `canceling` may have mail that leaves before it ends.
    if (status === "canceled") return fail(notDraft(status));
    if (status === "save" && waitedMs > BEGUN_WITHIN_MS) return fail(notBegun);
    return ok({ working: true, ...(waitedMs > HOUR_MS && { toldMs: HOUR_MS }) });
  },
  pace: { firstMs: 2_000, mostMs: MINUTE_MS, endMs: 72 * HOUR_MS },
  atEnd: () => ({
    kind: "unavailable",
    message: "Mailchimp took the campaign three days ago and has not sent it. It may be under review; look there.",
  }),
});
