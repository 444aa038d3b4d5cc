import type { Call, Route } from "@postd/connector-kit/simulator";
import { z } from "zod";
import { api, badParam, grantOf, personOf, route, takeLimit } from "./call.ts";
import { refuseWhoMayPostNoMore } from "./caps.ts";
import { ok, refuse } from "./words.ts";
import { openIdOf, type Person, type Privacy, type World } from "./world.ts";

// Fact sheet, section 4.

const hourMs = 3_600_000;

/** What this person may choose from now. */
export function privacyOptions({ settings }: Pick<World, "settings">, { isPrivate }: Person): readonly Privacy[] {
  if (!settings.audited && settings.unauditedOptions === "SELF_ONLY") return ["SELF_ONLY"];
  return [isPrivate ? "FOLLOWER_OF_CREATOR" : "PUBLIC_TO_EVERYONE", "MUTUAL_FOLLOW_FRIENDS", "SELF_ONLY"];
}

/** A picture's address with its end. */
export const pictureUrl = (call: Pick<Call<World>, "now">, name: string, hours: number): string =>
  `https://p16-sign.tiktokcdn.example/${name}.jpeg?x-expires=${Math.floor((call.now.getTime() + hours * hourMs) / 1000)}`;

const likesOf = (world: World, person: Person) =>
  world.posts
    .all((post) => post.person === person)
    .reduce((sum, { counts, kind }) => sum + (kind === "video" ? (counts.like_count ?? 0) : 0), 0);

type Field = (call: Call<World>, person: Person) => unknown;
const fields: Readonly<Record<string, readonly [scope: string, value: Field]>> = {
  open_id: ["user.info.basic", (call, { id }) => openIdOf(grantOf(call).app, id)],
  union_id: ["user.info.basic", (_, { id }) => openIdOf("union", id)],
  avatar_url: ["user.info.basic", (call, { id }) => pictureUrl(call, id, 2)],
  avatar_url_100: ["user.info.basic", (call, { id }) => pictureUrl(call, `${id}-100`, 2)],
  avatar_large_url: ["user.info.basic", (call, { id }) => pictureUrl(call, `${id}-large`, 2)],
  display_name: ["user.info.basic", (_, { nickname }) => nickname],
  username: ["user.info.profile", (_, { username }) => username],
  bio_description: ["user.info.profile", (_, { bio }) => bio],
  profile_deep_link: ["user.info.profile", (_, { username }) => `https://www.tiktok.com/@${username}`],
  is_verified: ["user.info.profile", (_, { isVerified }) => isVerified],
  follower_count: ["user.info.stats", (_, { followers }) => followers],
  following_count: ["user.info.stats", (_, { following }) => following],
  likes_count: ["user.info.stats", ({ world }, person) => likesOf(world, person)],
  video_count: [
    "user.info.stats",
    ({ world }, person) => world.posts.all((post) => post.person === person && post.isTold).length,
  ],
};

/** `fields=a,b` as a list of names that are there. */
export function fieldsIn(asked: string, all: readonly string[]): readonly string[] {
  const names = asked.split(",").map((name) => name.trim());
  const unknown = names.filter((name) => !all.includes(name));
  if (unknown.length > 0) throw badParam(`Fields is invalid: ${unknown.join(", ")}`);
  return names;
}

export const creatorRoutes: readonly Route<World>[] = [
  route("GET", api("user/info"), {
    query: z.strictObject({ fields: z.string().min(1) }),
    handle(call) {
      takeLimit(call, "display");
      const names = fieldsIn(call.query.fields, Object.keys(fields));
      const user = Object.fromEntries(
        names.map((name) => {
          const [scope = "", value] = fields[name] ?? [];
          if (!call.caller.scopes.has(scope))
            throw refuse(
              "scope_not_authorized",
              `The user did not authorize the scope required for completing this request: ${scope}`,
            );
          return [name, value?.(call, personOf(call))];
        }),
      );
      return ok({ user });
    },
  }),
  route("POST", api("post/publish/creator_info/query"), {
    scopes: ["video.publish"],
    handle(call) {
      takeLimit(call, "creatorInfo");
      const person = personOf(call);
      refuseWhoMayPostNoMore(call, call.world.settings.creatorInfoRefusal);
      return ok({
        creator_avatar_url: pictureUrl(call, person.id, 2),
        creator_username: person.username,
        creator_nickname: person.nickname,
        privacy_level_options: privacyOptions(call.world, person),
        comment_disabled: person.commentDisabled,
        duet_disabled: person.duetDisabled || person.isPrivate,
        stitch_disabled: person.stitchDisabled || person.isPrivate,
        max_video_post_duration_sec: person.maxVideoSeconds,
      });
    },
  }),
];
