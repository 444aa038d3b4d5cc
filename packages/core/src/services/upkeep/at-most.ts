/** Does it for each, so many at once. What `act` throws goes to `onError` and holds up no other. */
export async function eachAtMost<T>(
  count: number,
  items: readonly T[],
  act: (item: T) => Promise<void>,
  onError: (item: T, error: unknown) => Promise<void>,
): Promise<void> {
  const waiting = items.values();
  const work = async () => {
    for (const item of waiting) await act(item).catch((error: unknown) => onError(item, error));
  };
  await Promise.all(Array.from({ length: Math.min(count, items.length) }, work));
}
