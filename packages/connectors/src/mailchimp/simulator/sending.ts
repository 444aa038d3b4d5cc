import type { Route } from "@postd/connector-kit/simulator";
import { z } from "zod";
import { accountOf, api, campaignOf, done, route } from "./call.ts";
import { checklistOf, isCounted, isVerifiedSender } from "./checklist.ts";
import { tellCampaign } from "./events.ts";
import type { Campaign } from "./model.ts";
import { beginSending } from "./progress.ts";
import { badAction, badField, forbidden, notReady, notScheduled, refuse } from "./words.ts";
import type { World } from "./world.ts";

// Fact sheet, "Publishing a campaign" and "Scheduling".

const action = (name: string): string => api(`campaigns/:campaign/actions/${name}`);
const quarterHourMs = 900_000;
const hasError = (world: World, campaign: Campaign) =>
  checklistOf(world, campaign).some(({ type }) => type === "error");

/** The send says less than the checklist. */
function checkReady(world: World, campaign: Campaign): void {
  if (campaign.recipients && !isCounted(world, campaign)) throw notReady("recipients not ready");
  if (!hasError(world, campaign)) return;
  const replyTo = String(campaign.settings.reply_to ?? "");
  throw notReady(replyTo !== "" && !isVerifiedSender(campaign, replyTo) ? `address(es) - ${replyTo}` : "");
}

function checkCompliance({ settings }: World): void {
  if (settings.isSendingDisabled) throw refuse(503, "ComplianceRelated", "This method has been disabled.");
}

export const sendingRoutes: readonly Route<World>[] = [
  route("POST", action("send"), {
    publishes: true,
    handle(call) {
      const { world, now } = call;
      const campaign = campaignOf(call);
      checkCompliance(world);
      if (campaign.status !== "save") throw badAction();
      checkReady(world, campaign);
      beginSending(world, campaign, now.getTime(), call.workMs(0));
      return done;
    },
  }),
  route("POST", action("schedule"), {
    publishes: true,
    body: z.strictObject({
      schedule_time: z.iso.datetime({ offset: true }),
      timewarp: z.boolean().optional(),
      batch_delivery: z.strictObject({ batch_delay: z.int().min(1), batch_count: z.int().min(2) }).optional(),
    }),
    handle(call) {
      const { world, body, now } = call;
      const campaign = campaignOf(call);
      checkCompliance(world);
      if (accountOf(call).plan === "forever_free")
        throw world.settings.freePlanSchedule === 403 ? forbidden() : notScheduled();
      if (body.timewarp && body.batch_delivery)
        throw badField("timewarp", "Timewarp and batch delivery exclude each other");
      const at = Date.parse(body.schedule_time);
      const isDue = at > now.getTime() && at % quarterHourMs === 0;
      if (campaign.status !== "save" || !isDue || hasError(world, campaign)) throw notScheduled();
      campaign.status = "schedule";
      campaign.sendAt = at;
      campaign.timewarp = body.timewarp === true;
      return done;
    },
  }),
  route("POST", action("unschedule"), {
    handle(call) {
      const campaign = campaignOf(call);
      if (campaign.status !== "schedule") throw badAction();
      campaign.status = "save";
      campaign.timewarp = false;
      delete campaign.sendAt;
      return done;
    },
  }),
  route("POST", action("cancel-send"), {
    handle(call) {
      const campaign = campaignOf(call);
      if (!accountOf(call).isPremium) throw forbidden();
      if (campaign.status !== "sending") throw badAction();
      campaign.status = "canceled";
      tellCampaign(call.world, campaign, call.now.getTime());
      return done;
    },
  }),
  route("POST", action("test"), {
    body: z.strictObject({ test_emails: z.array(z.email()).min(1), send_type: z.enum(["html", "plaintext"]) }),
    handle(call) {
      const campaign = campaignOf(call);
      if (campaign.html === "" && campaign.plainText === "") throw notReady();
      campaign.testsSent.push(...call.body.test_emails);
      return done;
    },
  }),
];
