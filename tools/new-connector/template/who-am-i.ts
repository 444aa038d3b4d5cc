import { type PlatformResult, parseJson } from "@postd/connector-kit";
import { z } from "zod";
import { type Caller, call } from "./call.ts";

const Me = z.object({ id: z.string().min(1), name: z.string() });

export async function whoAmI(caller: Caller): PlatformResult<z.output<typeof Me>> {
  const answer = await call(caller, { method: "GET", path: "/v1/me", effect: "none" });
  return answer.ok ? parseJson(answer.value, Me) : answer;
}
