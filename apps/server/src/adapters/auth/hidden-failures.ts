import { AsyncLocalStorage } from "node:async_hooks";

const listening = new AsyncLocalStorage<{ error?: Error }>();

/**
 * Runs a call of the sign-in library. The library answers every failed query with the same error of its own and tells
 * only its log what failed; `heard` answers that, undefined where nothing did.
 */
export async function hearFailures<T>(
  run: () => Promise<T>,
): Promise<{ readonly result: Promise<T>; readonly heard: Error | undefined }> {
  const ear: { error?: Error } = {};
  const result = listening.run(ear, run);
  await result.catch(() => {}); // whoever called gets it in `result`
  return { result, heard: ear.error };
}

/** What the library's log was given; the first failure of a call is the one that counts. */
export function noteFailure(details: readonly unknown[]): void {
  const ear = listening.getStore();
  const error = details.find((detail) => detail instanceof Error);
  if (ear && error) ear.error ??= error;
}
