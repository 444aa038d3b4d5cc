import { type Publishing, unlessGone } from "@postd/connector-kit";
import { ok } from "@postd/contracts";
import { api } from "./api.ts";
import { campaignBody, contentBody, createCampaign, preview, putContent } from "./campaign.ts";
import { optionsOf } from "./options.ts";
import { hostPicture } from "./pictures.ts";

/** Mailchimp takes a handful of addresses at a time. */
const MOST = 5;

/**
 * A test mail is sent from a draft of its own, which goes when it is sent: the one the job sends later is never touched.
 * @source platforms/mailchimp.md "Publishing a campaign", 4
 */
export const trial: NonNullable<Publishing["trial"]> = {
  formats: ["campaign"],
  to: "email",
  max: MOST,
  async run(post, to, ctx) {
    const found = await preview(ctx, post);
    if (!found.ok) return found;
    const pictures: string[] = [];
    for (const [index, item] of post.media.entries()) {
      const hosted = await hostPicture(ctx, item, index);
      if (!hosted.ok) return hosted;
      pictures.push(hosted.value);
    }
    const title = `Test: ${optionsOf(post).subject ?? ""}`;
    const made = await createCampaign(ctx, campaignBody(post, found.value.sender, title));
    if (!made.ok) return made;
    const { id } = made.value;
    const filled = await putContent(ctx, id, contentBody(post, { ...found.value, pictures }));
    const path = ["campaigns", id];
    const sent = filled.ok
      ? await api.send(ctx, {
          method: "POST",
          path: [...path, "actions", "test"],
          json: { test_emails: to.slice(0, MOST), send_type: "html" },
          field: "to",
          did: "send the test",
        })
      : filled;
    const gone = unlessGone(await api.send(ctx, { method: "DELETE", path, effect: "invisible" }));
    if (!gone.ok) ctx.log.warn({ kind: gone.error.kind }, "the draft of a Mailchimp test mail stays in the account");
    return sent.ok ? ok(undefined) : sent;
  },
};
