import assert from "node:assert/strict";
import { z } from "zod";
import { type DayStep, feed, graph, refused, thrown, withToken } from "./shapes.ts";

/** What holds for all calls: batches and errors. */
export const closing: readonly DayStep[] = [
  {
    title: "does three things in one batch, of which one fails",
    section: "§1b",
    step: "batch",
    input: ({ pageId, pageToken }) => ({
      pageToken,
      requests: [
        { node: pageId, method: "GET", edge: "/feed", fields: ["id"], params: { limit: 1 } },
        { node: pageId, method: "POST", edge: "/feed", fields: [], params: { message: "Batched" } },
        { node: pageId, method: "GET", edge: "/colours", fields: ["id"], params: {} },
      ],
    }),
    calls: [
      {
        call: `POST ${graph}/`,
        params: ["batch"],
        answer: z.tuple([
          z.strictObject({
            code: z.literal(200),
            headers: z.array(z.strictObject({ name: z.string(), value: z.string() })),
            body: z.string(),
          }),
          z.strictObject({
            code: z.literal(200),
            headers: z.array(z.strictObject({ name: z.string(), value: z.string() })),
            body: z.string(),
          }),
          z.strictObject({
            code: z.literal(400),
            headers: z.array(z.strictObject({ name: z.string(), value: z.string() })),
            body: z.string(),
          }),
        ]),
      },
    ],
    made: z.looseObject({ answers: z.array(z.unknown()).length(3), again: z.literal(0) }),
    after: (sdk) => assert.ok(sdk.simulator.simulator.posts().some(({ text }) => text === "Batched")),
  },
  {
    title: "reads what is gone",
    section: "§12",
    step: "readPost",
    input: (known) => ({ ...withToken(known), postId: known.photoPost, fields: ["id"] }),
    calls: [
      { call: `GET ${graph}/{id}`, params: ["fields"], answer: refused(100, 33, "GraphMethodException"), status: 400 },
    ],
    made: thrown(100),
  },
  {
    title: "posts after the person removed the app",
    section: "§12",
    step: "feed",
    before: (sdk, { personId }) => sdk.simulator.simulator.act?.("removeApp", { personId: personId ?? "" }),
    input: (known) => ({ ...withToken(known), params: { message: "Never" } }),
    calls: [{ call: feed.call, params: ["message"], answer: refused(190, 458), status: 400 }],
    made: thrown(190),
  },
];
