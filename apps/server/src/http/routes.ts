import { analyticsRoutes } from "./analytics/analytics.ts";
import { auditRoutes } from "./audit/audit.ts";
import { backfillRoutes } from "./backfill/backfill.ts";
import { appRoutes } from "./connect/apps.ts";
import { connectionRoutes } from "./connect/connections.ts";
import { contactRoutes } from "./connect/contacts.ts";
import { oauthRoutes } from "./connect/oauth.ts";
import { eventRoutes } from "./events/events.ts";
import type { Route } from "./handler.ts";
import { healthRoutes } from "./health/health.ts";
import { prometheusRoutes } from "./health/prometheus.ts";
import { inboundDeskRoutes } from "./inbound/desk.ts";
import { webhookRoutes } from "./inbound/webhooks.ts";
import { inboxRoutes } from "./inbox/inbox.ts";
import { deskRoutes } from "./jobs/desk.ts";
import { jobRoutes } from "./jobs/jobs.ts";
import { pauseRoutes } from "./jobs/pause.ts";
import { linkRoutes } from "./links/preview-link.ts";
import { mediaRoutes } from "./media/media.ts";
import { mentionRoutes } from "./mentions/mentions.ts";
import { noticeRoutes } from "./notices/notices.ts";
import { apiKeyRoutes } from "./people/api-keys.ts";
import { erasureRoutes } from "./people/erasures.ts";
import { memberRoutes } from "./people/members.ts";
import { tenantRoutes } from "./people/tenants.ts";
import { platformRoutes } from "./platforms/list-platforms.ts";
import { postRoutes } from "./posts/posts.ts";

/** Every operation with its handler; a test checks that none is missing. */
export const routes: readonly Route[] = [
  ...tenantRoutes,
  ...memberRoutes,
  ...apiKeyRoutes,
  ...platformRoutes,
  ...appRoutes,
  ...oauthRoutes,
  ...connectionRoutes,
  ...backfillRoutes,
  ...contactRoutes,
  ...postRoutes,
  ...jobRoutes,
  ...deskRoutes,
  ...pauseRoutes,
  ...linkRoutes,
  ...mediaRoutes,
  ...mentionRoutes,
  ...analyticsRoutes,
  ...inboxRoutes,
  ...noticeRoutes,
  ...webhookRoutes,
  ...inboundDeskRoutes,
  ...eventRoutes,
  ...auditRoutes,
  ...erasureRoutes,
  ...healthRoutes,
  ...prometheusRoutes,
];
