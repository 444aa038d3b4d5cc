import { asId, type NoticeKind, type TenantId } from "@postd/contracts";
import type { NoticeDelivery, NoticeMember, NoticeRecord, TenantNotices } from "../../ports/notices-repo.ts";
import { plainWords } from "../people/plain-words.ts";
import { addressName, brokenKey } from "./channels.ts";
import { mailChoice, recipientsOf } from "./choices.ts";
import type { NoticesDeps } from "./deps.ts";
import { type MailPart, noticeMail } from "./mail-text.ts";
import { type NoticeWords, noticeWords } from "./words.ts";

const minuteMs = 60_000;
/** After the first, second, third and fourth try; then it is given up. */
const waitsMs = [1, 3, 9, 27].map((minutes) => minutes * minuteMs);
/** Longer than a mail server or a chat is waited for. */
const leaseMs = 2 * minuteMs;
const atOnce = 5;
const perTurn = 100;

/** Makes the deliveries of what is new, and of the day's mails that are due. Each once, whoever does it. */
export async function planDeliveries(deps: NoticesDeps): Promise<void> {
  for (const tenantId of await deps.repo.tenantsToPlan(perTurn)) {
    const repo = deps.repo.forTenant(tenantId);
    const [notices, members, channels] = await Promise.all([repo.unplanned(perTurn), repo.members(), repo.channels()]);
    for (const notice of notices) {
      const to = isOver(notice) ? [] : recipientsOf(notice.kind, { members, channels, mailed: deps.mailed });
      await repo.plan(
        notice.id,
        to.map((it) => ({ ...it, id: deps.newId("noticeDelivery") })),
      );
    }
  }
  if (!deps.mailed) return;
  for (const { tenantId, userId, day, since, until } of await deps.repo.dueDigests()) {
    const repo = deps.repo.forTenant(tenantId);
    const member = (await repo.members()).find((it) => it.userId === userId);
    const empty = !member || (await digestOf(repo, member, since, until)).length === 0;
    await repo.planDigest({ id: deps.newId("noticeDelivery"), userId, day, until, empty });
  }
}

