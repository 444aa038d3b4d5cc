import type { Operation } from "./operation.ts";
import * as analytics from "./operations/analytics.ts";
import * as apps from "./operations/apps.ts";
import * as audit from "./operations/audit.ts";
import * as backfill from "./operations/backfill.ts";
import * as connections from "./operations/connections.ts";
import * as contacts from "./operations/contacts.ts";
import * as desk from "./operations/desk.ts";
import * as erasures from "./operations/erasures.ts";
import * as events from "./operations/events.ts";
import * as health from "./operations/health.ts";
import * as inbound from "./operations/inbound.ts";
import * as inbox from "./operations/inbox.ts";
import * as jobs from "./operations/jobs.ts";
import * as links from "./operations/links.ts";
import * as media from "./operations/media.ts";
import * as mentions from "./operations/mentions.ts";
import * as notices from "./operations/notices.ts";
import * as people from "./operations/people.ts";
import * as publishing from "./operations/publishing.ts";
import * as reconnect from "./operations/reconnect.ts";

/** Every operation by its id. */
export const operationsById = {
  ...people,
  ...apps,
  ...connections,
  ...reconnect,
  ...backfill,
  ...contacts,
  ...publishing,
  ...jobs,
  ...desk,
  ...links,
  ...media,
  ...mentions,
  ...analytics,
  ...inbox,
  ...inbound,
  ...notices,
  ...audit,
  ...erasures,
  ...events,
  ...health,
};

export type OperationsById = typeof operationsById;
export type OperationId = keyof OperationsById;

/** Every operation, for whoever registers, documents or walks them all. */
export const operations: readonly Operation[] = Object.values(operationsById);
