import type { z } from "zod";
import type { SimRequest, SimResponse } from "./types.ts";

/** What the kit itself refuses. Each platform words it in its own form, in `errors.refuse`. */
export type Refusal =
  /** No route has this path; `isMethod`: one has, for other methods. */
  | { readonly kind: "noRoute"; readonly isMethod: boolean; readonly allowed: readonly string[] }
  /** The content type is not the one the route takes, or the body cannot be read; `reason` in words. */
  | { readonly kind: "badBody"; readonly reason: string }
  /** A field is missing, wrong or unknown. `value` is what was looked at. */
  | {
      readonly kind: "badInput";
      readonly where: "query" | "body";
      readonly issues: readonly z.core.$ZodIssue[];
      readonly value: unknown;
    }
  | { readonly kind: "tokenMissing" }
  | { readonly kind: "tokenInvalid" }
  | { readonly kind: "tokenExpired" }
  | { readonly kind: "tokenRevoked" }
  | { readonly kind: "scopeMissing"; readonly scopes: readonly string[] }
  /** `retryAfterSeconds` undefined: the platform does not say how long. */
  | { readonly kind: "rateLimited"; readonly retryAfterSeconds: number | undefined; readonly params: Params }
  | { readonly kind: "serverError"; readonly params: Params };
type Params = Readonly<Record<string, unknown>>;

/** Thrown by handlers and by the kit to answer at once; the answer is the platform's own. */
export class SimRefusal extends Error {
  override readonly name = "SimRefusal";
  readonly response: SimResponse;

  constructor(response: SimResponse) {
    super(`refused with ${response.status}`);
    this.response = response;
  }
}

/** Words the kit's refusals as the platform does; `now` for headers that tell a time, `world` for whom it concerns. */
export type Refuse<W = unknown> = (refusal: Refusal, request: SimRequest, now: Date, world: W) => SimResponse;

/** A field's path as text, "images[0].alt"; "" for the whole. */
export const pathText = (path: readonly PropertyKey[]): string =>
  path
    .map((part) => (typeof part === "number" ? `[${part}]` : `.${String(part)}`))
    .join("")
    .replace(/^\./, "");

/** The value an issue is about; undefined where it is missing. */
export const valueAt = (value: unknown, path: readonly PropertyKey[]): unknown =>
  path.reduce<unknown>(
    (at, part) => (typeof at === "object" && at !== null ? Reflect.get(at, part) : undefined),
    value,
  );