/** Sends what is due, a few at once. What fails is tried again after 1, 3, 9 and 27 minutes, then given up. */
export async function sendDeliveries(deps: NoticesDeps): Promise<void> {
  const due = [...(await deps.repo.dueDeliveries(perTurn))];
  const worker = async (): Promise<void> => {
    for (let next = due.shift(); next; next = due.shift()) await sendOne(deps, next);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}

/** It said that something is so, and that has ended before anybody was told. */
const isOver = ({ momentary, settledAt }: NoticeRecord): boolean => !momentary && settledAt !== undefined;

type Outcome = Parameters<TenantNotices["settleDelivery"]>[1];

async function sendOne(
  deps: NoticesDeps,
  { id, tenantId }: { readonly id: string; readonly tenantId: TenantId },
): Promise<void> {
  const repo = deps.repo.forTenant(tenantId);
  const delivery = await repo.claim(id, leaseMs);
  if (!delivery) return;
  let outcome: Outcome;
  try {
    outcome =
      delivery.channel === "mail" ? await sendMail(deps, tenantId, delivery) : await sendChat(deps, tenantId, delivery);
  } catch (error) {
    deps.log.warn({ deliveryId: id, tenantId, error: String(error).slice(0, 200) }, "a notice could not be sent");
    outcome = laterOrDead(delivery, "It could not be sent.");
  }
  await repo.settleDelivery(delivery, outcome);
}

function laterOrDead({ tries }: NoticeDelivery, error: string, retryAfterMs = 0): Outcome {
  const waitMs = waitsMs[tries - 1];
  return waitMs === undefined
    ? { state: "dead", error }
    : { state: "pending", error, afterMs: Math.max(waitMs, retryAfterMs) };
}

async function sendMail(deps: NoticesDeps, tenantId: TenantId, delivery: NoticeDelivery): Promise<Outcome> {
  const repo = deps.repo.forTenant(tenantId);
  const member = (await repo.members()).find(({ userId }) => userId === delivery.recipient);
  const workspace = await repo.workspace();
  if (!member || !workspace) return { state: "dropped" };
  const notices = await toldIn(repo, member, delivery);
  if (notices.length === 0) return { state: "dropped" };
  const parts: MailPart[] = [];
  for (const notice of notices) {
    const { platformName } = deps;
    const words = noticeWords({ notice, platformName, timeZone: member.timeZone, plain: plainWords });
    const link = await linkOf(deps, notice, words, { recipient: member.userId, createdBy: member.userId });
    parts.push({ words, link });
  }
  const mail = noticeMail({
    parts,
    workspace: workspace.name,
    settingsUrl: `${deps.publicUrl}/settings`,
    ...(delivery.digestDay === undefined ? {} : { day: delivery.digestDay }),
  });
  const messageId = `<${delivery.id}@${new URL(deps.publicUrl).hostname}>`;
  const sent = await deps.mail.send({ about: "notice", to: member.email, messageId, ...mail });
  return sent ? { state: "sent" } : laterOrDead(delivery, "The mail server did not take it.");
}

/** The notice of a delivery, or those of a day, as far as they are still so. */
async function toldIn(
  repo: TenantNotices,
  member: NoticeMember,
  { notificationId, digestDay, createdAt }: NoticeDelivery,
): Promise<readonly NoticeRecord[]> {
  if (notificationId !== undefined) {
    const notice = await repo.find(notificationId);
    return notice && !isOver(notice) ? [notice] : [];
  }
  return digestOf(repo, member, await repo.digestSince(member.userId, digestDay ?? "", createdAt), createdAt);
}

/** What a person wants once a day, and is still so. */
async function digestOf(
  repo: TenantNotices,
  member: NoticeMember,
  since: Date,
  until: Date,
): Promise<readonly NoticeRecord[]> {
  const isDaily = (kind: NoticeKind) => mailChoice(kind, member) === "daily";
  return (await repo.toldBetween(since, until)).filter((notice) => isDaily(notice.kind) && !isOver(notice));
}

async function sendChat(deps: NoticesDeps, tenantId: TenantId, delivery: NoticeDelivery): Promise<Outcome> {
  const repo = deps.repo.forTenant(tenantId);
  const id = asId("noticeChannel", delivery.recipient);
  const channel = await repo.findChannel(id);
  const notice = delivery.notificationId && (await repo.find(delivery.notificationId));
  const workspace = await repo.workspace();
  if (!channel || channel.broken || !notice || isOver(notice) || !workspace) return { state: "dropped" };
  const address = await deps.vault.open({ tenantId, ownerId: id, name: addressName });
  if (!address) return { state: "dead", error: "The address of this chat is gone." };
  const words = noticeWords({
    notice,
    platformName: deps.platformName,
    timeZone: workspace.timeZone,
    plain: plainWords,
  });
  const url = await linkOf(deps, notice, words, { recipient: id, createdBy: channel.createdBy });
  const { title, text, action } = words;
  const link = url === undefined ? {} : { link: { label: action.label ?? "Look", url } };
  const sent = await deps.chat.send(channel.kind, address, { title, text, ...link });
  if (sent.ok) return { state: "sent" };
  const { again, lost, message, retryAfterMs } = sent.error;
  // Told twice is worse in a chat than perhaps not told there: the notice is in the app and in the mail as well.
  if (lost) return { state: "sent" };
  if (again) return laterOrDead(delivery, message, retryAfterMs);
  await repo.updateChannel(id, { broken: { message, at: deps.clock.now().toISOString() } });
  await deps.notices.raise({
    tenantId,
    kind: "channel_broken",
    subject: { kind: "channel", id },
    dedupeKey: brokenKey(id),
    data: { name: channel.name, message },
  });
  return { state: "dead", error: message };
}

/** Where its button leads: signing in again by a link of the recipient's own, or a page of the web app. */
async function linkOf(
  { links, publicUrl }: NoticesDeps,
  { tenantId, accounts }: NoticeRecord,
  { action }: NoticeWords,
  whose: { readonly recipient: string; readonly createdBy: string },
): Promise<string | undefined> {
  const [account] = accounts;
  if (action.kind === "reconnect" && action.label === "Reconnect" && account) {
    const connectionId = asId("connection", account.connectionId);
    const link = await links.linkFor({ tenantId, connectionId, ...whose });
    if (link !== undefined) return link;
  }
  return action.path === undefined ? undefined : `${publicUrl}${action.path}`;
}
