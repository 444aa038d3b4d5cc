import { type Call, cursorPage, type Route, type SimResponse } from "@postd/connector-kit/simulator";
import { z } from "zod";
import { api, personOf, route, takeLimit } from "./call.ts";
import { fieldsIn, pictureUrl } from "./creator.ts";
import { ok } from "./words.ts";
import type { Post, World } from "./world.ts";

// Fact sheet, section 9. Public posts only.

type Field = (post: Post, call: Pick<Call<World>, "world" | "now">) => unknown;
const count =
  (name: string): Field =>
  ({ counts }) =>
    counts[name] ?? 0;
const embedLink = (id: string) => `https://www.tiktok.com/embed/v2/${id}?utm_source=tiktok`;

export const shareUrl = ({ id, kind, person }: Post): string =>
  `https://www.tiktok.com/@${person.username}/${kind}/${id}`;

const fields: Readonly<Record<string, Field>> = {
  id: ({ id }) => id,
  create_time: ({ createdAt }) => Math.floor(createdAt / 1000),
  title: ({ title }) => title,
  video_description: ({ title, description }) => [title, description].filter((words) => words !== "").join(" "),
  duration: ({ media }) => Math.round((media[0]?.durationMs ?? 0) / 1000),
  height: ({ media }) => media[0]?.height ?? 0,
  width: ({ media }) => media[0]?.width ?? 0,
  cover_image_url: ({ id }, call) => pictureUrl(call, `cover-${id}`, 6),
  share_url: (post) => `${shareUrl(post)}?utm_campaign=tt4d_open_api&utm_source=${post.publish?.grant.app ?? "tiktok"}`,
  embed_html: ({ id }) => `<iframe src="${embedLink(id)}"></iframe>`,
  embed_link: ({ id }) => embedLink(id),
  like_count: count("like_count"),
  comment_count: count("comment_count"),
  share_count: count("share_count"),
  view_count: count("view_count"),
};

const Query = z.strictObject({ fields: z.string().min(1) });

const isShown = ({ settings }: World, post: Post): boolean =>
  post.isTold && (post.kind === "video" || settings.displaysPhotos);

function answer(call: Call<World, unknown, z.output<typeof Query>>, posts: readonly Post[], more = {}): SimResponse {
  const names = fieldsIn(call.query.fields, Object.keys(fields));
  const videos = posts.map((post) => Object.fromEntries(names.map((name) => [name, fields[name]?.(post, call)])));
  const made = ok({ videos, ...more });
  if (call.world.settings.displayIds === "text") return made;
  const text = JSON.stringify(made.json).replace(/"id":"(\d+)"/g, '"id":$1');
  return { status: 200, headers: { "content-type": "application/json; charset=utf-8" }, text };
}

export const displayRoutes: readonly Route<World>[] = [
  route("POST", api("video/list"), {
    scopes: ["video.list"],
    query: Query,
    body: z.strictObject({
      cursor: z.int().min(0).optional(),
      max_count: z.int().min(1).max(20).default(10),
    }),
    handle(call) {
      takeLimit(call, "display");
      const { world, body, listed } = call;
      const person = personOf(call);
      const own = world.posts.all((post) => post.person === person && isShown(world, post));
      const newest = listed(own.toReversed(), ({ createdAt }) => createdAt).toSorted(
        (left, right) => right.createdAt - left.createdAt,
      );
      const page = cursorPage(newest, {
        limit: body.max_count,
        cursor: body.cursor === undefined || body.cursor === 0 ? undefined : String(body.cursor),
        keyOf: ({ createdAt }) => String(createdAt),
        isAfter: (key, cursor) => Number(key) < Number(cursor),
      });
      return answer(call, page.items, { cursor: Number(page.next ?? body.cursor ?? 0), has_more: page.more });
    },
  }),
  route("POST", api("video/query"), {
    scopes: ["video.list"],
    query: Query,
    body: z.strictObject({
      filters: z.strictObject({ video_ids: z.array(z.string()).min(1).max(20) }),
    }),
    handle(call) {
      takeLimit(call, "display");
      const { world, body } = call;
      const person = personOf(call);
      const found = body.filters.video_ids.flatMap((id) => world.posts.get(id) ?? []);
      return answer(
        call,
        found.filter((post) => post.person === person && isShown(world, post)),
      );
    },
  }),
];
