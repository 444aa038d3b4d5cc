import type { SimAnswer, SimEnv, SimRequest, Simulator, SimulatorDefinition } from "@postd/connector-kit/simulator";
import { acts } from "./simulator/acts.ts";
import { appCredentials } from "./simulator/apps.ts";
import { metaErrors } from "./simulator/error-fault.ts";
import { facebookDialog } from "./simulator/facebook-dialog.ts";
import { answerGraphHost } from "./simulator/graph-host.ts";
import { withGraphErrors } from "./simulator/graph-router.ts";
import { instagramDialog } from "./simulator/instagram-dialog.ts";
import { instagramAccessToken } from "./simulator/instagram-login.ts";
import { countOrphans, imageBytes, livePosts } from "./simulator/live-posts.ts";
import { createAccount } from "./simulator/made-accounts.ts";
import { answerWeb } from "./simulator/pages.ts";
import { passTime } from "./simulator/passing-time.ts";
import { answerRupload } from "./simulator/rupload.ts";
import { accountsOfToken } from "./simulator/tokens.ts";
import { splitVersion } from "./simulator/versions.ts";
import { createWorld, type World } from "./simulator/world.ts";

async function answer(world: World, request: SimRequest): Promise<SimAnswer> {
  const { segments } = splitVersion(request.path);
  const endpoint = segments.join("/");
  switch (request.host) {
    case "graph.facebook.com":
    case "graph.instagram.com":
      return withGraphErrors(request, (params) => answerGraphHost(world, request, params));
    // The same edges and tokens (meta.md §1).
    case "graph-video.facebook.com":
      return answer(world, { ...request, host: "graph.facebook.com" });
    case "rupload.facebook.com":
      return withGraphErrors({ ...request, rawBody: new Uint8Array() }, () => answerRupload(world, request));
    case "api.instagram.com":
      // The reference also shows the authorise page on this host (meta.md §1).
      if (endpoint === "oauth/authorize") return instagramDialog(world, request);
      if (endpoint === "oauth/access_token")
        return withGraphErrors(request, async (params) => instagramAccessToken(world, request, params));
      return answerWeb(world, request.host, request.path);
    case "www.facebook.com":
      return endpoint === "dialog/oauth"
        ? facebookDialog(world, request)
        : answerWeb(world, request.host, request.path);
    default:
      return endpoint === "oauth/authorize"
        ? instagramDialog(world, request)
        : answerWeb(world, request.host, request.path);
  }
}

function createSimulator(env: SimEnv): Simulator {
  const world = createWorld(env);
  return {
    async handle(request) {
      passTime(world);
      return answer(world, request);
    },
    posts() {
      passTime(world);
      return livePosts(world);
    },
    orphans() {
      passTime(world);
      return countOrphans(world);
    },
    createAccount: (input) => createAccount(world, input),
    reset: () => world.reset(),
    accountsOf: (token) => accountsOfToken(world, token),
    media: (sha256) => imageBytes(world, sha256),
    inspect: () => ({
      expiredVersionCalls: world.data.expiredVersionCalls,
      passedOver: [...world.data.passedOver],
      deliveries: world.data.deliveries.map((delivery) => ({ ...delivery })),
      webhookUrl: world.data.settings.webhookUrl ?? null,
      subscribedPages: [...world.data.pages.values()]
        .filter((page) => page.subscribedFields !== undefined)
        .map((page) => page.id),
    }),
    async act(action, input) {
      passTime(world);
      const run = Object.hasOwn(acts, action) ? acts[action] : undefined;
      if (run === undefined) throw new RangeError(`action must be one of ${Object.keys(acts).join(", ")}`);
      return run(world, input);
    },
  };
}

/** Facebook Pages and Instagram, written from the fact sheet of both and from Meta's published API description. */
export const simulators: readonly SimulatorDefinition[] = [
  {
    id: "meta",
    platforms: ["facebook", "instagram"],
    hosts: [
      "graph.facebook.com",
      "graph-video.facebook.com",
      "www.facebook.com",
      "graph.instagram.com",
      "api.instagram.com",
      "www.instagram.com",
      "rupload.facebook.com",
    ],
    appCredentials,
    errors: metaErrors,
    create: createSimulator,
  },
];
