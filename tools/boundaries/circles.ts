/** Who imports whom: files by their path, or packages by their name. */
export type Arrows = ReadonlyMap<string, ReadonlySet<string>>;

/**
 * Every circle, as one shortest walk round it per knot of names that reach each other; a name that imports itself is one
 * too. Type-only imports count: two files that need each other's types are one file, or need a third.
 */
export function circlesIn(arrows: Arrows): readonly (readonly string[])[] {
  return knotsIn(arrows).flatMap((knot) => {
    const inside = new Set(knot);
    const walks = knot.flatMap((start) => walkRound(start, inside, arrows) ?? []);
    const [shortest] = walks.sort((a, b) => a.length - b.length || (a.join() < b.join() ? -1 : 1));
    return shortest ? [shortest] : [];
  });
}

/** Names that reach each other, by Tarjan's strongly connected components. */
function knotsIn(arrows: Arrows): string[][] {
  const order = new Map<string, number>();
  const lowest = new Map<string, number>();
  const open: string[] = [];
  const isOpen = new Set<string>();
  const knots: string[][] = [];

  function visit(name: string): void {
    const index = order.size;
    order.set(name, index);
    lowest.set(name, index);
    open.push(name);
    isOpen.add(name);
    for (const next of arrows.get(name) ?? []) {
      if (!order.has(next)) visit(next);
      const reached = isOpen.has(next) ? lowest.get(next) : undefined;
      if (reached !== undefined) lowest.set(name, Math.min(lowest.get(name) ?? index, reached));
    }
    if (lowest.get(name) !== index) return;
    const knot = open.splice(open.indexOf(name));
    for (const one of knot) isOpen.delete(one);
    if (knot.length > 1 || arrows.get(name)?.has(name)) knots.push(knot.sort());
  }

  for (const name of arrows.keys()) if (!order.has(name)) visit(name);
  return knots;
}

/** The shortest way from a name back to itself within a knot. */
function walkRound(start: string, inside: ReadonlySet<string>, arrows: Arrows): [string[]] | undefined {
  const seen = new Set<string>();
  let walks = [[start]];
  while (walks.length > 0) {
    const longer: string[][] = [];
    for (const walk of walks)
      for (const next of arrows.get(walk.at(-1) ?? "") ?? []) {
        if (next === start) return [[...walk, start]];
        if (!inside.has(next) || seen.has(next)) continue;
        seen.add(next);
        longer.push([...walk, next]);
      }
    walks = longer;
  }
  return undefined;
}
