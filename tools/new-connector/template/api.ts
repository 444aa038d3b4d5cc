import { type ApiContext, apiClient, type PlatformResult } from "@postd/connector-kit";
import { z } from "zod";
import { failures } from "./failures.ts";

export const api = apiClient({ base: "https://api.sample-platform.example", failures });

const Me = z.object({ id: z.string().min(1), name: z.string() });

export const whoAmI = (ctx: ApiContext): PlatformResult<z.output<typeof Me>> =>
  api.read(ctx, { method: "GET", path: ["v1", "me"], effect: "none" }, Me);
