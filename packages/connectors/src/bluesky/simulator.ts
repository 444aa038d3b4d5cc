import { actsOf, type SimAccount, type SimulatorDefinition, simulator } from "@postd/connector-kit/simulator";
import { z } from "zod";
import { appviewRoutes } from "./simulator/appview-routes.ts";
import { newAppPassword } from "./simulator/ids.ts";
import type { Account } from "./simulator/model.ts";
import { repoRoutes } from "./simulator/repo-routes.ts";
import { sessionRoutes } from "./simulator/session-routes.ts";
import { videoRoutes } from "./simulator/video-routes.ts";
import { livePosts } from "./simulator/views.ts";
import { blueskyErrors } from "./simulator/words.ts";
import { createWorld, usedUp, type World } from "./simulator/world.ts";

const act = actsOf<World>();
const account = z.string().describe("DID or handle");

/** What a person needs to try an account; tokens only when one has just been made. */
const accountView = (
  { did, displayName, handle, pdsHost }: Account,
  appPassword: string,
  tokens?: { readonly accessJwt: string; readonly refreshJwt: string },
): SimAccount => ({
  platform: "bluesky",
  id: did,
  kind: "profile",
  name: displayName,
  handle,
  accessToken: tokens?.accessJwt ?? "",
  ...(tokens && { refreshToken: tokens.refreshJwt }),
  extra: { identifier: handle, appPassword, service: "https://bsky.social", pds: `https://${pdsHost}` },
});

/**
 * A fake Bluesky: login host, account servers (PDS), identity directory, public reads, video service, post pages.
 * Written from the fact sheet of 2026-11-26, the lexicons of commit d6296a1 and answers of a real PDS 0.5.35; comments name
 * which. Where it refuses more than the platform would, the message begins with "Simulator:".
 */
export const simulators: readonly SimulatorDefinition[] = [
  simulator<World>({
    id: "bluesky",
    platforms: ["bluesky"],
    hosts: [
      "bsky.social",
      "*.bsky.social",
      "*.host.bsky.network",
      "plc.directory",
      "public.api.bsky.app",
      "video.bsky.app",
      "bsky.app",
    ],
    // App passwords need no registered app.
    world: createWorld,
    errors: blueskyErrors(usedUp),
    accounts: {
      create(world, { name }) {
        const made = world.create(name);
        return accountView(made.account, made.appPassword, world.sessions.start(made.account, "posting"));
      },
      list: (world) =>
        world
          .accounts()
          .flatMap((one) => [...one.appPasswords.values()].slice(0, 1).map((word) => accountView(one, word))),
      of: (world, token) => world.sessions.accountsOf(token),
    },
    authenticate: (world, token, { host }) => world.sessions.check(token, host),
    revoke(world, token) {
      for (const did of world.sessions.accountsOf(token)) world.sessions.revokeLongAgo(world.mustFind(did));
    },
    routes: [...sessionRoutes, ...repoRoutes, ...appviewRoutes, ...videoRoutes],
    posts: livePosts,
    orphans: (world) => world.looseBlobs(),
    media(world, sha256) {
      const blobs = world.accounts().flatMap((one) => [...one.blobs.values()]);
      const found = blobs.find((one) => one.sha256 === sha256);
      return found && { bytes: found.bytes, contentType: found.mimeType };
    },
    inspect: (world) => ({
      accounts: world.accounts().map(({ did, handle, status, pdsHost }) => ({ did, handle, status, pdsHost })),
    }),
    acts: {
      /** The owner revokes them; access tokens go on for their two hours. */
      revokeAppPasswords: act(z.strictObject({ account }), (world, input) => {
        world.sessions.revoke(world.mustFind(input.account));
        return { revoked: true };
      }),
      createAppPassword: act(z.strictObject({ account }), (world, input) => {
        const appPassword = newAppPassword();
        world.mustFind(input.account).appPasswords.set(`posting ${appPassword.slice(0, 4)}`, appPassword);
        return { appPassword };
      }),
      setStatus: act(
        z.strictObject({ account, status: z.enum(["active", "takendown", "suspended", "deactivated", "deleted"]) }),
        (world, input) => {
          const found = world.mustFind(input.account);
          found.status = input.status;
          // Seen on a real PDS: with a takedown all refresh tokens end, for good.
          if (input.status === "takendown") world.sessions.endRefreshes(found);
          return { status: input.status };
        },
      ),
      confirmEmail: act(z.strictObject({ account, confirmed: z.boolean() }), (world, { account: name, confirmed }) => {
        world.mustFind(name).emailConfirmed = confirmed;
        return { confirmed };
      }),
      /** `uri` of a post with likeCount, repostCount..., or a DID with followersCount. */
      engage: act(
        z.strictObject({ uri: z.string(), counts: z.record(z.string(), z.int().min(0)) }),
        (world, { uri, counts }) => {
          world.engaged.set(uri, { ...world.engaged.get(uri), ...counts });
          return counts;
        },
      ),
      limits: act(z.strictObject({ enforce: z.boolean() }), (world, { enforce }) => {
        world.limits.enforce(enforce);
        return { ok: true };
      }),
    },
    cors: {},
  }),
];
