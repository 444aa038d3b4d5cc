import { z } from "zod";
import { type Acts, act } from "./act.ts";
import { instagramApp, metaApp } from "./apps.ts";
import { emit } from "./webhooks.ts";

/** Webhooks on demand. */
export const eventActs: Acts = {
  /** Sends any event as it is, signed (§11). */
  emit: act(
    z.strictObject({
      object: z.enum(["page", "instagram", "user", "permissions"]),
      entry: z.array(z.json()),
      app: z.enum(["meta", "instagram"]).default("meta"),
      url: z.url().optional(),
    }),
    (world, input) => {
      const url = input.url ?? world.data.settings.webhookUrl;
      if (url === undefined) throw new RangeError("set an address with setWebhook first");
      emit(
        world,
        url,
        { object: input.object, entry: input.entry },
        input.app === "meta" ? metaApp.app_secret : instagramApp.app_secret,
      );
      return { sent: true };
    },
  ),
  /** Subscription handshake (§11): GET with hub.challenge; answers whether the raw challenge came back. */
  handshake: act(
    z.strictObject({ url: z.url().optional(), verifyToken: z.string().default(metaApp.webhook_verify_token) }),
    async (world, input) => {
      const address = input.url ?? world.data.settings.webhookUrl;
      if (address === undefined) throw new RangeError("set an address with setWebhook first");
      const challenge = String(Math.abs(Number.parseInt(world.env.randomId().slice(0, 7), 16)));
      const url = new URL(address);
      url.searchParams.set("hub.mode", "subscribe");
      url.searchParams.set("hub.challenge", challenge);
      url.searchParams.set("hub.verify_token", input.verifyToken);
      // The environment's only GET is the one that pulls media.
      const answer = await world.env.fetchMedia(url.href);
      return { verified: answer !== undefined && Buffer.from(answer.bytes).toString("utf8") === challenge };
    },
  ),
  settle: act(z.strictObject({}), async (world) => {
    await Promise.all(world.data.outbox);
    return { deliveries: world.data.deliveries.length };
  }),
};
