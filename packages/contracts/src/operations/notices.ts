import { z } from "zod";
import { InstantInput } from "../bounded.ts";
import { idSchema } from "../ids.ts";
import {
  NotificationChannelInput,
  NotificationChannelPatch,
  NotificationChannelView,
  NotificationPreferencesInput,
  NotificationPreferencesView,
  NotificationView,
} from "../notices.ts";
import { defineOperation } from "../operation.ts";
import { pageOf, pageQuery, queryFlag } from "../paging.ts";
import { at, ids, later } from "./examples.ts";

const person = { kind: "caller", by: ["session"], scope: "operations:read" } as const;
const manage = { kind: "caller", by: ["session", "key"], scope: "operations:write" } as const;
const notificationParam = z.strictObject({ id: idSchema("notification") });
const channelParam = z.strictObject({ id: idSchema("noticeChannel") });

const notification = {
  id: ids.notification,
  kind: "connection_attention",
  severity: "act",
  actor: "account_owner",
  title: "Nordlys Coffee on Bluesky needs you to sign in again",
  text: "The sign-in has ended. 3 posts wait, the first of them for 2 March 2026, 17:30 UTC. Nothing is lost.",
  action: { kind: "reconnect", label: "Reconnect", path: `/accounts/${ids.connection}` },
  subject: { kind: "connection", id: ids.connection },
  accounts: [{ connectionId: ids.connection, platform: "bluesky", name: "Nordlys Coffee", handle: "nordlys.example" }],
  waiting: { count: 3, earliestAt: later },
  raisedAt: at,
  simulated: true,
} as const;

const preferences = {
  digestHour: 8,
  timeZone: "Europe/Oslo",
  ownTimeZone: false,
  mailed: true,
  kinds: [
    {
      kind: "connection_attention",
      label: "An account needs somebody",
      severity: "act",
      app: "at_once",
      mail: "at_once",
    },
  ],
} as const;

const channel = {
  id: ids.noticeChannel,
  kind: "slack",
  name: "Marketing",
  host: "hooks.slack.com",
  lastCharacters: "x7Qa",
  choices: { posts_failed: "off" },
  createdAt: at,
  updatedAt: at,
} as const;
const address = "https://hooks.slack.com/services/T000/B000/…x7Qa";

export const listNotifications = defineOperation({
  id: "listNotifications",
  method: "GET",
  path: "/api/notifications",
  summary: "What you are to know",
  description:
    "Newest first, each told once: while a notice is open the same is not told again, and settledAt says when it ended. A person sees the kinds they chose and what they have read; unread counts all that are not. A key sees every notice of the tenant, and unread is not for it. open: only those that have not ended.",
  tags: ["notifications"],
  auth: { kind: "caller", by: ["session", "key"], scope: "operations:read" },
  query: z.strictObject({ ...pageQuery, unread: queryFlag.optional(), open: queryFlag.optional() }),
  response: pageOf(NotificationView).extend({ unread: z.int().min(0).optional() }),
  errors: [],
  example: { query: { unread: "true" }, response: { items: [notification], unread: 1, simulated: true } },
});

export const readNotification = defineOperation({
  id: "readNotification",
  method: "POST",
  path: "/api/notifications/:id/read",
  summary: "Mark as read or unread",
  description: "For the asking person only; nobody else's is changed.",
  tags: ["notifications"],
  auth: person,
  params: notificationParam,
  body: z.strictObject({ read: z.boolean().optional() }),
  response: NotificationView,
  errors: ["not_found"],
  example: {
    params: { id: ids.notification },
    body: { read: true },
    response: { ...notification, readAt: later },
  },
});

