import { sampleJpeg } from "@postd/connector-kit/media-samples";
import { z } from "zod";
import { type DayStep, graph, graphTime, id, ig, insight, paging, rows, success } from "./shapes.ts";

/** Instagram, from the container to the end of a post. */
export const instagram: readonly DayStep[] = [
  {
    title: "makes an Instagram container",
    section: "§6",
    step: "container",
    input: (known, sdk) => ({
      ...ig(known),
      params: {
        image_url: sdk.host("ig.jpg", sampleJpeg({ width: 1080, height: 1350, seed: 9 }), "image/jpeg"),
        caption: "Latte",
        alt_text: "A cup",
      },
    }),
    calls: [
      {
        call: `POST ${graph}/{ig}/media`,
        params: ["image_url", "caption", "alt_text"],
        answer: z.strictObject({ id }),
      },
    ],
    made: z.looseObject({ id }),
    keep: ({ id: kept }: { id: string }) => ({ container: kept }),
  },
  {
    title: "asks whether the container is ready",
    section: "§6",
    step: "containerStatus",
    input: (known) => ({ ...ig(known), containerId: known.container }),
    calls: [
      {
        call: `GET ${graph}/{id}`,
        params: ["fields"],
        answer: z.strictObject({ id, status_code: z.literal("FINISHED"), status: z.string() }),
      },
    ],
    made: z.looseObject({ status_code: z.literal("FINISHED") }),
  },
  {
    title: "publishes it",
    section: "§6",
    step: "publish",
    input: (known) => ({ ...ig(known), containerId: known.container }),
    calls: [{ call: `POST ${graph}/{ig}/media_publish`, params: ["creation_id"], answer: z.strictObject({ id }) }],
    made: z.looseObject({ id }),
    keep: ({ id: kept }: { id: string }) => ({ media: kept }),
  },
  {
    title: "asks how many more may be published",
    section: "§13",
    step: "limit",
    input: ig,
    calls: [
      {
        call: `GET ${graph}/{ig}/content_publishing_limit`,
        params: ["fields"],
        answer: z.strictObject({
          data: z.tuple([
            z.strictObject({
              quota_usage: z.literal(1),
              config: z.strictObject({ quota_total: z.int(), quota_duration: z.literal(86_400) }),
            }),
          ]),
        }),
      },
    ],
    made: rows(1, false, false),
  },
  {
    title: "comments on it",
    section: "§9",
    step: "igComment",
    input: (known) => ({ ...ig(known), mediaId: known.media, message: "Yours?" }),
    calls: [{ call: `POST ${graph}/{id}/comments`, params: ["message"], answer: z.strictObject({ id }) }],
    made: z.looseObject({ id }),
  },
  {
    title: "reads it with its comments and their replies inside",
    section: "§6, §9",
    step: "media",
    input: (known) => ({
      ...ig(known),
      mediaId: known.media,
      fields: [
        "id",
        "permalink",
        "media_type",
        "timestamp",
        "caption",
        "comments.limit(1){id,text,username,timestamp,like_count,hidden,replies{id,text}}",
      ],
    }),
    calls: [
      {
        call: `GET ${graph}/{id}`,
        params: ["fields"],
        answer: z.strictObject({
          id,
          permalink: z.url(),
          media_type: z.literal("IMAGE"),
          timestamp: graphTime,
          caption: z.literal("Latte"),
          comments: z.strictObject({
            data: z.tuple([
              z.strictObject({
                id,
                text: z.literal("Yours?"),
                username: z.string().optional(),
                timestamp: graphTime,
                like_count: z.number(),
                hidden: z.boolean(),
                replies: z.unknown().optional(),
              }),
            ]),
            paging: paging.optional(),
          }),
        }),
      },
    ],
    made: z.looseObject({ comments: z.unknown() }),
  },
  {
    title: "reads its numbers",
    section: "§10",
    step: "mediaInsights",
    input: (known) => ({ ...ig(known), mediaId: known.media, metric: ["views", "reach"] }),
    calls: [
      {
        call: `GET ${graph}/{id}/insights`,
        params: ["metric"],
        answer: z.strictObject({ data: z.array(insight(z.strictObject({ value: z.number() }))) }),
      },
    ],
    made: rows(2, false, false),
  },
  {
    title: "deletes it",
    section: "§8",
    step: "removeMedia",
    input: (known) => ({ ...ig(known), mediaId: known.media }),
    calls: [{ call: `DELETE ${graph}/{id}`, params: [], answer: success }],
    made: success,
  },
];
