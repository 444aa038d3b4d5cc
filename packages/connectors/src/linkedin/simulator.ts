import { actsOf, type SimPost, type SimulatorDefinition, shownMedia, simulator } from "@postd/connector-kit/simulator";
import { z } from "zod";
import { commentRoutes, tellPage } from "./simulator/comments.ts";
import { numberRoutes } from "./simulator/numbers.ts";
import { peopleRoutes } from "./simulator/people.ts";
import { postRoutes, shownText } from "./simulator/posts.ts";
import { untunnel } from "./simulator/rest-li.ts";
import { uploadRoutes } from "./simulator/uploads.ts";
import { badField, linkedinErrors, refuse } from "./simulator/words.ts";
import { apps, createWorld, orgUrn, type Post, personUrn, type World } from "./simulator/world.ts";

const daySeconds = 86_400;
const memberScopes = {
  openid: "Use your name and photo",
  profile: "Use your name and photo",
  email: "Use the primary email address",
  w_member_social: "Create, modify, and delete posts on your behalf",
};
const pageScopes = {
  w_member_social_feed: "Comment on your behalf",
  r_member_postAnalytics: "Read the numbers of your posts",
  r_member_profileAnalytics: "Read the number of your followers",
  w_organization_social: "Create, modify, and delete posts on your organization's behalf",
  r_organization_social: "Read your organization's posts",
  rw_organization_admin: "Manage your organization's pages",
  r_organization_admin: "See your organization's pages",
  w_organization_social_feed: "Comment on your organization's behalf",
  r_organization_social_feed: "Read your organization's comments",
};
const scopes = { ...memberScopes, ...pageScopes };
const [memberApp, pageApp] = [apps.linkedin, apps.linkedin_page];

/** Months that are supported: twelve before the present one (fact sheet, "Versioning"). */
function checkVersion(version: string | undefined, now: Date): void {
  if (version === undefined)
    throw badField(
      "Linkedin-Version",
      "VERSION_MISSING",
      "A version must be present. Please specify a version by adding the LinkedIn-Version header.",
    );
  const months = (year: number, month: number) => year * 12 + month;
  const [, year, month] = /^(\d{4})(\d{2})(?:\d{2})?$/.exec(version) ?? [];
  const age = months(now.getUTCFullYear(), now.getUTCMonth() + 1) - months(Number(year), Number(month));
  if (!(age >= 0 && age <= 12))
    throw refuse(426, `Requested version ${version} is not active`, { code: "NONEXISTENT_VERSION" });
}

function livePost(world: World, post: Post): SimPost {
  return {
    id: post.id,
    platform: "linkedin",
    accountId: post.author,
    accountName: world.nameOf(post.author),
    text: shownText(post.commentary),
    createdAt: new Date(post.createdAt).toISOString(),
    permalink: `https://www.linkedin.com/feed/update/${post.id}/`,
    kind: post.kind,
    media: post.assets.flatMap(({ id, altText }) => shownMedia(world.assets.get(id)?.media, altText)),
    replies: world.comments.all((comment) => comment.post === post.id).map(({ text }) => text),
    details: JSON.parse(JSON.stringify({ content: post.content, visibility: post.visibility })),
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
    guard({ request, now }) {
      if (!request.path.startsWith("/rest/")) return;
      checkVersion(request.headers["linkedin-version"], now);
      if (request.headers["x-restli-protocol-version"] !== "2.0.0")
        throw badField("X-Restli-Protocol-Version", "INVALID_VALUE_FOR_FIELD");
    },
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
      accessSeconds: 60 * daySeconds,
      // Members' apps get no refresh tokens; the clock of a refresh token is not set back.
      refresh: { seconds: 365 * daySeconds, scope: "rw_organization_admin" },
      refused: (error, words) => ({
        error: error === "access_denied" ? "user_cancelled_authorize" : error,
        error_description: words,
      }),
      // Another set of scopes invalidates what was granted before.
      consented({ grant, earlier }) {
        const asked = (set: ReadonlySet<string>) => [...set].sort().join(" ");
        for (const before of earlier) if (asked(before.scopes) !== asked(grant.scopes)) before.ended = true;
      },
    },
    accounts: {
      of(world, token) {
        const grant = world.tokens.find(token)?.grant;
        if (!grant) return [];
        const pages = [...world.organizations.values()].filter(({ roles }) => roles.has(grant.subject));
        return [personUrn(grant.app, grant.subject), ...pages.map(({ id }) => orgUrn(id))];
      },
      create(world, { kind = "member", name = "Ida Holm", scopes: given }) {
        const subject = world.env.randomId().slice(0, 12);
        world.people.set(subject, kind === "page" ? "Ida Holm" : name);
        const app = kind === "page" ? pageApp : memberApp;
        const id = String(10_900_000 + world.organizations.size);
        if (kind === "page")
          world.organizations.set(id, {
            id,
            name,
            vanityName: `page-${id}`,
            followers: 240,
            roles: new Map([[subject, "ADMINISTRATOR"]]),
          });
        const urn = kind === "page" ? orgUrn(id) : personUrn(app.client_id, subject);
        const all = Object.keys(kind === "page" ? scopes : memberScopes);
        const refreshSeconds = kind === "page" ? { refreshSeconds: 365 * daySeconds } : {};
        const signedIn = world.tokens.signedIn({
          subject,
          app: app.client_id,
          scopes: given ?? all,
          accounts: [urn],
          accessSeconds: 60 * daySeconds,
          ...refreshSeconds,
        });
        return {
          ...signedIn,
          platform: "linkedin",
          id: urn,
          kind,
          name,
          appSecret: app.client_secret,
          extra: { subject },
        };
      },
    },
    routes: [...peopleRoutes, ...postRoutes, ...uploadRoutes, ...commentRoutes, ...numberRoutes],
    posts: (world) => world.posts.all().map((post) => livePost(world, post)),
    orphans(world) {
      const used = new Set(world.posts.all().flatMap(({ assets }) => assets.map(({ id }) => id)));
      return world.assets.all(({ id }) => !used.has(id)).length;
    },
    media(world, sha256) {
      const media = world.assets.find((asset) => asset.media?.sha256 === sha256)?.media;
      return media?.bytes && { bytes: media.bytes, contentType: media.mimeType };
    },
    webhooks: ({ hooks }) => hooks,
    acts: {
      engage: act(
        z.strictObject({ urn: z.string(), counts: z.record(z.string(), z.number()) }),
        ({ counts: all }, { urn, counts }) => {
          all.set(urn, { ...all.get(urn), ...counts });
          return counts;
        },
      ),
      setRole: act(
        z.strictObject({
          page: z.string(),
          subject: z.string(),
          role: z.enum(["ADMINISTRATOR", "ANALYST"]).nullable(),
        }),
        (world, input) => {
          const roles = world.organizations.get(input.page)?.roles;
          if (input.role === null) roles?.delete(input.subject);
          else roles?.set(input.subject, input.role);
          return { role: input.role };
        },
      ),
      tell: act(
        z.strictObject({ post: z.string(), action: z.enum(["LIKE", "SHARE", "SHARE_MENTION", "COMMENT_EDIT"]) }),
        (world, { post, action }) => {
          const found = world.posts.get(post);
          return { told: found ? tellPage(world, found, action, world.newUrn("activity")) : 0 };
        },
      ),
      twins: act(z.strictObject({ refused: z.boolean() }), (world, { refused }) => {
        world.refusesLikeTwins = refused;
        return { refused };
      }),
    },
  }),
];
