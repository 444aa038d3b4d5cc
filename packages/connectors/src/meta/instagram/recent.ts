import { graphInstant, type Numbers } from "@postd/connector-kit";
import { ok } from "@postd/contracts";
import { z } from "zod";
import { metaGraph } from "../graph.ts";
import { hostFor, webAddress } from "../graph-url.ts";

import { instagramNeeds } from "../scopes.ts";

const Row = z.object({
  id: z.string(),
  caption: z.string().optional(),
  timestamp: z.string().transform(graphInstant),
  permalink: z.string().transform(webAddress).optional().catch(undefined),
  media_type: z.string().optional(),
  media_product_type: z.string().optional(),
});

const formatOf = ({ media_type, media_product_type }: z.output<typeof Row>): string => {
  if (media_product_type === "REELS") return "reel";
  return media_type === "CAROUSEL_ALBUM" ? "carousel" : "image";
};

/** What stands on the profile, newest first; stories are a list of their own and not in it. @source platforms/meta.md section 5 */
export const recent: NonNullable<Numbers["recent"]> = async ({ cursor }, ctx) => {
  const page = await metaGraph.graphPage(ctx, ctx.credentials.accessToken, {
    host: hostFor(ctx.account),
    path: [ctx.account.externalId, "media"],
    params: { fields: "id,caption,timestamp,permalink,media_type,media_product_type", limit: 50 },
    row: Row,
    needs: instagramNeeds(ctx.account.authKind, "basic"),
    after: cursor,
  });
  if (!page.ok) return page;
  const posts = page.value.rows.flatMap((row) =>
    row.timestamp
      ? [
          {
            externalId: row.id,
            createdAt: row.timestamp,
            format: formatOf(row),
            ...(row.permalink && { permalink: row.permalink }),
            ...(row.caption && { text: row.caption }),
          },
        ]
      : [],
  );
  return ok({ posts, ...(page.value.after && { cursor: page.value.after }) });
};
