import { describeDocumentedErrors } from "@postd/connector-kit/conformance";
import { documentedErrors } from "../simulator/documented-errors.ts";
import { failures } from "./failures.ts";

const clock = { now: () => new Date("2026-11-27T12:00:00Z") };

describeDocumentedErrors("google_business_profile", documentedErrors, (res) => failures.failureOf(res, clock));
