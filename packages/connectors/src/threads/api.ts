import { type ConnectorContext, type GraphCall, graphApi, type PlatformResult } from "@postd/connector-kit";
import type { z } from "zod";
import { failures } from "./failures.ts";

/** Below the version; the calls that make and lengthen tokens stand outside of it. */
export const HOST = "https://graph.threads.net";

export const threadsGraph = graphApi<string>({ hosts: ["graph.threads.net"], failures });
export const { graph, graphPage } = threadsGraph;

/** A call with the connection's own token. */
export const call = <T extends z.ZodType>(ctx: ConnectorContext, given: GraphCall<T>): PlatformResult<z.output<T>> =>
  graph(ctx, ctx.credentials.accessToken, given);

export const scopes = {
  basic: "threads_basic",
  publish: "threads_content_publish",
  manageReplies: "threads_manage_replies",
  readReplies: "threads_read_replies",
  insights: "threads_manage_insights",
  mentions: "threads_manage_mentions",
  remove: "threads_delete",
} as const;

/** How an account is known where an event has only its name; no id looks like this. Kept as `extras.personId`. */
export const personId = (username: string | undefined): string | undefined => (username ? `@${username}` : undefined);
