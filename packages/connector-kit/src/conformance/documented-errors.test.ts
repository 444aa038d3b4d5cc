import { failureTable } from "../client/failure-table.ts";
import { describeDocumentedErrors } from "./documented-errors.ts";

const failures = failureTable({
  name: "Toy",
  read: ({ json }) => {
    const code = (json as { code?: string } | undefined)?.code;
    return code === undefined ? undefined : { codes: [code], words: `the toy said ${code}` };
  },
  codes: {
    tired: { kind: "auth_expired" },
    slow: { kind: "rate_limited" },
    odd: { kind: "outcome_unknown" },
    app: { kind: "operator_must_act" },
  },
});

describeDocumentedErrors(
  "toy",
  [
    { name: "tired", status: 401, body: { code: "tired" }, who: "sign_in" },
    { name: "slow", status: 429, body: { code: "slow" }, who: "wait" },
    { name: "odd", status: 400, body: { code: "odd" }, who: "transient" },
    { name: "a page of the edge", status: 502, body: "<html>Bad Gateway</html>", who: "transient" },
    { name: "app", status: 403, body: { code: "app" }, who: "operator" },
  ],
  (res) => failures.failureOf(res, { now: () => new Date("2026-11-26T10:00:00Z") }),
);
