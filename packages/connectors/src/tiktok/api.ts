import { type ApiCall, apiClient, type ConnectorContext, exactJson, type PlatformResult } from "@postd/connector-kit";
import { z } from "zod";
import { failures } from "./failures.ts";

/** Success is only what says "ok", whatever the status. @source platforms/tiktok.md section 11 */
export const api = apiClient({
  base: "https://open.tiktokapis.com/v2",
  failures,
  watch: (res) => ({ ...res, json: exactJson(res.text) }),
});

/** What an answer holds beside its `error`. */
export const inData = <T extends z.ZodType>(data: T) =>
  z
    .object({ data: z.unknown() })
    .transform((answer) => answer.data)
    .pipe(data);

/** Ids come as text or as numbers. */
export const Id = z.union([z.string().min(1).max(100), z.number().int()]).transform(String);

/** A question asked by POST. */
export const ask = <T extends z.ZodType>(
  ctx: ConnectorContext,
  path: string,
  json: object,
  answer: T,
  more: Partial<ApiCall> = {},
): PlatformResult<z.output<T>> =>
  api.read(ctx, { method: "POST", path, json, effect: "none", ...more }, inData(answer));

/** How the site itself links posts. @source platforms/tiktok.md section 5 */
export const permalinkOf = (username: string, kind: "video" | "photo", id: string): string =>
  `https://www.tiktok.com/@${encodeURIComponent(username)}/${kind}/${id}`;
