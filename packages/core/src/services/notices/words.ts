import { storableRemark } from "@postd/connector-kit";
import { type NoticeAction, noticeKinds } from "@postd/contracts";
import { z } from "zod";
import type { NoticeRecord } from "../../ports/notices-repo.ts";

/** A notice in words. */
export interface NoticeWords {
  /** Of POSTD's own words and names of platforms only: nobody who is written to chose any of it. */
  readonly subject: string;
  /** With the account's name. */
  readonly title: string;
  readonly text: string;
  readonly action: { readonly kind: NoticeAction; readonly label?: string; readonly path?: string };
}

/** What raised it may have said; what does not fit is as if it were not there. */
const Data = z.object({
  count: z.number().int().min(0).optional().catch(undefined),
  message: z.string().optional().catch(undefined),
  code: z.string().optional().catch(undefined),
  actor: z.string().optional().catch(undefined),
  name: z.string().optional().catch(undefined),
  day: z.string().optional().catch(undefined),
  until: z.coerce.date().optional().catch(undefined),
  earliestAt: z.coerce.date().optional().catch(undefined),
});
export type NoticeData = z.infer<typeof Data>;
export const noticeData = (notice: Pick<NoticeRecord, "data">): NoticeData => Data.catch({}).parse(notice.data);

export interface WordsInput {
  readonly notice: NoticeRecord;
  /** What a platform is called. */
  readonly platformName: (id: string) => string;
  /** Of whoever reads it. */
  readonly timeZone: string;
  /** How a word of somebody outside may stand there; default: as one short line. */
  readonly plain?: (text: string) => string;
}

/** What happened, since when, what waits and what to do. Pure; names are cut and made one line. */
export function noticeWords({ notice, platformName, timeZone, plain = name }: WordsInput): NoticeWords {
  const data = noticeData(notice);
  const [first] = notice.accounts;
  const platforms = [...new Set(notice.accounts.map(({ platform }) => platformName(platform)))];
  const on = platforms.length > 0 ? platforms.slice(0, 3).join(", ") : platformOf(notice, platformName);
  const account = accountWords(notice, platformName, plain);
  const when = (at: Date) => momentIn(at, timeZone);
  const since = `It was seen on ${when(notice.raisedAt)}.`;
  const told = data.message === undefined ? "" : sentence(data.message);
  const said = (input: Omit<NoticeWords, "action">, label?: string): NoticeWords => {
    const { action: kind } = noticeKinds[notice.kind];
    const path = pathOf(kind, notice, first?.connectionId);
    const action = { kind, ...(label === undefined ? {} : { label }), ...(path === undefined ? {} : { path }) };
    const ended = notice.settledAt && !notice.momentary ? `This ended on ${when(notice.settledAt)}.` : "";
    return { ...input, text: [input.text, ended].filter((part) => part !== "").join(" "), action };
  };
  const posts = (count: number) => (count === 1 ? "1 post" : `${count} posts`);
  const theFirst = (at: Date | undefined) => (at ? `, the first of them for ${when(at)}` : "");
  const counted = data.count ?? 1;
  switch (notice.kind) {
    case "connection_attention": {
      const { waiting } = notice;
      const waits = waiting
        ? `${waiting.count === 1 ? `1 post waits for it${waiting.earliestAt ? `, for ${when(waiting.earliestAt)}` : ""}` : `${waiting.count} posts wait for it${theFirst(waiting.earliestAt)}`}. Nothing is lost, and nothing is sent twice.`
        : "No post waits for it.";
      const canSignIn = data.code !== "account_blocked";
      return said(
        {
          subject: canSignIn
            ? `${on}: an account needs to be signed in to again`
            : `${on}: the platform restricts an account`,
          title: canSignIn ? `${account} needs you to sign in again` : `${account} is restricted by the platform`,
          text: [told, since, waits].filter((part) => part !== "").join(" "),
        },
        canSignIn ? "Reconnect" : "Look at the account",
      );
    }
    case "connection_recovered":
      return said(
        {
          subject: `${on}: an account works again`,
          title: `${account} works again`,
          text: `It works since ${when(notice.raisedAt)}. What waited for it is released, or offered to you where its time has passed.`,
        },
        "Look at the account",
      );
    case "connection_expiring":
      return said(
        {
          subject: `${on}: a sign-in ends soon`,
          title: `The sign-in of ${account} ends soon`,
          text: [
            told,
            data.until ? `It ends on ${when(data.until)}.` : "",
            "Sign in again before, and nothing has to wait.",
          ]
            .filter((part) => part !== "")
            .join(" "),
        },
        "Reconnect",
      );
    case "posts_failed":
      return said(
        {
          subject: `${on}: ${posts(counted)} not sent`,
          title: `${posts(counted)} on ${account} could not be sent`,
          text: [told, `They are at the desk, where you send them again, change them or discard them.`]
            .filter((part) => part !== "")
            .join(" "),
        },
        "Look at the desk",
      );
    case "posts_unknown":
      return said(
        {
          subject: `${on}: ${posts(counted)} may be live`,
          title: `${posts(counted)} on ${account} may be live, and only a person can tell`,
          text: "The platform's answer was lost and POSTD could not find out. Look at the platform, then say at the desk whether it is there: until then nothing is sent a second time.",
        },
        "Look at the desk",
      );
    case "posts_missed":
      return said(
        {
          subject: `${on}: ${posts(counted)} missed their time`,
          title: `${posts(counted)} on ${account} missed their time`,
          text: `Their time passed while nothing could be sent${theFirst(data.earliestAt)}. At the desk you send them now, spread them, or drop them.`,
        },
        "Look at the desk",
      );
    case "posts_overdue":
      return said(
        {
          subject: `${on}: ${posts(counted)} waited for over a week`,
          title: `${posts(counted)} on ${account} waited for over a week`,
          text: `They are held and were not sent${theFirst(data.earliestAt)}. Decide at the desk whether they still go out.`,
        },
        "Look at the desk",
      );
    case "platform_outage":
      return said(
        {
          subject: `${on}: the platform does not answer`,
          title: `${on} does not answer`,
          text: [told, since, "Posts to it wait and go out by themselves as soon as it is back."]
            .filter((part) => part !== "")
            .join(" "),
        },
        "Look at the health page",
      );
    case "budget_spent":
      return said(
        {
          subject: `${on}: a quota is used up`,
          title: `What ${on} allows is used up for ${account}`,
          text: [
            told,
            data.until
              ? `Posts wait until ${when(data.until)} and go out by themselves.`
              : "Posts wait and go out by themselves.",
          ]
            .filter((part) => part !== "")
            .join(" "),
        },
        "Look at the account",
      );
    case "dead_letter_daily":
      return said(
        {
          subject: `${posts(data.count ?? 0)} at the desk`,
          title: `${posts(data.count ?? 0)} at the dead-letter desk${data.day === undefined ? "" : ` on ${data.day}`}`,
          text: [told, "Each of them waits for somebody to decide."].filter((part) => part !== "").join(" "),
        },
        "Look at the desk",
      );
    case "operator_must_act":
      return said({
        subject: "This server needs its operator",
        title: on === "" ? "This server needs its operator" : `${on} needs this server's operator`,
        text: [told, "You need to do nothing: posts wait, and go out once the operator has acted."]
          .filter((part) => part !== "")
          .join(" "),
      });
    case "channel_broken":
      return said(
        {
          subject: "A chat does not take notices",
          title: `The chat ${data.name === undefined ? "" : `${plain(data.name)} `}does not take notices`,
          text: [told, "Nothing more is sent to it until a test succeeds."].filter((part) => part !== "").join(" "),
        },
        "Look at the chats",
      );
    default:
      return notice.kind satisfies never;
  }
}

