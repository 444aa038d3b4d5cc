import { graphInstant, type Numbers } from "@postd/connector-kit";
import { ok } from "@postd/contracts";
import { z } from "zod";
import { metaGraph } from "../graph.ts";
import { webAddress } from "../graph-url.ts";

import { pageToken } from "./posts.ts";

const Row = z.object({
  id: z.string(),
  message: z.string().optional(),
  created_time: z.string().transform(graphInstant),
  permalink_url: z.string().transform(webAddress).optional().catch(undefined),
});

/** What the Page has published, newest first. @source specs/meta Page, edge `published_posts` */
export const recent: NonNullable<Numbers["recent"]> = async ({ since, cursor }, ctx) => {
  const page = await metaGraph.graphPage(ctx, pageToken(ctx), {
    path: [ctx.account.externalId, "published_posts"],
    params: { fields: "id,message,created_time,permalink_url", limit: 50 },
    row: Row,
    needs: ["pages_read_engagement"],
    after: cursor,
  });
  if (!page.ok) return page;
  const posts = page.value.rows.flatMap(({ id, message, created_time, permalink_url }) =>
    created_time && created_time >= since
      ? [
          {
            externalId: id,
            createdAt: created_time,
            format: permalink_url?.includes("/reel/") ? "reel" : "text",
            ...(permalink_url && { permalink: permalink_url }),
            ...(message && { text: message }),
          },
        ]
      : [],
  );
  return ok({ posts, ...(page.value.after && { cursor: page.value.after }) });
};
