import { retryAfterMs, type Secret } from "@postd/connector-kit";
import { fail, type NoticeChannelKind, ok } from "@postd/contracts";
import { type Chat, type ChatRefusal, chatHosts } from "@postd/core";
import type { Egress } from "../egress/egress.ts";

type Message = Parameters<Chat["send"]>[2];

const timeoutMs = 20_000;

/**
 * Slack's and Discord's incoming webhooks, through egress. Whatever a name holds, nobody is called by it: Slack's control
 * characters are escaped, and Discord is told to parse no mention.
 * @source https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks, .../formatting-message-text#escaping,
 * https://api.slack.com/changelog/2016-05-17-changes-to-errors-for-incoming-webhooks, Discord's resources/webhook (2026-11)
 */
export function createWebhookChat(deps: {
  readonly egress: Pick<Egress, "forStep">;
  readonly clock: { now(): Date };
}): Chat {
  return {
    async send(kind, address, message) {
      const http = deps.egress.forStep({
        provider: { hosts: chatHosts(kind) },
        effect: "invisible",
        repeatable: false,
        timeoutMs,
        simulated: false,
      });
      const answer = await http.request({ method: "POST", url: targetOf(kind, address), json: bodyOf(kind, message) });
      if (!answer.ok) {
        const isLost = answer.error.kind === "outcome_unknown";
        return fail({
          again: true,
          ...(isLost ? { lost: true as const } : {}),
          message: `${nameOf(kind)} could not be reached.`,
        });
      }
      const { status } = answer.value;
      if (status >= 200 && status < 300) return ok(undefined);
      return fail(
        refusalOf(kind, status, answer.value.text, status === 429 ? retryAfterMs(answer.value, deps.clock) : undefined),
      );
    },
  };
}

const nameOf = (kind: NoticeChannelKind): string => (kind === "slack" ? "Slack" : "Discord");

/** Discord answers with the message it made, so that a refusal is seen. */
const targetOf = (kind: NoticeChannelKind, address: Secret): string =>
  kind === "slack" ? address.reveal() : `${address.reveal()}?wait=true`;

function bodyOf(kind: NoticeChannelKind, { title, text, link }: Message): object {
  if (kind === "slack") {
    const shown = link === undefined ? "" : `\n<${link.url}|${slackText(link.label)}>`;
    return { text: `*${slackText(title)}*\n${slackText(text)}${shown}`.slice(0, 3_900) };
  }
  const shown = link === undefined ? "" : `\n[${discordText(link.label)}](<${link.url}>)`;
  const said = `**${discordText(title)}**\n${discordText(text)}`;
  // 2,000 characters; the link is never cut.
  return { content: `${said.slice(0, 1_990 - shown.length)}${shown}`, allowed_mentions: { parse: [] } };
}

const slackText = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll("*", "∗");

const discordText = (text: string): string => text.replace(/[\\*_~`|>[\]()#]/g, "\\$&");

/** A webhook that is gone or forbidden stays so; all else may pass. The body is a word of Slack's, or a code of Discord's. */
function refusalOf(kind: NoticeChannelKind, status: number, body: string, waitMs: number | undefined): ChatRefusal {
  const said = /^[a-z_]{3,60}$/.test(body.trim()) ? ` (${body.trim()})` : "";
  if (status === 429)
    return {
      again: true,
      message: `${nameOf(kind)} asks to wait.`,
      ...(waitMs === undefined ? {} : { retryAfterMs: waitMs }),
    };
  if (status >= 500 || status === 408) return { again: true, message: `${nameOf(kind)} answered ${status}${said}.` };
  const why =
    status === 410 || said.includes("archived")
      ? "the channel is archived or gone"
      : status === 401 || status === 403 || status === 404
        ? "the webhook was removed, or may not write there any more"
        : "it does not take what was sent";
  return { again: false, message: `${nameOf(kind)} refused with ${status}${said}: ${why}.` };
}
