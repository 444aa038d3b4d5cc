/** Runs work of this process again and again, one turn at a time; `run` never rejects. */
export function repeated(everyMs: number, run: () => Promise<unknown>): { stop(): Promise<void> } {
  let turn: Promise<unknown> | undefined;
  const timer = setInterval(() => {
    turn ??= run().finally(() => {
      turn = undefined;
    });
  }, everyMs);
  timer.unref();
  return {
    async stop() {
      clearInterval(timer);
      await turn;
    },
  };
}
