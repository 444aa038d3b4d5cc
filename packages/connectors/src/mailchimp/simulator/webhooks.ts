import { type Route, randomWord } from "@postd/connector-kit/simulator";
import { z } from "zod";
import { api, audienceOf, done, route, success } from "./call.ts";
import type { Hook } from "./model.ts";
import { badField, notFound } from "./words.ts";
import type { World } from "./world.ts";

// Fact sheet, "Webhooks (audience level)".

const on = z.boolean().default(false);
const Events = z.strictObject({ subscribe: on, unsubscribe: on, profile: on, cleaned: on, upemail: on, campaign: on });
const Sources = z.strictObject({ user: on, admin: on, api: on });

const hookJson = ({ id, url, events, sources, audience }: Hook) => ({
  id,
  url,
  events,
  sources,
  list_id: audience.id,
  _links: [],
});

const hooks = api("lists/:list/webhooks");

function hookOf(call: Parameters<typeof audienceOf>[0]): Hook {
  const hook = call.world.hookFacts.get(call.params.hook ?? "");
  if (hook?.audience !== audienceOf(call)) throw notFound();
  return hook;
}

export const webhookRoutes: readonly Route<World>[] = [
  route("GET", hooks, {
    handle(call) {
      const audience = audienceOf(call);
      const all = call.world.hookFacts.all((hook) => hook.audience === audience);
      return success({ webhooks: all.map(hookJson), list_id: audience.id, total_items: all.length, _links: [] });
    },
  }),
  route("POST", hooks, {
    body: z.strictObject({
      url: z.url({ protocol: /^https?$/ }),
      events: Events.prefault({}),
      sources: Sources.prefault({}),
    }),
    async handle(call) {
      const { world, body, env } = call;
      const audience = audienceOf(call);
      // A GET that must be answered with 200, else the webhook is not saved.
      const answer = await env.ask(body.url);
      if (answer?.status !== 200)
        throw badField("url", "We couldn't verify that this webhook URL works: it must answer a GET with 200.");
      const id = world.newId();
      const secret = world.settings.signsWebhooks ? randomWord(32) : "";
      world.hooks.subscribe({ id, address: body.url, secret, subject: audience.id });
      const hook = { id, audience, url: body.url, events: body.events, sources: body.sources };
      world.hookFacts.put(hook);
      // Told once: it cannot be read later.
      return success({ ...hookJson(hook), ...(secret !== "" && { signing_secret: secret }) });
    },
  }),
  route("GET", `${hooks}/:hook`, { handle: (call) => success(hookJson(hookOf(call))) }),
  route("DELETE", `${hooks}/:hook`, {
    handle(call) {
      const { id } = hookOf(call);
      call.world.hooks.remove(id);
      call.world.hookFacts.remove(id);
      return done;
    },
  }),
];
