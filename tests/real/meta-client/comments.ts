import { z } from "zod";
import { comment, type DayStep, graph, paging, postId, success, summary, withToken } from "./shapes.ts";

/** Comments, and lists inside fields. */
export const talking: readonly DayStep[] = [
  ...(["comment", "reply"] as const).map(
    (which): DayStep => ({
      title: which === "comment" ? "comments on a post" : "replies to the comment",
      section: "§9",
      step: which,
      input: (known) => ({
        ...withToken(known),
        postId: known.linkPost,
        commentId: known.comment,
        message: which === "comment" ? "Back in stock" : "Until Friday",
      }),
      calls: [{ call: `POST ${graph}/{id}/comments`, params: ["message"], answer: z.strictObject({ id: z.string() }) }],
      made: z.looseObject({ id: z.string() }),
      keep: ({ id: kept }: { id: string }) => ({ [which]: kept }),
    }),
  ),
  {
    title: "hides a comment",
    section: "§9",
    step: "hide",
    input: ({ pageToken, reply }) => ({ pageToken, commentId: reply }),
    calls: [{ call: `POST ${graph}/{id}`, params: ["is_hidden"], answer: success }],
    made: success,
  },
  {
    title: "reads comments and replies in one row, newest first, with their number",
    section: "§9",
    step: "comments",
    before: (sdk, { linkPost }) =>
      sdk.simulator.simulator.act?.("comment", { objectId: linkPost ?? "", text: "Where?" }),
    input: (known) => ({
      ...withToken(known),
      postId: known.linkPost,
      fields: ["id", "message", "parent{id}"],
      params: { filter: "stream", order: "reverse_chronological", summary: true, limit: 2 },
    }),
    calls: [
      {
        call: `GET ${graph}/{id}/comments`,
        params: ["fields", "filter", "order", "summary", "limit"],
        answer: z.strictObject({ data: z.array(comment), paging, summary }),
      },
    ],
    made: z.strictObject({
      rows: z.tuple([
        z.looseObject({ message: z.literal("Where?") }),
        z.looseObject({ message: z.literal("Until Friday"), parent: z.object({ id: z.string() }) }),
      ]),
      hasNext: z.literal(true),
      hasPrevious: z.literal(false),
      summary: z.strictObject({
        order: z.literal("reverse_chronological"),
        total_count: z.literal(3),
        can_comment: z.literal(true),
      }),
    }),
  },
  {
    title: "reads a post with its comments and their replies inside",
    section: "§1b",
    step: "readPost",
    input: (known) => ({
      ...withToken(known),
      postId: known.linkPost,
      fields: ["id", "comments.limit(1).order(chronological).summary(true){id,message,comments{id,message}}", "shares"],
    }),
    calls: [
      {
        call: `GET ${graph}/{id}`,
        params: ["fields"],
        answer: z.strictObject({
          id: postId,
          shares: z.strictObject({ count: z.number() }).optional(),
          comments: z.strictObject({
            data: z.tuple([
              z.strictObject({
                id: z.string(),
                message: z.literal("Back in stock"),
                comments: z.strictObject({ data: z.tuple([comment]), paging }),
              }),
            ]),
            paging,
            summary,
          }),
        }),
      },
    ],
    made: z.looseObject({ comments: z.unknown() }),
  },
  {
    title: "reads two posts by their ids",
    section: "§1b",
    step: "byIds",
    input: ({ pageToken, linkPost, textPost }) => ({ pageToken, ids: [linkPost, textPost] }),
    calls: [
      {
        call: `GET ${graph}/`,
        params: ["ids", "fields"],
        answer: z.record(postId, z.strictObject({ id: postId, message: z.string() })),
      },
    ],
    made: z.tuple([z.looseObject({ id: postId }), z.looseObject({ id: postId })]),
  },
  {
    title: "deletes a comment",
    section: "§9",
    step: "removeComment",
    input: ({ pageToken, reply }) => ({ pageToken, commentId: reply }),
    calls: [{ call: `DELETE ${graph}/{id}`, params: [], answer: success }],
    made: success,
  },
  {
    title: "deletes a post",
    section: "§8",
    step: "removePost",
    input: (known) => ({ ...withToken(known), postId: known.photoPost }),
    calls: [{ call: `DELETE ${graph}/{id}`, params: [], answer: success }],
    made: success,
  },
];
