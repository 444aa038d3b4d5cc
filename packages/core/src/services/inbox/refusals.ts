import { inboxOf } from "@postd/connector-kit";
import type { ServiceError } from "@postd/contracts";
import type { InboxEntryRecord } from "../../ports/inbox-entries.ts";
import type { ConnectorRegistry } from "../../ports/registry.ts";

/** A no, as services answer it. */
export interface Refusal {
  readonly ok: false;
  readonly error: ServiceError;
}

const refuse = (error: ServiceError): Refusal => ({ ok: false, error });

export const noEntry = (id: string): Refusal =>
  refuse({ code: "not_found", detail: `There is no entry ${id}.`, next: "List them with GET /api/inbox." });

type Act = "reply" | "hide" | "like";
const verbs = { reply: "answer", hide: "hide", like: "like" } as const;
const nouns = { comment: "comment", review: "review", message: "message" } as const;

/** Why this cannot be done to an entry, in plain words; undefined: it can. */
export function whyNot(entry: InboxEntryRecord, act: Act, registry: ConnectorRegistry): Refusal | undefined {
  const platform = registry.get(entry.platform);
  const name = platform?.name ?? entry.platform;
  const inbox = inboxOf(platform ?? {}, { kind: entry.accountKind });
  const no = (detail: string, next: string) => refuse({ code: "state_conflict", detail, next });
  if (entry.disconnected) return no("Its account is disconnected.", "Connect the account again, then do it.");
  if (!inbox?.[act])
    return no(`${name} does not let programs ${verbs[act]} what people write.`, `Do it at ${name} itself.`);
  if (entry.goneAt) return no(`It is no longer at ${name}.`, "Read the account's inbox again if that is not so.");
  if (act === "reply" && entry.own) return no("The account wrote this itself.", "Answer an entry of somebody else.");
  if (entry.cannot.includes(act))
    return no(
      `${name} does not let this ${nouns[entry.kind]} be ${{ reply: "answered", hide: "hidden", like: "liked" }[act]}, though it does others.`,
      "See `can` of the entry for what may be done.",
    );
  if (act === "reply" && entry.answer?.state === "waiting")
    return no(
      `${name} is still looking at the answer that was given.`,
      "Wait until it is shown or refused, then answer anew.",
    );
  return undefined;
}
