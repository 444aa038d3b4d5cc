import type { Route } from "@postd/connector-kit/simulator";
import { accountRoutes } from "./account.ts";
import { campaignRoutes } from "./campaigns.ts";
import { checklistRoutes } from "./checklist.ts";
import { contentRoutes } from "./content.ts";
import { fileRoutes } from "./files.ts";
import { listRoutes } from "./lists.ts";
import { memberRoutes } from "./members.ts";
import { reportRoutes } from "./reports.ts";
import { sendingRoutes } from "./sending.ts";
import { signInRoutes } from "./sign-in.ts";
import { webhookRoutes } from "./webhooks.ts";
import type { World } from "./world.ts";

/** All but the OAuth endpoints, as data: what is taken can be compared with the swagger contract. */
export const routes: readonly Route<World>[] = [
  ...signInRoutes,
  ...accountRoutes,
  ...listRoutes,
  ...memberRoutes,
  ...campaignRoutes,
  ...contentRoutes,
  ...checklistRoutes,
  ...sendingRoutes,
  ...fileRoutes,
  ...reportRoutes,
  ...webhookRoutes,
];
