import { type SimPost, sha256Hex, shownMedia } from "@postd/connector-kit/simulator";
import { archiveOf } from "./campaign-json.ts";
import { decoded, plainTextOf, shownHtml } from "./content.ts";
import type { Campaign } from "./model.ts";
import type { World } from "./world.ts";

/** Pictures of the file manager that the mail shows, with their words, in order. */
function picturesOf(world: World, html: string): SimPost["media"] {
  return [...html.matchAll(/<img\b[^>]*>/gi)].flatMap(([tag]) => {
    const of = (name: string) => decoded(new RegExp(`\\b${name}="([^"]*)"`, "i").exec(tag)?.[1] ?? "");
    const file = world.files.find(({ url }) => url === of("src"));
    return shownMedia(file?.media, of("alt"));
  });
}

function livePost(world: World, campaign: Campaign): SimPost {
  const { id, account, type, settings, recipients, plainText, sendAt = campaign.createdAt } = campaign;
  const html = type === "plaintext" ? "" : shownHtml(campaign);
  const text = plainText || plainTextOf(campaign.html);
  const permalink = archiveOf(world, campaign);
  const segment = recipients?.saved;
  return {
    id,
    platform: "mailchimp",
    accountId: account.id,
    accountName: account.name,
    text,
    createdAt: new Date(sendAt).toISOString(),
    ...(permalink !== "" && { permalink }),
    kind: type,
    media: picturesOf(world, html),
    details: {
      subject: String(settings.subject_line ?? ""),
      previewText: String(settings.preview_text ?? ""),
      fromName: String(settings.from_name ?? ""),
      replyTo: String(settings.reply_to ?? ""),
      audience: recipients ? { id: recipients.audience.id, name: recipients.audience.name } : null,
      segment: segment ? { id: segment.id, name: segment.name, type: segment.type } : null,
      conditions: recipients?.conditions?.length ?? 0,
      status: campaign.status,
      emailsSent: campaign.emailsSent,
      addressees: campaign.addressees,
      html,
      htmlSha256: sha256Hex(html),
      textSha256: sha256Hex(text),
    },
  };
}

/** With its audience as soon as mail leaves; whoever got mail of one that was cancelled or deleted still has it. */
export function livePosts(world: World): readonly SimPost[] {
  // A review holds what has no end yet: nothing of it left.
  const isSeen = ({ status, emailsSent, sendEndsAt }: Campaign) =>
    status === "sent" ||
    (status === "sending" && sendEndsAt !== undefined) ||
    (status === "canceled" && emailsSent > 0);
  return [...world.recalled, ...world.campaigns.all()]
    .filter(isSeen)
    .toSorted((left, right) => (left.sendAt ?? 0) - (right.sendAt ?? 0))
    .map((campaign) => livePost(world, campaign));
}
