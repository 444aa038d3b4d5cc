import type { Wish } from "@postd/core";

type Edit = Extract<Wish, { kind: "edit" }>;

/** A wish as the row keeps it. The post of an edit is named after its column, as every version of this program reads it. */
export type StoredWish = Exclude<Wish, Edit> | (Omit<Edit, "post"> & { readonly content: Edit["post"] });

export function storedWish(wish: Wish): StoredWish;
export function storedWish(wish: Wish | null): StoredWish | null;
export function storedWish(wish: Wish | null): StoredWish | null {
  if (wish?.kind !== "edit") return wish;
  const { post, ...rest } = wish;
  return { ...rest, content: post };
}

export function wishOf(stored: StoredWish | null): Wish | undefined {
  if (stored?.kind !== "edit") return stored ?? undefined;
  const { content, ...rest } = stored;
  return { ...rest, post: content };
}
