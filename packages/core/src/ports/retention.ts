/** Removing what has served its time, over all tenants. Each answers how many rows went; safe to repeat. */
export interface Retention {
  /** Pending sign-ins and grants that have ended, with their sealed values. */
  expiredSignIns(): Promise<{ readonly states: number; readonly grants: number }>;
  /** Remembered first answers that are older, unless the post they stand for exists. */
  oldAnswers(days: number): Promise<number>;
  /** Secrets of publish jobs' steps whose job is gone or has ended, or rests with nothing to wake it for longer. */
  oldStepSecrets(days: number): Promise<number>;
  /** What people wrote, where the platform's terms let it be kept no longer. */
  unkeptEntries(): Promise<number>;
  /** Looks at accounts and renewals that are older; what they changed stays in the record of the connection. */
  oldChecks(days: number): Promise<number>;
  /** Notices that ended before, and how any older one was delivered. */
  oldNotices(days: number): Promise<number>;
  /** Events that happened before, and listeners whose time has ended. */
  oldEvents(days: number): Promise<number>;
  /** Raw inbound requests that were worked on, and events nobody claimed. */
  oldInbound(days: number): Promise<number>;
}

/** What rows of all tenants say about files. */
export interface BlobRows {
  /** Which of the keys a row names; deleted rows count while they were deleted after the time. */
  named(keys: readonly string[], deletedAfter: Date): Promise<ReadonlySet<string>>;
  /** When the instance got its first tenant; undefined: it has none. */
  since(): Promise<Date | undefined>;
}
