/** A wake-up for a publish job. It is a hint: it may be lost, it may come twice, it may come late. */
export interface Task {
  readonly tenantId: string;
  readonly jobId: string;
  /** Whose slot it takes; absent in a hint that belongs to no account. */
  readonly connectionId?: string;
  /** Whose share of a worker it takes; absent in hints of an older version. */
  readonly platform?: string;
}

export interface JobQueue {
  /** Hands tasks to the engine; resolves when the engine has them. No retries, no delays: those are domain rules. */
  push(tasks: readonly Task[]): Promise<void>;
  /** Runs `handle` for each task, at most `concurrency` at once. A handler that throws loses the task, nothing else. */
  consume(
    options: { readonly concurrency: number },
    handle: (task: Task) => Promise<void>,
  ): Promise<{ stop(): Promise<void> }>;
  /** Tasks waiting in the engine and the age of the oldest, for health. */
  depth(): Promise<{ readonly waiting: number; readonly oldestMs: number }>;
  close(): Promise<void>;
}
