import type { Audience, ConnectorContext, Contact, PlatformResult } from "@postd/connector-kit";
import { type ConnectionId, type ContactView, fail, ok, type Result, type ServiceError } from "@postd/contracts";
import type { Caller, ContactsService } from "../../ports/services.ts";
import { unknownPlatform } from "../unknown-platform.ts";
import { askAs } from "./account-facts.ts";
import type { ConnectionsDeps } from "./deps.ts";
import { ofLive } from "./of-live.ts";
import { isKept, toldLine } from "./told.ts";

type Ask<T> = ((ctx: ConnectorContext) => PlatformResult<T>) | ServiceError | undefined;

/** People of an account's lists, read and changed at the platform. Nothing of them is kept here. */
export function contactsOf(deps: ConnectionsDeps): ContactsService {
  /** `choose`: what is asked of the platform; undefined: it does not offer that. All of it may be repeated. */
  const ask = <T>(
    caller: Caller,
    id: ConnectionId,
    call: string,
    choose: (audience: Audience) => Ask<T>,
  ): Promise<Result<{ readonly told: T; readonly simulated: boolean }, ServiceError>> =>
    ofLive(deps, caller, id, async (record) => {
      const platform = deps.registry.get(record.platform);
      if (!platform) return fail(unknownPlatform(deps.registry, record.platform));
      const chosen = platform.audience && choose(platform.audience);
      if (!chosen) return fail(notOffered(platform.name));
      if (typeof chosen !== "function") return fail(chosen);
      const effect = call === "find contacts" ? "none" : "invisible";
      const answer = await askAs(deps, platform, record, call, chosen, effect);
      return answer.ok ? ok({ told: answer.value, simulated: record.simulated }) : answer;
    });
  const done = async (asked: ReturnType<typeof ask<void>>) => {
    const answer = await asked;
    return answer.ok ? ok({ done: true as const, simulated: answer.value.simulated }) : answer;
  };
  return {
    async find(caller, id, query) {
      const found = await ask(
        caller,
        id,
        "find contacts",
        ({ find }) =>
          (ctx) =>
            find(query, ctx),
      );
      if (!found.ok) return found;
      const { told, simulated } = found.value;
      const items = told.contacts.flatMap(viewOf);
      return ok({ items, ...(told.cursor === undefined ? {} : { nextCursor: told.cursor }), simulated });
    },
    async save(caller, id, contact) {
      const saved = await ask(caller, id, "save a contact", ({ upsert }) => upsert && ((ctx) => upsert(contact, ctx)));
      if (!saved.ok) return saved;
      const { told, simulated } = saved.value;
      const [view] = viewOf(told);
      if (!view) throw new Error("a connector named a contact by an id nobody can keep");
      return ok({ contact: view, simulated });
    },
    async saveMany(caller, id, input) {
      const saved = await ask(caller, id, "save contacts", ({ upsertMany }) => {
        if (!upsertMany) return undefined;
        const { max, run } = upsertMany;
        return input.contacts.length > max ? tooMany(max) : (ctx) => run(input, ctx);
      });
      if (!saved.ok) return saved;
      const { told, simulated } = saved.value;
      const refused = told.refused.map((one) => ({ email: one.email, message: toldLine(one.message, 500) }));
      return ok({ saved: told.saved.flatMap(viewOf), refused, simulated });
    },
    tag: (caller, id, change) =>
      done(ask(caller, id, "tag a contact", ({ tag }) => tag && ((ctx) => tag(change, ctx)))),
    archive: (caller, id, contact) =>
      done(ask(caller, id, "archive a contact", ({ archive }) => archive && ((ctx) => archive(contact, ctx)))),
  };
}

/** One whose id cannot be given back as it was told could not be named again. */
function viewOf({ externalId, email, name, list, status, tags }: Contact): ContactView[] {
  if (!isKept(externalId)) return [];
  const lines = { email, name, list, status };
  const told = Object.entries(lines).flatMap(([field, text]) => {
    const line = toldLine(text ?? "", 254);
    return line === "" ? [] : [[field, line]];
  });
  return [{ externalId, ...Object.fromEntries(told), tags: tags.map((tag) => toldLine(tag, 200)) }];
}

const notOffered = (name: string): ServiceError => ({
  code: "state_conflict",
  detail: `${name} does not offer this of contacts.`,
  next: "Look for platforms with supports.audience in GET /api/platforms.",
});

const tooMany = (max: number): ServiceError => ({
  code: "invalid_input",
  field: "contacts",
  detail: `This platform takes at most ${max} contacts at once.`,
  next: "Send them in several requests.",
});
