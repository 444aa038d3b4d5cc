import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Json } from "@postd/contracts";
import type { PlatformFailure, PlatformFailureKind } from "../failure.ts";
import type { Effect, HttpResponse } from "../http.ts";

/**
 * Who has to act on an error, as a fact sheet says it. `sign_in`: whoever connected signs in anew. `permission`: a right of
 * the sign-in or a role at the account is missing. `account`: the account itself is restricted. `content`: the author.
 * `operator`: app, key, product, version, credit. `wait`: surely nothing was done, later it may be. `transient`: the
 * platform's own trouble, which leaves open what a changing call did. `ours`: a fault in what we send.
 */
export type WhoActs = "sign_in" | "permission" | "account" | "content" | "operator" | "wait" | "transient" | "ours";

/** One row of a platform's error table, with an answer as the platform gives it. */
export interface DocumentedError {
  /** Code or words as the sheet lists them; unique. */
  readonly name: string;
  readonly status: number;
  readonly body: Json;
  readonly headers?: Readonly<Record<string, string>>;
  /** Several where the sheet leaves open which. */
  readonly who: WhoActs | readonly WhoActs[];
  /** Another answer for reads; default: the same. */
  readonly whoOnRead?: WhoActs | readonly WhoActs[];
  /** Calls it comes at; default both. */
  readonly at?: "read" | "change";
}

const kinds: Readonly<
  Record<WhoActs, { readonly read: readonly PlatformFailureKind[]; readonly change: readonly PlatformFailureKind[] }>
> = {
  sign_in: same("auth_expired", "auth_revoked"),
  permission: same("scope_missing"),
  account: same("account_blocked"),
  content: same("content_rejected"),
  operator: same("operator_must_act"),
  wait: same("rate_limited", "unavailable"),
  transient: { read: ["unavailable"], change: ["outcome_unknown"] },
  ours: same("unexpected_response", "operator_must_act"),
};

function same(...all: readonly PlatformFailureKind[]) {
  return { read: all, change: all };
}

/**
 * Each documented error as a case, on a read and on a call an audience sees: the one who has to act is told, and a refusal
 * in the platform's own words proves that nothing was done. The rows are written from the fact sheet by whoever wrote the
 * simulator, so that a slip in the connector's table meets another reading. The count is in the suite's name.
 */
export function describeDocumentedErrors(
  platform: string,
  rows: readonly DocumentedError[],
  failureOf: (res: HttpResponse) => PlatformFailure | undefined,
): void {
  describe(`${platform}: ${rows.length} documented errors, each with who has to act`, () => {
    test("the rows have names of their own", () => {
      assert.equal(new Set(rows.map(({ name }) => name)).size, rows.length);
      assert.ok(rows.length > 0);
    });
    for (const row of rows)
      test(row.name, () => {
        if (row.at !== "change") check(row, "none", failureOf);
        if (row.at !== "read") check(row, "visible", failureOf);
      });
  });
}

/** Throws where the failure an answer is taken for is not what the row says. */
function check(
  row: DocumentedError,
  effect: Effect,
  failureOf: (res: HttpResponse) => PlatformFailure | undefined,
): void {
  const isRead = effect === "none";
  const who = [(isRead && row.whoOnRead) || row.who].flat();
  const allowed = who.flatMap((each) => kinds[each][isRead ? "read" : "change"]);
  const isText = typeof row.body === "string";
  const failure = failureOf({
    status: row.status,
    headers: { "content-type": isText ? "text/html" : "application/json", ...row.headers },
    text: isText ? String(row.body) : JSON.stringify(row.body),
    json: isText ? undefined : row.body,
    effect,
  });
  const seen = `${effect}: ${JSON.stringify(failure)}`;
  assert.ok(failure && allowed.includes(failure.kind), `${allowed.join(" or ")} was due; ${seen}`);
  assert.match(failure.message, /\S \S/, `no sentence for people; ${seen}`);
  if (!isRead) assert.equal(failure.refused, failure.kind === "outcome_unknown" ? undefined : true, `refused; ${seen}`);
}
