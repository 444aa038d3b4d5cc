import {
  asId,
  fail,
  idPrefixes,
  type NotificationPreferencesView,
  type NotificationView,
  noticeKindNames,
  noticeKinds,
  ok,
  type Role,
  type ServiceError,
  type UserId,
} from "@postd/contracts";
import type { NoticeRecord, NoticeSettings } from "../../ports/notices-repo.ts";
import type { NoticesService } from "../../ports/notices-service.ts";
import type { Caller } from "../../ports/services.ts";
import { cursorAt, pageOf, placeOf } from "../page-of.ts";
import { channelVerbs } from "./channels.ts";
import { appChoice, hiddenKinds, mailChoice } from "./choices.ts";
import type { NoticesDeps } from "./deps.ts";
import { noticeData, noticeWords } from "./words.ts";

const defaultHour = 8;

/** Notices as people and programs read them. Reads and choices are each person's own; a key has none. */
export function createNoticesService(deps: NoticesDeps): NoticesService {
  const of = ({ tenantId }: Caller) => deps.repo.forTenant(tenantId);
  const view = (notice: NoticeRecord, timeZone: string) => notificationView(deps, notice, timeZone);
  const preferencesOf = async (caller: Caller, settings: NoticeSettings | undefined) =>
    preferencesView(settings, {
      role: caller.role,
      mailed: deps.mailed,
      workspaceZone: (await of(caller).workspace())?.timeZone ?? "UTC",
    });
  const zoneOf = async (caller: Caller, settings: NoticeSettings | undefined) =>
    settings?.timeZone ?? (await of(caller).workspace())?.timeZone ?? "UTC";

  return {
    ...channelVerbs(deps),

    async list(caller, { limit, cursor, unread, open }) {
      const reader = personOf(caller);
      if (unread !== undefined && !reader) return fail(keyReadsNothing);
      const before = cursor === undefined ? undefined : placeOf(cursor);
      if (cursor !== undefined && !before)
        return fail({ code: "invalid_input", field: "cursor", detail: "The cursor is not one that this list gave." });
      const repo = of(caller);
      const settings = reader && (await repo.settings(reader));
      const hidden = hiddenKinds(settings);
      const [slice, timeZone] = await Promise.all([
        repo.list({
          limit,
          hidden,
          ...(before && { before }),
          ...(reader && { reader }),
          ...(unread === undefined ? {} : { unread }),
          ...(open === undefined ? {} : { open }),
        }),
        zoneOf(caller, settings),
      ]);
      const page = pageOf(
        slice,
        slice.rows.map((notice) => view(notice, timeZone)),
        ({ raisedAt, id }) => cursorAt(raisedAt, id),
      );
      return ok(reader ? { ...page, unread: await repo.unread(reader, hidden) } : page);
    },

    async mark(caller, id, read) {
      const reader = personOf(caller);
      if (!reader) return fail(keyReadsNothing);
      const repo = of(caller);
      if (!(await repo.mark(id, reader, read))) return fail(noNotice);
      const notice = await repo.find(id, reader);
      return notice ? ok(view(notice, await zoneOf(caller, await repo.settings(reader)))) : fail(noNotice);
    },

    async markAll(caller, until) {
      const reader = personOf(caller);
      if (!reader) return fail(keyReadsNothing);
      const repo = of(caller);
      const marked = await repo.markAll(reader, until === undefined ? undefined : new Date(until));
      return ok({ marked, unread: await repo.unread(reader, hiddenKinds(await repo.settings(reader))) });
    },

    async preferences(caller) {
      const reader = personOf(caller);
      if (!reader) return fail(keyReadsNothing);
      return ok(await preferencesOf(caller, await of(caller).settings(reader)));
    },

    async setPreferences(caller, { digestHour = defaultHour, timeZone, app = {}, mail = {} }) {
      const reader = personOf(caller);
      if (!reader) return fail(keyReadsNothing);
      const settings = { app, mail, digestHour, ...(timeZone === undefined ? {} : { timeZone }) };
      await of(caller).saveSettings(reader, settings);
      return ok(await preferencesOf(caller, settings));
    },
  };
}

/** undefined: a key, which reads nothing for anybody. */
const personOf = ({ actorId }: Caller): UserId | undefined =>
  actorId.startsWith(`${idPrefixes.user}_`) ? asId("user", actorId) : undefined;

export function notificationView(
  { platformName }: Pick<NoticesDeps, "platformName">,
  notice: NoticeRecord,
  timeZone: string,
): NotificationView {
  const { title, text, action } = noticeWords({ notice, platformName, timeZone });
  const { severity, actor } = noticeKinds[notice.kind];
  const { count } = noticeData(notice);
  const { waiting } = notice;
  return {
    id: notice.id,
    kind: notice.kind,
    severity,
    actor,
    title,
    text,
    action,
    subject: notice.subject,
    accounts: notice.accounts.map(({ connectionId, platform, name, handle }) => ({
      connectionId: asId("connection", connectionId),
      platform,
      name,
      ...(handle === undefined ? {} : { handle }),
    })),
    ...(waiting && {
      waiting: {
        count: waiting.count,
        ...(waiting.earliestAt && { earliestAt: waiting.earliestAt.toISOString() }),
      },
    }),
    ...(count === undefined ? {} : { count }),
    raisedAt: notice.raisedAt.toISOString(),
    ...(notice.settledAt && { settledAt: notice.settledAt.toISOString() }),
    ...(notice.readAt && { readAt: notice.readAt.toISOString() }),
    simulated: notice.accounts.some(({ simulated }) => simulated),
  };
}

const preferencesView = (
  settings: NoticeSettings | undefined,
  { role, mailed, workspaceZone }: { readonly role: Role; readonly mailed: boolean; readonly workspaceZone: string },
): NotificationPreferencesView => ({
  digestHour: settings?.digestHour ?? defaultHour,
  timeZone: settings?.timeZone ?? workspaceZone,
  ownTimeZone: settings?.timeZone !== undefined,
  mailed,
  kinds: noticeKindNames.map((kind) => ({
    kind,
    label: noticeKinds[kind].label,
    severity: noticeKinds[kind].severity,
    app: appChoice(kind, settings),
    mail: mailChoice(kind, { role, settings }),
  })),
});

const noNotice: ServiceError = { code: "not_found", detail: "There is no such notice." };
const keyReadsNothing: ServiceError = {
  code: "invalid_input",
  field: "unread",
  detail: "What was read is each person's own, and a key is nobody.",
  next: "Leave out unread; use open for those that have not ended.",
};
