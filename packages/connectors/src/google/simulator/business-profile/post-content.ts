import { z } from "zod";
import { v4Refusal } from "./v4-words.ts";

// Fact sheet, "Publishing (v4 localPosts)". Recurring events are left out: `recurrenceInfo` is a field nobody knows here.

const count = z.int().min(0);
const Day = z.strictObject({ year: z.int().min(1), month: z.int().min(1).max(12), day: z.int().min(1).max(31) });
const Time = z.strictObject({
  hours: count.max(23).optional(),
  minutes: count.max(59).optional(),
  seconds: count.max(59).optional(),
  nanos: count.optional(),
});
const Schedule = z.strictObject({ startDate: Day, startTime: Time, endDate: Day, endTime: Time }).partial();

/** What a client may say of a post; what Google alone says is refused. */
export const Content = z
  .strictObject({
    languageCode: z.string(),
    summary: z.string(),
    topicType: z.enum(["STANDARD", "EVENT", "OFFER", "ALERT"]),
    alertType: z.enum(["COVID_19"]),
    callToAction: z.strictObject({
      actionType: z.enum(["BOOK", "ORDER", "SHOP", "LEARN_MORE", "SIGN_UP", "GET_OFFER", "CALL"]).optional(),
      url: z.string().optional(),
    }),
    media: z.array(z.strictObject({ mediaFormat: z.enum(["PHOTO", "VIDEO"]), sourceUrl: z.string() }).partial()),
    event: z.strictObject({ title: z.string(), schedule: Schedule }).partial(),
    offer: z
      .strictObject({ couponCode: z.string(), redeemOnlineUrl: z.string(), termsConditions: z.string() })
      .partial(),
    scheduledTime: z.iso.datetime({ offset: true }),
  })
  .partial();
export type Content = z.output<typeof Content>;

const [mostSummary, mostTitle] = [1500, 58];
const isWeb = (url: string): boolean => /^https?:$/.test(URL.parse(url)?.protocol ?? "");

/** Refuses what the API refuses at once; what moderation minds is not seen here. */
export function checkContent(content: Content, { offerButton }: { readonly offerButton: "invalid" | "ignored" }): void {
  const { summary = "", topicType, alertType, media = [] } = content;
  if (topicType === undefined) throw v4Refusal("required", "topic_type", "Topic type is required for post creation.");
  if ([...summary].length > mostSummary)
    throw v4Refusal("common", "summary", `Must be at most ${mostSummary} characters`);
  if (topicType === "STANDARD" && summary.trim() === "" && media.length === 0)
    throw v4Refusal("required", "summary", "Summary or media is required.");
  if ((topicType === "ALERT") !== (alertType !== undefined))
    throw v4Refusal("required", "alert_type", "Alert type is required for alerts, and for alerts only.");
  checkButton(content, offerButton);
  checkEvent(content);
  if (content.offer && topicType !== "OFFER")
    throw v4Refusal("common", "offer", "Offer is allowed for offer posts only.");
  if (media.length > 1) throw v4Refusal("common", "media", "Too many media items.");
}

function checkButton({ callToAction, topicType }: Content, offerButton: "invalid" | "ignored"): void {
  if (callToAction === undefined) return;
  if (topicType === "OFFER") {
    if (offerButton === "ignored") return;
    throw v4Refusal("common", "call_to_action", "Call to action is not allowed for offer posts.");
  }
  const { actionType, url } = callToAction;
  if (actionType === undefined) throw v4Refusal("required", "call_to_action.action_type", "Action type is required.");
  if (actionType === "GET_OFFER")
    throw v4Refusal("common", "call_to_action.action_type", "GET_OFFER is deprecated, use an offer post.");
  if (actionType === "CALL" ? url !== undefined : url === undefined || !isWeb(url))
    throw v4Refusal(
      actionType === "CALL" || url !== undefined ? "common" : "required",
      "call_to_action.url",
      actionType === "CALL" ? "URL must not be set for CALL." : "A valid URL is required.",
    );
}

function checkEvent({ event, topicType }: Content): void {
  const isDue = topicType === "EVENT" || topicType === "OFFER";
  if (!isDue && event) throw v4Refusal("common", "event", "Event is allowed for event and offer posts only.");
  if (!isDue) return;
  const { title = "", schedule: { startDate, startTime, endDate, endTime } = {} } = event ?? {};
  if (title.trim() === "") throw v4Refusal("required", "event.title", "Event title is required.");
  if ([...title].length > mostTitle)
    throw v4Refusal("common", "event.title", `Must be at most ${mostTitle} characters`);
  if (!startDate || !startTime || !endDate || !endTime)
    throw v4Refusal("required", "event.schedule", "Time interval must contain all fields.");
  // Wall clocks of one place, without a zone: their parts compare as they are.
  const [start, end] = [wallClock(startDate, startTime), wallClock(endDate, endTime)];
  if (end < start) throw v4Refusal("common", "event.schedule", "The end must not be before the start.");
}

const wallClock = (
  { year, month, day }: z.output<typeof Day>,
  { hours = 0, minutes = 0, seconds = 0 }: z.output<typeof Time>,
): string => [year, month, day, hours, minutes, seconds].map((part) => String(part).padStart(4, "0")).join("-");

/** A telephone number, as far as anybody can tell one from a date, a price or a code. */
const phone = /(?:\+\d|\(0?\d|\b0\d)[\d ()./-]{5,}\d|\b\d{3}[-. ]\d{3}[-. ]\d{4}\b/;

/** Moderation refuses these without a reason: a button is there for calls. */
export const offends = ({ summary = "" }: Content): boolean => phone.test(summary);
