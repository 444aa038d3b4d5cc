import type {
  NoticeChannelId,
  NotificationChannelInput,
  NotificationChannelPatch,
  NotificationChannelView,
  NotificationId,
  NotificationPreferencesInput,
  NotificationPreferencesView,
  NotificationView,
} from "@postd/contracts";
import type { Caller, Page, PageInput, ServiceResult } from "./services.ts";

/** Notices as people and programs read them. Who may call is checked before, by scope. */
export interface NoticesService {
  list(
    caller: Caller,
    input: PageInput & { readonly unread?: boolean; readonly open?: boolean },
  ): ServiceResult<Page<NotificationView> & { readonly unread?: number }>;
  mark(caller: Caller, id: NotificationId, read: boolean): ServiceResult<NotificationView>;
  markAll(
    caller: Caller,
    until: string | undefined,
  ): ServiceResult<{ readonly marked: number; readonly unread: number }>;
  preferences(caller: Caller): ServiceResult<NotificationPreferencesView>;
  setPreferences(caller: Caller, input: NotificationPreferencesInput): ServiceResult<NotificationPreferencesView>;
  channels(caller: Caller): ServiceResult<{ readonly items: readonly NotificationChannelView[] }>;
  addChannel(caller: Caller, input: NotificationChannelInput): ServiceResult<NotificationChannelView>;
  changeChannel(
    caller: Caller,
    id: NoticeChannelId,
    change: NotificationChannelPatch,
  ): ServiceResult<NotificationChannelView>;
  removeChannel(caller: Caller, id: NoticeChannelId): ServiceResult<{ readonly deleted: true }>;
  testChannel(caller: Caller, id: NoticeChannelId): ServiceResult<NotificationChannelView>;
}