/** One account by its name, several by the first and how many more. */
function accountWords(
  { accounts }: NoticeRecord,
  platformName: (id: string) => string,
  plain: (text: string) => string,
): string {
  const [first, ...more] = accounts;
  if (!first) return "an account that is gone";
  const one = `${plain(first.name)} on ${platformName(first.platform)}`;
  return more.length === 0 ? one : `${one} and ${more.length} more ${more.length === 1 ? "account" : "accounts"}`;
}

const platformOf = ({ subject }: NoticeRecord, platformName: (id: string) => string): string =>
  subject.kind === "platform" ? platformName(subject.id) : "POSTD";

const name = (text: string): string => storableRemark(text, 60) || "an account";
/** A remark of the platform's or ours, closed, and without addresses to go to. */
function sentence(text: string): string {
  const words = text.split(/(\s+)/).map((word) => (word.includes("://") ? "…" : word));
  const said = storableRemark(words.join(""), 300);
  return said === "" || /[.!?…]$/.test(said) ? said : `${said}.`;
}

function pathOf(kind: NoticeAction, { subject }: NoticeRecord, connectionId: string | undefined): string | undefined {
  switch (kind) {
    case "reconnect":
    case "look_at_connection":
      return connectionId === undefined ? "/accounts" : `/accounts/${connectionId}`;
    case "look_at_desk":
      return "/desk";
    case "look_at_post":
      return subject.kind === "post" ? `/posts/${subject.id}` : "/queue";
    case "look_at_platform":
      return "/health";
    case "look_at_channels":
      return "/settings";
    case "none":
      return undefined;
    default:
      return kind satisfies never;
  }
}

/** `2 March 2026, 18:30 CET`; a zone that is not known is read as UTC. */
export function momentIn(at: Date, timeZone: string): string {
  const shown = (zone: string) =>
    new Intl.DateTimeFormat("en-GB", {
      day: "numeric",
      month: "long",
      year: "numeric",
      hour: "2-digit",
      minute: "2-digit",
      timeZoneName: "short",
      timeZone: zone,
    })
      .format(at)
      .replace(" at ", ", ");
  try {
    return shown(timeZone);
  } catch {
    // Checked where it is stored; another machine's list may be older.
    return shown("UTC");
  }
}
