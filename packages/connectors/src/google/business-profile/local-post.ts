import { type ConnectorContext, type PlatformResult, type PublishedRef, rowsOf } from "@postd/connector-kit";
import type { JsonObject } from "@postd/contracts";
import { z } from "zod";
import { api, Instant, Link, ofLocation, ofThing } from "./api.ts";
import { PostName, v4Path } from "./names.ts";

export const topicTypes: Readonly<Record<string, string>> = { standard: "STANDARD", event: "EVENT", offer: "OFFER" };
export const formatOfTopic = (topicType: string): string | undefined =>
  Object.keys(topicTypes).find((format) => topicTypes[format] === topicType);

/** A post as Google keeps it; one without a name is none. @source platforms/google-business-profile.md "Publishing" */
export const LocalPost = z
  .object({
    name: PostName,
    summary: z.string().default(""),
    topicType: z.string().default(""),
    state: z.string().optional(),
    searchUrl: Link,
    createTime: Instant,
    scheduledTime: Instant,
    media: z.array(z.unknown()).default([]),
  })
  .transform(({ name, summary, topicType, state = "", searchUrl, createTime, scheduledTime, media }) => ({
    externalId: name,
    text: summary,
    topicType,
    state,
    createdAt: createTime,
    scheduledAt: scheduledTime,
    mediaCount: media.length,
    ...(searchUrl && { permalink: searchUrl }),
  }));
export type LocalPost = z.output<typeof LocalPost>;

const Page = z.object({ localPosts: rowsOf(LocalPost).default([]), nextPageToken: z.string().optional() });

export const readPost = (ctx: ConnectorContext, id: string): PlatformResult<LocalPost> =>
  api.get(ctx, v4Path(ctx, id), LocalPost, ofThing);

/** A page of the location's posts. */
export const listPosts = (ctx: ConnectorContext, pageToken?: string): PlatformResult<z.output<typeof Page>> =>
  api.get(ctx, `${v4Path(ctx)}/localPosts`, Page, {
    ...ofLocation,
    query: { pageSize: 100, ...(pageToken && { pageToken }) },
  });

/** Everybody can see it; a repeating event between two of its days too. */
export const isLive = ({ state }: Pick<LocalPost, "state">): boolean => state === "LIVE" || state === "RECURRING";

export const refOf = ({ externalId, permalink }: LocalPost): PublishedRef & JsonObject => ({
  externalId,
  ...(permalink !== undefined && { permalink }),
});
