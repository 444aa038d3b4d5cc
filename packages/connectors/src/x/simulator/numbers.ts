import type { Call, Route } from "@postd/connector-kit/simulator";
import { z } from "zod";
import { personOf, route } from "./call.ts";
import { Ids } from "./ids.ts";
import { publicMetrics } from "./show-post.ts";
import { invalid, notFound, refuse } from "./words.ts";
import type { World } from "./world.ts";

// Fact sheet, section 9: counts in buckets of time.

const hourMs = 3_600_000;
const bucketMs = { hourly: hourMs, daily: 24 * hourMs, weekly: 7 * 24 * hourMs } as const;
const most = 1000;
const words = (text: string): readonly string[] => text.split(" ");

const postNames = words(
  "app_install_attempts app_opens bookmarks detail_expands email_tweet engagements follows hashtag_clicks impressions likes media_views permalink_clicks quote_tweets replies retweets shares unfollows unlikes url_clicks user_profile_clicks",
);
const mediaNames = words(
  "cta_url_clicks cta_watch_clicks play_from_tap playback25 playback50 playback75 playback_complete playback_start video_views watch_time_ms",
);

/** Names a caller asks for; without any, all. `id`, `timestamp` and `timestamped_metrics` come by themselves. */
const fieldsOf = (names: readonly string[], own: string) =>
  z
    .string()
    .transform((text) => text.split(","))
    .pipe(z.array(z.enum([...names, own, "timestamp", "timestamped_metrics"])))
    .transform((given) => names.filter((name) => given.includes(name)))
    .default([...names]);
const range = { start_time: z.iso.datetime(), end_time: z.iso.datetime() };

interface Asked {
  readonly start_time: string;
  readonly end_time: string;
  readonly granularity: keyof typeof bucketMs | "total";
}

/** One thing's counts: everything that was counted is of the bucket in which it was made. */
function counted(world: World, asked: Asked, madeAt: number, metrics: Readonly<Record<string, number>>) {
  const { granularity } = asked;
  const [from, to] = [Date.parse(asked.start_time), Date.parse(asked.end_time)];
  if (from >= to) throw invalid("`end_time` must be after `start_time`", { end_time: [asked.end_time] });
  const none = Object.fromEntries(Object.keys(metrics).map((name) => [name, 0]));
  const inside = (start: number, end: number) => (madeAt >= start && madeAt < end ? metrics : none);
  if (granularity === "total") {
    const whole = inside(from, to);
    if (world.settings.analyticsTotal === "flat") return whole;
    return { timestamped_metrics: [{ timestamp: asked.start_time, metrics: whole }] };
  }
  const size = bucketMs[granularity];
  if ((to - from) / size > most) throw invalid("The range has too many parts", { start_time: [asked.start_time] });
  const starts = Array.from({ length: Math.ceil((to - from) / size) }, (_, nth) => from + nth * size);
  return {
    timestamped_metrics: starts.map((start) => ({
      timestamp: new Date(start).toISOString(),
      metrics: inside(start, Math.min(start + size, to)),
    })),
  };
}

function refuseClosed({ world }: Pick<Call<World>, "world">): void {
  if (world.settings.analytics === "closed")
    throw refuse(403, "This endpoint is not part of what your client may use.", "client-forbidden", {
      title: "Client Forbidden",
    });
}

const list = (data: readonly unknown[], errors: readonly unknown[]) => ({
  status: 200,
  json: { data, ...(errors.length > 0 && { errors }) },
});

export const numberRoutes: readonly Route<World>[] = [
  route("GET", "tweets/analytics", {
    limit: "analytics",
    scopes: ["tweet.read", "users.read"],
    query: z.strictObject({
      ids: Ids,
      ...range,
      granularity: z.enum(["hourly", "daily", "weekly", "total"]).default("total"),
      "analytics.fields": fieldsOf(postNames, "id"),
    }),
    handle(call) {
      refuseClosed(call);
      const { world, query } = call;
      const me = personOf(call);
      const posts = query.ids.map((id) => [id, world.posts.get(id)] as const);
      const own = posts.flatMap(([, post]) => (post?.author === me ? [post] : []));
      const data = own.map((post) => {
        const told = world.counts.get(post.history[0] ?? post.id) ?? {};
        const shown = publicMetrics(world, post, "old");
        const same: Readonly<Record<string, number | undefined>> = {
          bookmarks: shown.bookmark_count,
          impressions: shown.impression_count,
          likes: shown.like_count,
          quote_tweets: shown.quote_count,
          replies: shown.reply_count,
          retweets: shown.retweet_count,
          url_clicks: told.url_link_clicks,
        };
        const metrics = query["analytics.fields"].map((name) => [name, told[name] ?? same[name] ?? 0]);
        return { id: post.id, ...counted(world, query, post.firstAt, Object.fromEntries(metrics)) };
      });
      const missing = posts.filter(([, post]) => post === undefined || post.author !== me);
      return list(
        data,
        missing.map(([id]) => notFound("tweet", id, "ids")),
      );
    },
  }),
  route("GET", "media/analytics", {
    limit: "analytics",
    scopes: ["tweet.read"],
    query: z.strictObject({
      media_keys: z
        .string()
        .transform((text) => text.split(","))
        .pipe(
          z
            .array(z.string().regex(/^\d+_\d+$/))
            .min(1)
            .max(100),
        ),
      ...range,
      granularity: z.enum(["hourly", "daily", "total"]).default("daily"),
      "media_analytics.fields": fieldsOf(mediaNames, "media_key"),
    }),
    handle(call) {
      refuseClosed(call);
      const { world, query } = call;
      const { id: me } = personOf(call);
      const films = query.media_keys.map((key) => {
        const medium = world.uploads.get(key.split("_")[1] ?? "");
        return [key, medium?.details.key === key && medium.details.owner === me ? medium : undefined] as const;
      });
      const data = films.flatMap(([key, film]) => {
        if (film === undefined) return [];
        const told = world.counts.get(key) ?? {};
        const metrics = query["media_analytics.fields"].map((name) => [name, told[name] ?? 0]);
        return [{ media_key: key, ...counted(world, query, film.details.wholeAt, Object.fromEntries(metrics)) }];
      });
      const missing = films.filter(([, film]) => film === undefined);
      return list(
        data,
        missing.map(([key]) => notFound("media", key, "media_keys")),
      );
    },
  }),
];
