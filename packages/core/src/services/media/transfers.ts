import { fail, type Result, type ServiceError } from "@postd/contracts";

const atOnce = { upload: 8, fetch: 4 } as const;

/** Bounds how many files of one tenant are on their way at once; each may take minutes, and holds a connection. */
export function createTransfers() {
  const running = new Map<string, number>();
  return {
    async run<T>(
      kind: keyof typeof atOnce,
      tenantId: string,
      work: () => Promise<Result<T, ServiceError>>,
    ): Promise<Result<T, ServiceError>> {
      const name = `${kind} ${tenantId}`;
      const count = running.get(name) ?? 0;
      if (count >= atOnce[kind])
        return fail({
          code: "rate_limited",
          detail: `${count} files of this workspace are ${kind === "fetch" ? "being fetched" : "being uploaded"} already.`,
          next: "Wait until one of them has arrived.",
          retryAfterMs: 5_000,
        });
      running.set(name, count + 1);
      try {
        return await work();
      } finally {
        const left = (running.get(name) ?? 1) - 1;
        if (left === 0) running.delete(name);
        else running.set(name, left);
      }
    },
  };
}
