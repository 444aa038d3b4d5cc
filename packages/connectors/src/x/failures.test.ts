import { describeDocumentedErrors } from "@postd/connector-kit/conformance";
import { failures } from "./failures.ts";
import { documentedErrors } from "./simulator/documented-errors.ts";

const clock = { now: () => new Date("2026-11-26T12:00:00Z") };

describeDocumentedErrors("x", documentedErrors, (res) => failures.failureOf(res, clock));
