import { fail, type InboundEventView, type InboundRequestView, ok, type ServiceError } from "@postd/contracts";
import type { ConnectionsRepo } from "../../ports/connections-repo.ts";
import type { DeadRequest, InboundDesk, InboundDeskService, StoredEvent } from "../../ports/inbound-desk.ts";
import type { Caller } from "../../ports/services.ts";
import { pageOf } from "../page-of.ts";

const mostAtOnce = 10_000;

/** The desk of what platforms sent. */
export function createInboundDeskService({
  desk,
  connections,
}: {
  readonly desk: InboundDesk;
  readonly connections: ConnectionsRepo;
}): InboundDeskService {
  return {
    async dead(caller, { limit, cursor, provider }) {
      if (!caller.operator) return fail(operatorsOnly);
      const slice = await desk.dead({
        limit,
        ...(cursor === undefined ? {} : { before: cursor }),
        ...(provider === undefined ? {} : { provider }),
      });
      return ok(pageOf(slice, slice.rows.map(requestView), ({ id }) => id));
    },
    async replay(caller, id) {
      if (!caller.operator) return fail(operatorsOnly);
      const outcome = await desk.replay(id);
      if (outcome === "missing") return fail({ code: "not_found", detail: `There is no request ${id} of a platform.` });
      if (outcome === "waiting")
        return fail({
          code: "state_conflict",
          detail: "This request has not been worked on yet, so there is nothing to do again.",
          next: "Wait until it was, or was put aside.",
        });
      return ok({ replayed: 1 });
    },
    async replayMany(caller, { provider, from, to, all }) {
      if (!caller.operator) return fail(operatorsOnly);
      const filter = {
        all,
        ...(provider === undefined ? {} : { provider }),
        ...(from === undefined ? {} : { from: new Date(from) }),
        ...(to === undefined ? {} : { to: new Date(to) }),
      };
      const replayed = await desk.replayMany(filter, mostAtOnce);
      return ok({ replayed, more: replayed === mostAtOnce });
    },
    async events({ tenantId }: Pick<Caller, "tenantId">, id, { limit, cursor }) {
      if (!(await connections.forTenant(tenantId).find(id)))
        return fail({ code: "not_found", detail: "There is no such connection." });
      const page = { connectionId: id, limit, ...(cursor === undefined ? {} : { before: cursor }) };
      const slice = await desk.eventsOf(tenantId, page);
      return ok(pageOf(slice, slice.rows.map(eventView), ({ id }) => id));
    },
  };
}

const operatorsOnly: ServiceError = {
  code: "forbidden",
  detail: "What platforms sent to the whole instance is for its operators.",
  next: "Ask an operator of this instance, or look at the events of a connection.",
};

const requestView = ({ appId, receivedAt, deadAt, error, ...request }: DeadRequest): InboundRequestView => ({
  ...request,
  app: appId,
  receivedAt: receivedAt.toISOString(),
  deadAt: deadAt.toISOString(),
  ...(error === undefined ? {} : { error }),
});

const eventView = ({ occurredAt, receivedAt, ...event }: StoredEvent): InboundEventView => ({
  ...event,
  ...(occurredAt === undefined ? {} : { occurredAt: occurredAt.toISOString() }),
  receivedAt: receivedAt.toISOString(),
});
