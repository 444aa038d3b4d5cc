import { operationsById as op } from "@postd/contracts";
import { answer, defined, paged, route, same } from "../handler.ts";

export const noticeRoutes = [
  route(op.listNotifications, async ({ deps, caller, query }) =>
    answer(await deps.services.notices.list(caller(), defined(query)), (page) => ({
      ...page,
      ...paged(page, ({ simulated }) => simulated),
    })),
  ),
  route(op.readNotification, async ({ deps, caller, params, body }) =>
    answer(await deps.services.notices.mark(caller(), params.id, body.read ?? true), same),
  ),
  route(op.readAllNotifications, async ({ deps, caller, body }) =>
    answer(await deps.services.notices.markAll(caller(), body.until), same),
  ),
  route(op.getNotificationPreferences, async ({ deps, caller }) =>
    answer(await deps.services.notices.preferences(caller()), same),
  ),
  route(op.setNotificationPreferences, async ({ deps, caller, body }) =>
    answer(await deps.services.notices.setPreferences(caller(), body), same),
  ),
  route(op.listNotificationChannels, async ({ deps, caller }) =>
    answer(await deps.services.notices.channels(caller()), same),
  ),
  route(op.createNotificationChannel, async ({ deps, caller, body }) =>
    answer(await deps.services.notices.addChannel(caller(), body), same),
  ),
  route(op.updateNotificationChannel, async ({ deps, caller, params, body }) =>
    answer(await deps.services.notices.changeChannel(caller(), params.id, body), same),
  ),
  route(op.deleteNotificationChannel, async ({ deps, caller, params }) =>
    answer(await deps.services.notices.removeChannel(caller(), params.id), same),
  ),
  route(op.testNotificationChannel, async ({ deps, caller, params }) =>
    answer(await deps.services.notices.testChannel(caller(), params.id), same),
  ),
];
