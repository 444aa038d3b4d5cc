import type { ConnectorContext, PlatformFailure, Publishing } from "@postd/connector-kit";
import { type JsonObject, ok } from "@postd/contracts";
import { z } from "zod";
import { type Calls, lineOf } from "./calls.ts";
import type { ModelPlatform } from "./platform.ts";

export const refOf = (id: string) => ({ externalId: id, permalink: `https://model.test/${id}` });

/** Everything a job made by itself; a comment goes with its post. */
function idsOf({ externalId, state }: { readonly externalId: string; readonly state?: JsonObject }): readonly string[] {
  const known = z.object({ ids: z.array(z.string()).optional() }).parse(state ?? {}).ids ?? [];
  return [...new Set([externalId, ...known])];
}

/** What can be done with a post that is at the platform: taken down, changed, taken back, moved, and looked up. */
export function modelDeeds(
  platform: ModelPlatform,
  calls: Calls,
): Pick<Publishing, "schedule" | "remove" | "edit" | "lookUp"> {
  const missing = (what: string): PlatformFailure => ({
    kind: "content_rejected",
    field: "post",
    reason: "missing",
    message: `${what} is not there.`,
    refused: true,
  });

  const deed = (
    ctx: ConnectorContext,
    apply: () => void,
    refuses: () => PlatformFailure | undefined,
    isOrdered = false,
  ) => calls.change(lineOf(ctx), "deed", apply, { refuses, isOrdered });

  const planned = (id: string) => {
    const post = platform.find(id);
    return post?.state === "planned" ? post : undefined;
  };

  return {
    schedule: {
      minLeadMs: 600_000,
      maxLeadMs: 86_400_000,
      formats: ["plain"],
      async verify({ externalId }, ctx) {
        const read = await calls.read(lineOf(ctx), () => platform.find(externalId));
        if (!read.ok) return read;
        const state = read.value?.state ?? "gone";
        return ok({ state: state === "planned" ? "waiting" : state });
      },
      async cancel({ externalId }, ctx) {
        const done = await deed(
          ctx,
          () => {
            const post = planned(externalId);
            if (post) post.state = "gone";
          },
          () => (planned(externalId) ? undefined : missing("The planned post")),
        );
        return done.ok ? ok(undefined) : done;
      },
      async move({ externalId }, publishAt, ctx) {
        const done = await deed(
          ctx,
          () => {
            const post = planned(externalId);
            if (post) post.showAt = publishAt.getTime();
          },
          () => (planned(externalId) ? undefined : missing("The planned post")),
          true,
        );
        return done.ok ? ok(undefined) : done;
      },
    },
    remove: {
      formats: ["plain", "keyed", "slow", "thread", "touched"],
      parts: (ref) => idsOf(ref).map(refOf),
      async run(ref, ctx) {
        const ids = idsOf(ref);
        const there = () => ids.flatMap((id) => platform.find(id) ?? []).filter((post) => post.state === "live");
        const done = await deed(
          ctx,
          () => {
            const parts = there();
            for (const post of parts) post.state = "gone";
            // A comment goes with what it stands under.
            for (const post of platform.posts)
              if (
                post.part === "comment" &&
                post.jobId !== undefined &&
                parts.some(({ jobId }) => jobId === post.jobId)
              )
                post.state = "gone";
          },
          () => (there().length > 0 ? undefined : missing("The post")),
        );
        return done.ok ? ok(undefined) : done;
      },
    },
    edit: {
      formats: ["plain", "keyed"],
      async run({ externalId }, { text }, ctx) {
        const there = () => platform.find(externalId)?.state === "live";
        const done = await deed(
          ctx,
          () => {
            const post = platform.find(externalId);
            if (post?.state === "live") post.text = text;
          },
          () => (there() ? undefined : missing("The post")),
          true,
        );
        return done.ok ? ok(undefined) : done;
      },
    },
    async lookUp({ externalId, permalink }, ctx) {
      const id = externalId ?? permalink?.split("/").at(-1) ?? "";
      const { account } = lineOf(ctx);
      const read = await calls.read(lineOf(ctx), () => platform.find(id));
      if (!read.ok) return read;
      const post = read.value;
      return ok(post?.state === "live" && post.account === account ? refOf(post.id) : undefined);
    },
  };
}
