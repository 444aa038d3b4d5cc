import { describeDocumentedErrors } from "@postd/connector-kit/conformance";
import { z } from "zod";
import { brokenContainer, failures } from "./failures.ts";
import { documentedErrors } from "./simulator/documented-errors.ts";

const clock = { now: () => new Date("2026-11-27T12:00:00Z") };

/** The answer that tells of a broken container is itself a success. */
const Status = z.object({ status: z.literal("ERROR"), error_message: z.string().optional() });
const ofContainer = (json: unknown) => {
  const told = Status.safeParse(json).data;
  return told && brokenContainer(told.error_message).failure;
};

describeDocumentedErrors("threads", documentedErrors, (res) => failures.failureOf(res, clock) ?? ofContainer(res.json));
