import {
  type ConnectorContext,
  normalizeText,
  type PlatformResult,
  type PublishedRef,
  rowsOf,
} from "@postd/connector-kit";
import type { JsonObject } from "@postd/contracts";
import { z } from "zod";
import { api, Instant, Link, ofLocation, ofThing } from "./api.ts";
import { PostName, v4Path } from "./names.ts";

export const topicTypes: Readonly<Record<string, string>> = { standard: "STANDARD", event: "EVENT", offer: "OFFER" };
export const formatOfTopic = (topicType: string): string | undefined =>
  Object.keys(topicTypes).find((format) => topicTypes[format] === topicType);

const count = z.number().int().default(0);
const Day = z.object({ year: count, month: count, day: count });
/** A part that is nothing is left out by Google. */
const Time = z.object({ hours: count, minutes: count }).default({ hours: 0, minutes: 0 });
const Event = z.object({
  title: z.string().default(""),
  schedule: z.object({ startDate: Day, startTime: Time, endDate: Day, endTime: Time }),
});

/** What tells two events of the same words apart: what they are called, and when they are. */
export function eventKey(event: unknown): string | undefined {
  const { data } = Event.safeParse(event);
  return data && JSON.stringify([normalizeText(data.title), data.schedule]);
}

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
    event: z.unknown().optional(),
    callToAction: z.object({ url: Link }).optional().catch(undefined),
  })
  .transform(
    ({ name, summary, topicType, state = "", searchUrl, createTime, scheduledTime, media, event, callToAction }) => ({
      externalId: name,
      text: summary,
      topicType,
      state,
      createdAt: createTime,
      scheduledAt: scheduledTime,
      mediaCount: media.length,
      event: eventKey(event),
      buttonUrl: callToAction?.url,
      ...(searchUrl && { permalink: searchUrl }),
    }),
  );
export type LocalPost = z.output<typeof LocalPost>;

const Page = z.object({ localPosts: rowsOf(LocalPost).default([]), nextPageToken: z.string().optional() });

export const readPost = (ctx: ConnectorContext, id: string): PlatformResult<LocalPost> =>
  api.get(ctx, v4Path(ctx, id), LocalPost, ofThing);

/** Google may answer a page of nothing with more behind it. */
const MOST_EMPTY_PAGES = 5;

/** A page of the location's posts, newest first; the first that holds any. */
export async function listPosts(ctx: ConnectorContext, from?: string): PlatformResult<z.output<typeof Page>> {
  let pageToken = from;
  for (let pages = 1; ; pages += 1) {
    const query = { pageSize: 100, ...(pageToken && { pageToken }) };
    const page = await api.get(ctx, `${v4Path(ctx)}/localPosts`, Page, { ...ofLocation, query });
    if (!page.ok || page.value.localPosts.length > 0 || pages >= MOST_EMPTY_PAGES) return page;
    pageToken = page.value.nextPageToken;
    if (!pageToken) return page;
  }
}

/** Everybody can see it; a repeating event between two of its days too. */
export const isLive = ({ state }: Pick<LocalPost, "state">): boolean => state === "LIVE" || state === "RECURRING";

export const refOf = ({ externalId, permalink }: LocalPost): PublishedRef & JsonObject => ({
  externalId,
  ...(permalink !== undefined && { permalink }),
});
