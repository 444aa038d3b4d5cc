import { optionMedia } from "@postd/connector-kit";
import type { ContentRecord, TargetRecord } from "../../ports/publishing-store.ts";
import { type Checking, unbroken } from "../unbroken.ts";

interface Written {
  readonly content: ContentRecord;
  readonly versions: Readonly<Record<string, Partial<ContentRecord>>>;
}

/** Ids of files that options of the post or of its versions name, as the targets' platforms understand them. */
export function optionMediaIds(
  draft: Written,
  targets: Iterable<TargetRecord>,
  { registry, log }: Checking,
): readonly string[] {
  const written = [draft.content.options, ...Object.values(draft.versions).map(({ options }) => options)];
  const ids = [...targets].flatMap(({ platform }) => {
    const schema = registry.get(platform)?.publishing?.options;
    const named = () => (schema ? written.flatMap((options) => optionMedia(schema, options).map(({ id }) => id)) : []);
    // What it is refused for is said where the target is prepared.
    return unbroken(log, { platform }, named, () => []);
  });
  return [...new Set(ids)];
}
