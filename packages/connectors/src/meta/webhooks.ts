import {
  type AppCredentials,
  type ConnectorContext,
  GraphSuccess,
  graphContentTypes,
  graphWebhooks,
  type PlatformFailure,
  type PlatformResult,
  type Secret,
  type WebhookSubscription,
  type Webhooks,
} from "@postd/connector-kit";
import { ok } from "@postd/contracts";
import { graph } from "./graph.ts";
import { hostFor } from "./graph-url.ts";
import { pageSettings, parseEvents } from "./webhook-events.ts";

const verifyTokenOf = (app: AppCredentials): Secret | undefined =>
  app.secret("webhook_verify_token") ?? app.secret("meta.webhook_verify_token");

/** Instagram Login signs with its own secret or the Meta app's. @source platforms/meta.md section 11 */
const verify = graphWebhooks({
  provider: "meta",
  verifyToken: verifyTokenOf,
  env: "POSTD_META_WEBHOOK_VERIFY_TOKEN",
});

/** What a Page always tells, and what it tells where Meta lets this app hear it. */
const pageFields = "feed,mention";
const morePageFields = `${pageFields},ratings,${pageSettings.join(",")}`;

/** Instagram behind a Page hears through the Page, so it is the Page that is subscribed. */
function subscription(ctx: ConnectorContext): { readonly id: string; readonly fields: readonly string[] } {
  const pageId = ctx.account.extras.pageId;
  if (ctx.account.authKind === "instagram_login") return { id: ctx.account.externalId, fields: ["comments,mentions"] };
  // Leads are told to who may read them, and nobody is asked for that by a publishing tool.
  const hearsLeads = ctx.credentials.scopes?.includes("leads_retrieval");
  const fields = [hearsLeads ? `${morePageFields},leadgen` : morePageFields, pageFields];
  return { id: typeof pageId === "string" ? pageId : ctx.account.externalId, fields };
}

/** Where events are sent is set at the app and not here. */
async function subscribe(ctx: ConnectorContext): PlatformResult<WebhookSubscription> {
  const { id, fields } = subscription(ctx);
  for (const [index, subscribed_fields] of fields.entries()) {
    const done = await graph(ctx, ctx.credentials.accessToken, {
      method: "POST",
      host: hostFor(ctx.account),
      path: [id, "subscribed_apps"],
      params: { subscribed_fields },
      answer: GraphSuccess,
      needs:
        ctx.account.authKind === "instagram_login" ? ["instagram_business_manage_comments"] : ["pages_manage_metadata"],
    });
    if (done.ok) return ok({ id });
    // One field that this app may not hear refuses all; those that matter are asked for alone.
    if (index === fields.length - 1 || !isAboutFields(done.error)) return done;
  }
  throw new Error("nothing was to be subscribed");
}

const isAboutFields = ({ kind }: PlatformFailure): boolean =>
  kind === "content_rejected" || kind === "scope_missing" || kind === "unexpected_response";

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
