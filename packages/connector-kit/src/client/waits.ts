import type { Clock } from "../context.ts";
import type { HttpResponse } from "../http.ts";
import { clampWaitMs } from "../server-failure.ts";

/** Reads the wait an answer asks for, in milliseconds; undefined where it asks for none. */
export type WaitReader = (res: Pick<HttpResponse, "headers" | "status">, clock: Clock) => number | undefined;

const DAY_MS = 86_400_000;

const numberIn = (res: Pick<HttpResponse, "headers">, header: string): number =>
  Number(res.headers[header]?.trim() || Number.NaN);

/** A header with the moment the allowance is renewed, in Unix seconds; at most `maxMs`, a day where it is not said. */
export const resetAt =
  (header: string, maxMs = DAY_MS): WaitReader =>
  (res, clock) =>
    clampWaitMs(numberIn(res, header) * 1000 - clock.now().getTime(), maxMs);

/** A header with the seconds left until the allowance is renewed. */
export const resetAfter =
  (header: string, maxMs = DAY_MS): WaitReader =>
  (res) =>
    clampWaitMs(numberIn(res, header) * 1000, maxMs);

/** For platforms that say nothing and count by UTC days. Only an allowance waits so long; other trouble has its own pace. */
export const untilUtcMidnight: WaitReader = ({ status }, clock) =>
  status === 429 ? DAY_MS - (clock.now().getTime() % DAY_MS) : undefined;
