import { z } from "zod";
import { EventTypeName, eventTypeNames } from "../event-types.ts";
import { defineOperation } from "../operation.ts";
import { at, ids } from "./examples.ts";

/** Words apart by commas; each once. */
const TypesInput = z
  .string()
  .max(2_000)
  .transform((text) => [...new Set(text.split(",").map((word) => word.trim()))])
  .pipe(z.array(EventTypeName).min(1).max(eventTypeNames.length));

const said = {
  id: ids.event,
  type: "job.published",
  at,
  data: { jobId: ids.job, postId: ids.post, state: "published" },
};

export const streamEvents = defineOperation({
  id: "streamEvents",
  method: "GET",
  path: "/api/events",
  summary: "What happens, as it happens",
  description:
    "Server-sent events of this tenant: event is the type, id the event's id, data the event as JSON {id, type, at, data}. The first is ready: read from the API what was before, everything after it comes here. A client that comes back sends Last-Event-ID, as browsers do by themselves, and gets what it missed; where that is too far back it gets reset, and reads the API again. Lines that begin with a colon keep the connection open. The stream ends when the session or key ends or loses its right. types: only these, separated by commas.",
  tags: ["events"],
  auth: { kind: "caller", by: ["session", "key"], scope: "posts:read" },
  query: z.strictObject({ types: TypesInput.optional() }),
  response: z.string(),
  answer: "text",
  errors: ["rate_limited"],
  example: {
    query: { types: "job.published,job.failed" },
    response: `event: job.published\nid: ${ids.event}\ndata: ${JSON.stringify(said)}\n\n`,
  },
});
