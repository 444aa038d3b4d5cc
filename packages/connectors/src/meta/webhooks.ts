import {
  type AppCredentials,
  type ConnectorContext,
  GraphSuccess,
  graphContentTypes,
  graphWebhooks,
  type PlatformResult,
  type Secret,
  type WebhookSubscription,
  type Webhooks,
} from "@postd/connector-kit";
import { ok } from "@postd/contracts";
import { graph } from "./graph.ts";
import { hostFor } from "./graph-url.ts";
import { parseEvents } from "./webhook-events.ts";

const verifyTokenOf = (app: AppCredentials): Secret | undefined =>
  app.secret("webhook_verify_token") ?? app.secret("meta.webhook_verify_token");

/** Instagram Login signs with its own secret or the Meta app's. @source platforms/meta.md section 11 */
const verify = graphWebhooks({
  provider: "meta",
  verifyToken: verifyTokenOf,
  env: "POSTD_META_WEBHOOK_VERIFY_TOKEN",
});

/** Instagram behind a Page hears through the Page, so it is the Page that is subscribed. */
function subscription(ctx: ConnectorContext): { readonly id: string; readonly fields: string } {
  const pageId = ctx.account.extras.pageId;
  if (ctx.account.authKind === "instagram_login") return { id: ctx.account.externalId, fields: "comments,mentions" };
  return { id: typeof pageId === "string" ? pageId : ctx.account.externalId, fields: "feed,mention" };
}

/** Where events are sent is set at the app and not here. */
async function subscribe(ctx: ConnectorContext): PlatformResult<WebhookSubscription> {
  const { id, fields } = subscription(ctx);
  const done = await graph(ctx, ctx.credentials.accessToken, {
    method: "POST",
    host: hostFor(ctx.account),
    path: [id, "subscribed_apps"],
    params: { subscribed_fields: fields },
    answer: GraphSuccess,
    needs:
      ctx.account.authKind === "instagram_login" ? ["instagram_business_manage_comments"] : ["pages_manage_metadata"],
  });
  return done.ok ? ok({ id }) : done;
}

/** An Instagram account behind a Page leaves the Page subscribed: the Page may be a connection of its own. */
async function unsubscribe(ctx: ConnectorContext): PlatformResult<void> {
  if (ctx.account.kind === "professional" && ctx.account.authKind === "facebook_login") return ok(undefined);
  const done = await graph(ctx, ctx.credentials.accessToken, {
    method: "DELETE",
    host: hostFor(ctx.account),
    path: [ctx.account.externalId, "subscribed_apps"],
    answer: GraphSuccess,
  });
  return done.ok ? ok(undefined) : done;
}

export const metaWebhooks: Webhooks = {
  verify,
  parse: parseEvents,
  contentTypes: graphContentTypes,
  subscribe,
  unsubscribe,
};
