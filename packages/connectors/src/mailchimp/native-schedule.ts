import {
  type AccountRef,
  type ConnectorContext,
  type NativeSchedule,
  type PlatformFailure,
  type PlatformResult,
  type PostProblem,
  type PublishedRef,
  unlessGone,
} from "@postd/connector-kit";
import { fail, ok } from "@postd/contracts";
import { api, isOut, readCampaign, refOf } from "./api.ts";
import { askForTime, withChecklist } from "./send.ts";

const MINUTE_MS = 60_000;
const QUARTER_MS = 15 * MINUTE_MS;
const DAY_MS = 24 * 60 * MINUTE_MS;

const clockTime = (ms: number): string => `${new Date(ms).toISOString().slice(0, 16).replace("T", " ")} UTC`;

/** Why Mailchimp would not hold it until then; POSTD's own clock has none of these limits. Pure. */
export function scheduleProblems(publishAt: Date, { extras }: Pick<AccountRef, "extras">): readonly PostProblem[] {
  const problem = (code: string, message: string): PostProblem => ({
    field: "nativeSchedule",
    code,
    message: `${message} Or leave nativeSchedule out: POSTD sends it on time at any minute.`,
    severity: "error",
  });
  const found: PostProblem[] = [];
  const past = publishAt.getTime() % QUARTER_MS;
  if (past !== 0) {
    const before = publishAt.getTime() - past;
    found.push(
      problem(
        "quarter_hours_only",
        `Mailchimp schedules at quarter hours only; the nearest are ${clockTime(before)} and ${clockTime(before + QUARTER_MS)}.`,
      ),
    );
  }
  if (extras.plan === "forever_free")
    found.push(
      problem(
        "plan_without_schedule",
        "The free plan of Mailchimp does not schedule campaigns. Choose another plan there.",
      ),
    );
  return found;
}

const alreadyOut: PlatformFailure = {
  kind: "content_rejected",
  field: "post",
  reason: "already_sent",
  message: "Mailchimp has begun to send it, and mail cannot be called back.",
};

const nowDraft = "It could not be given back its time either and is a draft in Mailchimp now.";

/** Back to a draft; one that is a draft, or gone, already is fine. */
async function unschedule(ref: PublishedRef, ctx: ConnectorContext): PlatformResult<void> {
  const id = ref.externalId;
  const before = await readCampaign(ctx, id);
  if (!before.ok) return unlessGone(before);
  if (isOut(before.value)) return fail(alreadyOut);
  if (before.value.status === "save") return ok(undefined);
  const path = ["campaigns", id, "actions", "unschedule"];
  const sent = await api.send(ctx, { method: "POST", path, about: "object", field: "post", did: "take it back" });
  return sent.ok ? ok(undefined) : sent;
}

async function move(ref: PublishedRef, publishAt: Date, ctx: ConnectorContext): PlatformResult<void> {
  const [problem] = scheduleProblems(publishAt, ctx.account);
  if (problem)
    return fail({ kind: "content_rejected", field: "scheduledFor", reason: problem.code, message: problem.message });
  const before = await readCampaign(ctx, ref.externalId);
  if (!before.ok) return before;
  const taken = await unschedule(ref, ctx);
  if (!taken.ok) return taken;
  const asked = await askForTime(ctx, ref.externalId, publishAt.toISOString());
  if (asked.ok) return ok(undefined);
  if (!asked.error.refused) return asked;
  const refusal = await withChecklist(ctx, ref.externalId, asked.error);
  // Refused, it keeps the time it had: a draft would go out at no time.
  const { status, send_time } = before.value;
  const kept = status === "schedule" && send_time ? await askForTime(ctx, ref.externalId, send_time) : ok(undefined);
  return fail(kept.ok ? refusal : { ...refusal, message: `${refusal.message} ${nowDraft}`.slice(0, 1_000) });
}

async function verify(ref: PublishedRef, ctx: ConnectorContext) {
  const read = await readCampaign(ctx, ref.externalId);
  if (!read.ok) return read.error.status === 404 ? ok({ state: "gone" as const }) : read;
  if (isOut(read.value)) return ok({ ...refOf(read.value), state: "live" as const });
  const isOver = read.value.status === "save" || read.value.status === "canceled";
  return ok({ state: isOver ? ("gone" as const) : ("waiting" as const) });
}

/** Mailchimp's own clock. Its recipients are counted, and its checklist read, before it is asked. */
export const mailchimpSchedule: NativeSchedule = {
  minLeadMs: 2 * QUARTER_MS,
  // Not documented.
  maxLeadMs: 365 * DAY_MS,
  formats: ["campaign"],
  check: scheduleProblems,
  verify,
  cancel: unschedule,
  move,
};