export const readAllNotifications = defineOperation({
  id: "readAllNotifications",
  method: "POST",
  path: "/api/notifications/read-all",
  summary: "Mark all as read",
  description:
    "Those raised until the time that is given, such as the newest one on the screen, so that none is marked that nobody saw. Without it, all.",
  tags: ["notifications"],
  auth: person,
  body: z.strictObject({ until: InstantInput.optional() }),
  response: z.object({ marked: z.int().min(0), unread: z.int().min(0) }),
  errors: [],
  example: { body: { until: later }, response: { marked: 3, unread: 0 } },
});

export const getNotificationPreferences = defineOperation({
  id: "getNotificationPreferences",
  method: "GET",
  path: "/api/notification-preferences",
  summary: "What you are told, and how",
  description:
    "Of the asking person in this tenant, for every kind: in the app at once or not at all; by mail at once, in the day's mail, or not at all.",
  tags: ["notifications"],
  auth: person,
  response: NotificationPreferencesView,
  errors: [],
  example: { response: preferences },
});

export const setNotificationPreferences = defineOperation({
  id: "setNotificationPreferences",
  method: "PUT",
  path: "/api/notification-preferences",
  summary: "Choose what you are told, and how",
  description: "Takes the place of what was chosen before: what is not named is as the kind has it.",
  tags: ["notifications"],
  auth: person,
  body: NotificationPreferencesInput,
  response: NotificationPreferencesView,
  errors: [],
  example: {
    body: { digestHour: 8, timeZone: "Europe/Oslo", mail: { posts_failed: "daily" } },
    response: preferences,
  },
});

export const listNotificationChannels = defineOperation({
  id: "listNotificationChannels",
  method: "GET",
  path: "/api/notification-channels",
  summary: "Chats that get the notices",
  description: "Their addresses are secrets: host and last characters tell them apart.",
  tags: ["notifications"],
  auth: { kind: "caller", by: ["session", "key"], scope: "operations:read" },
  response: z.object({ items: z.array(NotificationChannelView) }),
  errors: [],
  example: { response: { items: [channel] } },
});

export const createNotificationChannel = defineOperation({
  id: "createNotificationChannel",
  method: "POST",
  path: "/api/notification-channels",
  summary: "Tell a chat",
  description:
    "A Slack or Discord incoming webhook. The address is sealed and never shown again; whoever can read the chat can use the links in it.",
  tags: ["notifications"],
  auth: manage,
  body: NotificationChannelInput,
  response: NotificationChannelView,
  status: 201,
  errors: ["conflict"],
  creates: { by: "http" },
  example: { body: { kind: "slack", name: "Marketing", address }, response: channel },
});

export const updateNotificationChannel = defineOperation({
  id: "updateNotificationChannel",
  method: "PATCH",
  path: "/api/notification-channels/:id",
  summary: "Change a chat",
  description: "A new address is sealed in place of the old one. choices takes the place of what was chosen before.",
  tags: ["notifications"],
  auth: manage,
  params: channelParam,
  body: NotificationChannelPatch,
  response: NotificationChannelView,
  errors: ["not_found"],
  example: { params: { id: ids.noticeChannel }, body: { name: "Marketing" }, response: channel },
});

export const deleteNotificationChannel = defineOperation({
  id: "deleteNotificationChannel",
  method: "DELETE",
  path: "/api/notification-channels/:id",
  summary: "Tell a chat no more",
  description: "Its address is deleted with it.",
  tags: ["notifications"],
  auth: manage,
  params: channelParam,
  response: z.object({ deleted: z.literal(true) }),
  errors: ["not_found"],
  example: { params: { id: ids.noticeChannel }, response: { deleted: true } },
});

export const testNotificationChannel = defineOperation({
  id: "testNotificationChannel",
  method: "POST",
  path: "/api/notification-channels/:id/test",
  summary: "Send a test message",
  description: "Now, to the chat itself. A chat that had refused is told again once a test succeeds.",
  tags: ["notifications"],
  auth: manage,
  params: channelParam,
  response: NotificationChannelView,
  errors: ["not_found", "platform_refused", "platform_unavailable"],
  example: { params: { id: ids.noticeChannel }, response: channel },
});
