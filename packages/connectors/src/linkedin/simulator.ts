import { actsOf, type SimPost, type SimulatorDefinition, shownMedia, simulator } from "@postd/connector-kit/simulator";
import { z } from "zod";
import { commentRoutes, makeComment, parentOn } from "./simulator/comments.ts";
import { numberRoutes } from "./simulator/numbers.ts";
import { peopleRoutes } from "./simulator/people.ts";
import { postRoutes, shownText } from "./simulator/posts.ts";
import { checkHeaders, untunnel } from "./simulator/protocol.ts";
import { reactionRoutes } from "./simulator/reactions.ts";
import { targetOf } from "./simulator/social-actions.ts";
import { subscriptionRoutes } from "./simulator/subscriptions.ts";
import { uploadRoutes } from "./simulator/uploads.ts";
import { linkedinErrors } from "./simulator/words.ts";
import { apps, createWorld, type Post, personUrn, type World } from "./simulator/world.ts";

const [accessSeconds, refreshSeconds] = [60 * 86_400, 365 * 86_400];
const memberScopes = {
  openid: "Use your name and photo",
  profile: "Use your name and photo",
  email: "Use the primary email address",
  w_member_social: "Create, modify, and delete posts on your behalf",
};
const pageScopes = {
  w_member_social_feed: "Comment on your behalf",
  r_member_postAnalytics: "Read the numbers of your posts",
  w_organization_social: "Create, modify, and delete posts on your organization's behalf",
  r_organization_social: "Read your organization's posts",
  rw_organization_admin: "Manage your organization's pages",
  r_organization_admin: "See your organization's pages",
  w_organization_social_feed: "Comment on your organization's behalf",
  r_organization_social_feed: "Read your organization's comments",
};
const scopes = { ...memberScopes, ...pageScopes };
const [memberApp, pageApp] = [apps.linkedin, apps.linkedin_page];

function livePost(world: World, post: Post): SimPost {
  const { commentary, visibility, content } = post;
  const reactions = world.reactions.all((each) => each.post === post.id).map(({ id: _, post: __, ...shown }) => shown);
  return {
    id: post.id,
    platform: "linkedin",
    accountId: post.author,
    accountName: world.nameOf(post.author),
    text: shownText(commentary),
    createdAt: new Date(post.createdAt).toISOString(),
    permalink: `https://www.linkedin.com/feed/update/${post.id}/`,
    kind: post.kind,
    media: post.assets.flatMap(({ id, altText }) => shownMedia(world.assets.get(id)?.media, altText)),
    replies: world.comments.all((comment) => comment.post === post.id).map(({ text }) => text),
    details: z
      .record(z.string(), z.json())
      .parse({ commentary, visibility, ...(content && { content }), ...(reactions.length > 0 && { reactions }) }),
  };
}

const act = actsOf<World>();

/** Members and pages of LinkedIn, written from the fact sheet of 2026-11-26. */
export const simulators: readonly SimulatorDefinition[] = [
  simulator<World>({
    id: "linkedin",
    platforms: ["linkedin"],
    hosts: ["api.linkedin.com", "www.linkedin.com"],
    appCredentials: apps,
    world: createWorld,
    errors: linkedinErrors,
    rewrite: untunnel,
    guard: checkHeaders,
    oauth: {
      authorize: "www.linkedin.com/oauth/v2/authorization",
      token: "www.linkedin.com/oauth/v2/accessToken",
      revoke: "www.linkedin.com/oauth/v2/revoke",
      introspect: "www.linkedin.com/oauth/v2/introspectToken",
      title: "Sign in to LinkedIn",
      scopes,
      apps: () => [
        { id: memberApp.client_id, secret: memberApp.client_secret, scopes: Object.keys(memberScopes) },
        { id: pageApp.client_id, secret: pageApp.client_secret, scopes: Object.keys(scopes) },
      ],
      people: ({ people }) => [...people].map(([id, name]) => ({ id, name })),
      clientAuth: "body",
      pkce: "refused",
      codeSeconds: 1800,
      accessSeconds,
      // Members' apps get no refresh tokens; the clock of a refresh token is not set back.
      refresh: { seconds: refreshSeconds, scope: "rw_organization_admin" },
      refused: (error, words) => ({
        error: error === "access_denied" ? "user_cancelled_authorize" : error,
        error_description: words,
      }),
      // Another set of scopes invalidates what was granted before.
      consented({ world, grant, earlier }) {
        grant.accounts = world.accountsOf(grant.app, grant.subject);
        const asked = (set: ReadonlySet<string>) => [...set].sort().join(" ");
        for (const before of earlier) if (asked(before.scopes) !== asked(grant.scopes)) before.ended = true;
      },
    },
    accounts: {
      create(world, { kind = "member", name = "Ida Holm", scopes: given }) {
        const subject = world.env.randomId().slice(0, 12);
        const isPage = kind === "page";
        const app = isPage ? pageApp : memberApp;
        world.people.set(subject, isPage ? "Ida Holm" : name);
        const id = isPage ? world.addPage(name, [subject]).id : personUrn(app.client_id, subject);
        const signedIn = world.tokens.signedIn({
          subject,
          app: app.client_id,
          scopes: given ?? Object.keys(isPage ? scopes : memberScopes),
          accounts: world.accountsOf(app.client_id, subject),
          accessSeconds,
          ...(isPage && { refreshSeconds }),
        });
        return { ...signedIn, platform: "linkedin", id, kind, name, appSecret: app.client_secret, extra: { subject } };
      },
    },
    routes: [
      ...peopleRoutes,
      ...postRoutes,
      ...uploadRoutes,
      ...commentRoutes,
      ...reactionRoutes,
      ...subscriptionRoutes,
      ...numberRoutes,
    ],
    posts: (world) => world.posts.all().map((post) => livePost(world, post)),
    orphans(world) {
      const used = new Set(world.posts.all().flatMap(({ assets }) => assets.map(({ id }) => id)));
      return world.assets.all().filter(({ id }) => !used.has(id)).length;
    },
    media: ({ assets }, sha256) => assets.bytesOf(sha256),
    webhooks: ({ hooks }) => hooks,
    acts: {
      /** Another member comments, or answers a comment. An id or a name is always the same person. */
      comment: act(
        z.strictObject({
          post: z.string(),
          text: z.string().min(1).max(1250),
          parent: z.string().exactOptional(),
          author: z.string().default("Mara Lind"),
        }),
        (world, { post: urn, text, parent, author }) => {
          const { post } = targetOf(world, urn);
          const actor = personUrn(pageApp.client_id, author);
          const answered = parent === undefined ? {} : { parent: parentOn(world, post, parent) };
          return { id: makeComment(world, post, { actor, text, ...answered }).id, actor };
        },
      ),
      engage: act(
        z.strictObject({ urn: z.string(), counts: z.record(z.string(), z.number()) }),
        ({ counts: all }, { urn, counts }) => {
          all.set(urn, { ...all.get(urn), ...counts });
          return counts;
        },
      ),
      twins: act(z.strictObject({ refused: z.boolean(), ghosts: z.boolean() }).partial(), ({ twins }, input) =>
        Object.assign(twins, input),
      ),
      failAssets: act(z.strictObject({ times: z.int().min(0) }), (world, { times }) => {
        world.failing = times;
        return { times };
      }),
    },
  }),
];
