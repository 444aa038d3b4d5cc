import { ok, operationsById as op } from "@postd/contracts";
import { admit } from "../access.ts";
import { route } from "../handler.ts";

export const eventRoutes = [
  route(op.streamEvents, async ({ deps, caller, query, request }) => {
    const seen = request.headers["last-event-id"];
    const { tenantId, actorId, sessionHash } = caller();
    const stream = await deps.services.eventStreams.open({
      tenantId,
      who: `${actorId} ${sessionHash}`,
      ...(typeof seen === "string" && seen !== "" && { lastEventId: seen }),
      ...(query.types && { types: query.types }),
      isAllowed: async () => (await admit(op.streamEvents, request, deps)).ok,
    });
    if (!stream.ok) return stream;
    return ok({
      body: "",
      stream: { type: "text/event-stream; charset=utf-8", from: stream.value },
      // Proxies that gather answers would hold events back.
      headers: { "cache-control": "no-store", "x-accel-buffering": "no" },
    });
  }),
];
