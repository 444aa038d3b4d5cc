import { z } from "zod";

/** What must hang on a post for it to be the one that is looked for. */
export type ExpectedMedia =
  | { readonly kind: "none" }
  | { readonly kind: "link" }
  | { readonly kind: "photos"; readonly ids: readonly string[] };

interface Attached {
  readonly kind: string;
  readonly id?: string;
}

const Item = z.object({
  media_type: z.string().optional().catch(undefined),
  type: z.string().optional().catch(undefined),
  target: z.object({ id: z.string().optional() }).optional().catch(undefined),
});
const Attachments = z.object({
  data: z.array(
    Item.extend({
      subattachments: z
        .object({ data: z.array(Item) })
        .optional()
        .catch(undefined),
    }),
  ),
});

/** Everything that hangs on a post, an album taken apart; Facebook leaves the field out where there is nothing. Pure. */
export function mediaOf(attachments: unknown): readonly Attached[] {
  const rows = Attachments.safeParse(attachments).data?.data ?? [];
  return rows
    .flatMap((row) => row.subattachments?.data ?? [row])
    .map(({ media_type, type, target }) => ({
      kind: media_type ?? type ?? "",
      ...(target?.id !== undefined && { id: target.id }),
    }));
}

/**
 * `same`: these very photos. `maybe`: as many of the kind, and Facebook does not name them all. `no`: another post. A
 * text with an address in it may carry a card, so links are allowed beside none. Pure.
 */
export function carries(attached: readonly Attached[], expected: ExpectedMedia): "same" | "maybe" | "no" {
  if (expected.kind !== "photos") {
    const others = attached.filter(({ kind }) => kind !== "link" && kind !== "share");
    const isFitting = others.length === 0 && (expected.kind === "none" || attached.length > 0);
    return isFitting ? "maybe" : "no";
  }
  const photos = attached.filter(({ kind }) => kind === "photo");
  if (photos.length !== expected.ids.length || attached.length !== photos.length) return "no";
  const named = photos.flatMap(({ id }) => id ?? []);
  if (named.some((id) => !expected.ids.includes(id))) return "no";
  return named.length === photos.length && new Set(named).size === named.length ? "same" : "maybe";
}
