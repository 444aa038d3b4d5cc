import type { Clock } from "@postd/connector-kit";
import { fail, type Id, type IdKind, type MentionView, ok, type Result, type ServiceError } from "@postd/contracts";
import type { MentionRecord, MentionsRepo, MentionsService } from "../../ports/mentions.ts";
import { pageOf } from "../page-of.ts";

interface MentionsDeps {
  readonly repo: MentionsRepo;
  readonly clock: Clock;
  readonly newId: <K extends IdKind>(kind: K) => Id<K>;
}

/** Saved people and companies. A post keeps its own copy of what it names, so a change here changes no post. */
export function createMentionsService({ repo, clock, newId }: MentionsDeps): MentionsService {
  return {
    async list({ tenantId }, { limit, cursor, query }) {
      const slice = await repo.forTenant(tenantId).list({
        limit,
        ...(cursor === undefined ? {} : { before: cursor }),
        ...(query === undefined ? {} : { query }),
      });
      return ok(pageOf(slice, slice.rows.map(view), ({ id }) => id));
    },
    async create({ tenantId }, { name, handles }) {
      const at = clock.now();
      const record = { id: newId("mention"), name, handles, createdAt: at, updatedAt: at };
      await repo.forTenant(tenantId).add(record);
      return ok(view(record));
    },
    update: async ({ tenantId }, id, change) =>
      known(id, await repo.forTenant(tenantId).change(id, { ...change, at: clock.now() })),
    remove: async ({ tenantId }, id) => known(id, await repo.forTenant(tenantId).remove(id)),
  };
}

function known(id: string, record: MentionRecord | undefined): Result<MentionView, ServiceError> {
  if (record) return ok(view(record));
  return fail({
    code: "not_found",
    detail: `There is no saved mention ${id}.`,
    next: "List them with GET /api/mentions.",
  });
}

const view = ({ id, name, handles, createdAt, updatedAt }: MentionRecord): MentionView => ({
  id,
  name,
  handles: { ...handles },
  createdAt: createdAt.toISOString(),
  updatedAt: updatedAt.toISOString(),
});
