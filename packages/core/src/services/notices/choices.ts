import {
  type NoticeChannelKind,
  type NoticeChoice,
  type NoticeKind,
  noticeKindNames,
  noticeKinds,
  type Role,
  roleScopes,
} from "@postd/contracts";
import type { NoticeChannelRecord, NoticeMember, NoticeSettings } from "../../ports/notices-repo.ts";

/** Those who can do something about most notices. */
const mayAct = (role: Role): boolean => roleScopes[role].includes("connections:write");

export const mailChoice = (
  kind: NoticeKind,
  { role, settings }: { readonly role: Role; readonly settings: NoticeSettings | undefined },
): NoticeChoice => settings?.mail[kind] ?? noticeKinds[kind].mail[mayAct(role) ? "mayAct" : "others"];

export const appChoice = (kind: NoticeKind, settings: NoticeSettings | undefined): "at_once" | "off" =>
  settings?.app[kind] === "off" ? "off" : "at_once";

/** Kinds a person does not want to see. */
export const hiddenKinds = (settings: NoticeSettings | undefined): readonly NoticeKind[] =>
  noticeKindNames.filter((kind) => appChoice(kind, settings) === "off");

export const chatTells = (kind: NoticeKind, { choices, broken }: NoticeChannelRecord): boolean =>
  !broken && (choices[kind] ?? noticeKinds[kind].chat) === "at_once";

/** Who gets a notice at once, by which way. */
export function recipientsOf(
  kind: NoticeKind,
  {
    members,
    channels,
    mailed,
  }: {
    readonly members: readonly NoticeMember[];
    readonly channels: readonly NoticeChannelRecord[];
    readonly mailed: boolean;
  },
): readonly { readonly channel: "mail" | NoticeChannelKind; readonly recipient: string }[] {
  const people = mailed ? members.filter((member) => mailChoice(kind, member) === "at_once") : [];
  return [
    ...people.map(({ userId }) => ({ channel: "mail" as const, recipient: userId })),
    ...channels
      .filter((channel) => chatTells(kind, channel))
      .map(({ id, kind: channel }) => ({ channel, recipient: id })),
  ];
}
