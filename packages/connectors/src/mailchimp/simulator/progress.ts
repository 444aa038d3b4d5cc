import { addresseesOf } from "./audience.ts";
import { tellCampaign } from "./events.ts";
import type { Campaign } from "./model.ts";
import type { World } from "./world.ts";

// save -> schedule -> sending -> sent; a review keeps it in sending or paused, a cancelled one ends as canceled.

/** E-mails begin to leave now: whom it goes to is settled. `extraMs`: how much slower than usual. */
export function beginSending(world: World, campaign: Campaign, at: number, extraMs = 0): void {
  const { review, sendMs } = world.settings;
  campaign.status = review === "paused" ? "paused" : "sending";
  campaign.sendAt = at;
  campaign.addressees = campaign.recipients ? addresseesOf(world, campaign.recipients).length : 0;
  if (review === "none") campaign.sendEndsAt = at + sendMs + extraMs;
}

/** The review is over: what was held goes out. */
export function release(world: World, campaign: Campaign, at: number): void {
  campaign.status = "sending";
  campaign.sendAt = at;
  campaign.sendEndsAt = at + world.settings.sendMs;
}

function sendSome(world: World, campaign: Campaign, now: number): void {
  const { sendAt = now, sendEndsAt, addressees } = campaign;
  if (sendEndsAt === undefined) return;
  if (now < sendEndsAt) {
    campaign.emailsSent = Math.floor((addressees * (now - sendAt)) / (sendEndsAt - sendAt));
    return;
  }
  campaign.emailsSent = addressees;
  campaign.status = "sent";
  tellCampaign(world, campaign, sendEndsAt);
}

/** What is due happens, in the order of its times. */
export function pass(world: World): void {
  const now = world.env.now().getTime();
  const due = world.campaigns.all(({ status, sendAt = 0 }) => status === "schedule" && sendAt <= now);
  for (const campaign of due) beginSending(world, campaign, campaign.sendAt ?? now);
  for (const campaign of world.campaigns.all(({ status }) => status === "sending")) sendSome(world, campaign, now);
}
