import type { Format } from "@postd/connector-kit";
import { awaitReady, checkFirst, countAnew, create, fill } from "./campaign.ts";
import { pictureRule, textLimit } from "./options.ts";
import { hostPictures } from "./pictures.ts";
import { awaitSent, schedule, send } from "./send.ts";
import { type CampaignState, startState } from "./state.ts";

export const formats: Readonly<Record<string, Format<CampaignState>>> = {
  campaign: {
    label: "Campaign",
    media: pictureRule,
    text: textLimit,
    start: startState,
    steps: [checkFirst, hostPictures, create, fill, countAnew, awaitReady, send, schedule, awaitSent],
  },
};
