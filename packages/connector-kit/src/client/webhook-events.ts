import type { PlatformId } from "@postd/contracts";
import type { z } from "zod";
import { storableRemark } from "../text.ts";
import type { InboundEvent, Webhooks } from "../webhooks.ts";
import { jsonIn } from "./rows.ts";

/** One event as the platform tells it. */
export interface ToldEvent {
  /** Its name for the kind of event. */
  readonly name: string;
  readonly accountExternalId: string;
  /** The same event always has the same; unique within the platform. */
  readonly key: string | number;
  /** Milliseconds since 1970. */
  readonly atMs?: number | undefined;
  /** What is told of it; absent values are left out and long ones cut. */
  readonly data: Readonly<Record<string, string | undefined>>;
}

const MOST_CHARS = 1_000;

/**
 * Reads the events of a verified JSON body, by a schema that answers them. Kinds without a name of ours are left out, and
 * so is a body of unknown shape; a time nobody can read is.
 */
export const webhookEvents =
  (facts: {
    readonly platform: PlatformId;
    readonly body: z.ZodType<readonly ToldEvent[]>;
    /** The platform's names of events, and ours. */
    readonly types: Readonly<Record<string, string>>;
    /** The platform's names of events that say that a post of the account went live. */
    readonly newPosts?: readonly string[];
  }): Webhooks["parse"] =>
  ({ rawBody }) =>
    (facts.body.safeParse(jsonIn(rawBody)).data ?? []).flatMap((told): InboundEvent[] => {
      const { name, key, atMs, accountExternalId } = told;
      const type = Object.hasOwn(facts.types, name) ? facts.types[name] : undefined;
      if (type === undefined) return [];
      const at = new Date(atMs ?? Number.NaN);
      const data = Object.entries(told.data).flatMap(([field, value]) =>
        value === undefined ? [] : [[field, storableRemark(value, MOST_CHARS)]],
      );
      return [
        {
          type,
          platform: facts.platform,
          accountExternalId,
          dedupeKey: `${facts.platform}:${key}`,
          ...(!Number.isNaN(at.getTime()) && { occurredAt: at }),
          ...(facts.newPosts?.includes(name) && { isNewPost: true }),
          data: Object.fromEntries(data),
        },
      ];
    });
