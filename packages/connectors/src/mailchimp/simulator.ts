import { type SimAccount, type SimulatorDefinition, simulator } from "@postd/connector-kit/simulator";
import { acts } from "./simulator/acts.ts";
import { checkCall, credential } from "./simulator/call.ts";
import { livePosts } from "./simulator/live-posts.ts";
import type { Account } from "./simulator/model.ts";
import { pass } from "./simulator/progress.ts";
import { routes } from "./simulator/routes.ts";
import { oauth } from "./simulator/sign-in.ts";
import { mailchimpErrors } from "./simulator/words.ts";
import { app, createWorld, type World } from "./simulator/world.ts";

const account = ({ id, name, person }: Account): Omit<SimAccount, "accessToken"> => ({
  platform: "mailchimp",
  id,
  kind: "account",
  name,
  handle: person.email,
});

/** Mailchimp Marketing API 3.0, written from the fact sheet of 2026-11-26 and the swagger contract 3.0.55. */
export const simulators: readonly SimulatorDefinition[] = [
  simulator<World>({
    id: "mailchimp",
    platforms: ["mailchimp"],
    hosts: ["login.mailchimp.com", "*.api.mailchimp.com"],
    appCredentials: { mailchimp: app },
    world: createWorld,
    errors: mailchimpErrors,
    credential,
    guard: checkCall,
    // An answer that leaves frees its connection; one that was cut counts on until it times out.
    headers(world, request) {
      world.open.delete(request);
      return {};
    },
    oauth,
    accounts: {
      list: (world) => world.accounts.all().map((one) => ({ ...account(one), accessToken: world.keyOf(one) })),
      /** `kind` "free", "paid" (the default) or "premium". The access token is an API key; `extra` has an OAuth token as well. */
      create(world, { kind = "paid", name = "Northfold Coffee" }) {
        const plan = kind === "free" ? "forever_free" : "monthly";
        const made = world.addAccount(name, { plan, isPremium: kind === "premium" });
        const audience = world.furnish(made);
        const oauthToken = world.tokens.signedIn({ subject: made.id, app: app.client_id }).accessToken;
        const extra = { dc: made.dc, oauthToken, listId: audience.id };
        return {
          ...account(made),
          accessToken: world.newKey(made),
          appId: app.client_id,
          appSecret: app.client_secret,
          extra,
        };
      },
    },
    routes,
    pass,
    posts: livePosts,
    // Drafts nobody sent, and what waits for its time.
    orphans: (world) => world.campaigns.all(({ status }) => status === "save").length,
    media(world, sha256) {
      const file = world.files.find(({ media }) => media.sha256 === sha256);
      return file?.media.bytes && { bytes: file.media.bytes, contentType: file.media.mimeType };
    },
    inspect: (world) => ({
      settings: { ...world.settings },
      campaigns: world.campaigns.all().map(({ id, status, settings, emailsSent, testsSent }) => ({
        id,
        status,
        subject: String(settings.subject_line ?? ""),
        emailsSent,
        testsSent: [...testsSent],
      })),
    }),
    webhooks: ({ hooks }) => hooks,
    acts,
  }),
];
