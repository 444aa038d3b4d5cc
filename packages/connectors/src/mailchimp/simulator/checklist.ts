import type { Route } from "@postd/connector-kit/simulator";
import { z } from "zod";
import { addresseesOf } from "./audience.ts";
import { answer, api, campaignOf, fieldQuery, route } from "./call.ts";
import type { Campaign } from "./model.ts";
import type { World } from "./world.ts";

interface Item {
  readonly type: "success" | "warning" | "error";
  readonly id: number;
  readonly heading: string;
  readonly details: string;
}

const free = ["gmail.com", "yahoo.com", "outlook.com", "hotmail.com"];

/** Whether mail may go out under this address: its domain is verified in the account. */
export function isVerifiedSender({ account }: Campaign, address: string): boolean {
  return account.domains.get(address.split("@")[1]?.toLowerCase() ?? "")?.verified === true;
}

export const isCounted = (world: World, { countedAt, recipients }: Campaign): boolean =>
  recipients !== undefined && countedAt <= world.env.now().getTime();

/** 0 until the recipients were counted. */
export const countOf = (world: World, campaign: Campaign): number =>
  campaign.recipients && isCounted(world, campaign) ? addresseesOf(world, campaign.recipients).length : 0;

export function checklistOf(world: World, campaign: Campaign): readonly Item[] {
  const items: Item[] = [];
  const check = (id: number, heading: string, problem: string | undefined, fine: string) =>
    items.push({ id, heading, type: problem === undefined ? "success" : "error", details: problem ?? fine });
  const { recipients, settings, html, plainText, type } = campaign;
  const said = (name: string) => String(settings[name] ?? "");
  const replyTo = said("reply_to");
  check(100, "Audience", audienceProblem(world, campaign), `${recipients?.audience.name}`);
  check(
    200,
    "Subject Line",
    said("subject_line") ? undefined : "You need to enter a subject line.",
    said("subject_line"),
  );
  check(300, "From Name", said("from_name") ? undefined : "You need to enter a from name.", said("from_name"));
  check(310, "Replies", senderProblem(campaign, replyTo), `All replies will go to ${replyTo}.`);
  if (free.includes(replyTo.split("@")[1] ?? ""))
    items.push({ id: 320, heading: "Sender", type: "warning", details: "Mail from free addresses may not arrive." });
  const text = type === "plaintext" ? plainText : html;
  check(400, "Content", text ? undefined : "You need to design your email's content.", "The content is there.");
  return items;
}

function audienceProblem(world: World, campaign: Campaign): string | undefined {
  const { recipients } = campaign;
  if (recipients === undefined) return "You need to choose an audience.";
  if (!isCounted(world, campaign)) return "Your recipients are still being counted.";
  if (countOf(world, campaign) > 0) return undefined;
  return recipients.saved || recipients.conditions?.length
    ? "Your advanced segment is empty. Choose another segment."
    : "There are no subscribers in your audience.";
}

function senderProblem(campaign: Campaign, replyTo: string): string | undefined {
  if (replyTo === "") return "You need to enter a reply-to address.";
  return isVerifiedSender(campaign, replyTo) ? undefined : `The domain of ${replyTo} is not verified.`;
}

export const checklistRoutes: readonly Route<World>[] = [
  route("GET", api("campaigns/:campaign/send-checklist"), {
    query: z.strictObject(fieldQuery),
    handle(call) {
      const items = checklistOf(call.world, campaignOf(call));
      return answer(call.query, { is_ready: items.every(({ type }) => type !== "error"), items, _links: [] });
    },
  }),
];
