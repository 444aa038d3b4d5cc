/** What the simulated Bluesky keeps. */

export interface Blob {
  readonly cid: string;
  readonly mimeType: string;
  readonly sizeBytes: number;
  readonly sha256: string;
  readonly bytes: Uint8Array;
  uploadedAt: Date;
  /** Keys of the records that name it. Empty: a loose upload. */
  readonly usedBy: Set<string>;
}

export interface StoredRecord {
  readonly uri: string;
  readonly cid: string;
  readonly collection: string;
  readonly rkey: string;
  readonly value: Readonly<Record<string, unknown>>;
  /** What apps show: they do not follow edits of posts (fact sheet, "Edit/Delete"). */
  readonly shownValue: Readonly<Record<string, unknown>>;
  readonly blobs: readonly Blob[];
  /** When this repo first got it, whatever `createdAt` says. */
  readonly indexedAt: Date;
}

export interface Account {
  readonly did: string;
  readonly handle: string;
  readonly displayName: string;
  readonly email: string;
  emailConfirmed: boolean;
  readonly pdsHost: string;
  readonly createdAt: Date;
  /** By name; the password itself is the value. */
  readonly appPasswords: Map<string, string>;
  status: "active" | "takendown" | "suspended" | "deactivated" | "deleted";
  /** By collection/rkey. */
  readonly records: Map<string, StoredRecord>;
  readonly blobs: Map<string, Blob>;
  commit: { readonly cid: string; readonly rev: string };
}

/** A film at the video service; it comes one state further each time somebody looks. */
export interface VideoJob {
  readonly id: string;
  readonly account: Account;
  readonly blob: Blob;
  looks: number;
  readonly extraLooks: number;
}
