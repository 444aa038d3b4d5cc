import type { MentionInput, Result, ServiceError } from "@postd/contracts";
import type { TenantPublishing } from "../../ports/publishing-store.ts";
import { no } from "./refusals.ts";

interface Naming {
  readonly mentions?: readonly MentionInput[] | undefined;
  readonly versions?: Readonly<Record<string, { readonly mentions?: readonly MentionInput[] | undefined }>> | undefined;
}

const idsIn = (mentions: readonly MentionInput[] = []): readonly string[] =>
  mentions.flatMap((mention) => ("id" in mention ? [mention.id] : []));

/** The request with saved mentions in place of their ids, so that a post keeps what it names. Unknown ids are not_found. */
export async function withSavedMentions<I extends Naming>(
  input: I,
  store: Pick<TenantPublishing, "mentions">,
): Promise<Result<I, ServiceError>> {
  const versions = Object.entries(input.versions ?? {});
  const ids = [...new Set([...idsIn(input.mentions), ...versions.flatMap(([, { mentions }]) => idsIn(mentions))])];
  if (ids.length === 0) return { ok: true, value: input };
  const saved = new Map((await store.mentions(ids)).map((mention) => [mention.id as string, mention]));
  const lost = ids.find((id) => !saved.has(id));
  if (lost)
    return no("not_found", "mentions", `There is no saved mention ${lost}.`, "List them with GET /api/mentions.");
  const filled = <W extends { readonly mentions?: readonly MentionInput[] | undefined }>(words: W): W =>
    words.mentions
      ? { ...words, mentions: words.mentions.map((one) => ("id" in one ? (saved.get(one.id) ?? one) : one)) }
      : words;
  return {
    ok: true,
    value: {
      ...filled(input),
      ...(input.versions ? { versions: Object.fromEntries(versions.map(([key, one]) => [key, filled(one)])) } : {}),
    },
  };
}
