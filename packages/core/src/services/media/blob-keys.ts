import type { MediaId } from "@postd/contracts";

/** Everything a signed path says, so that serving one needs no look into any tenant's rows. */
export const blobKey = (id: MediaId, extension: string) => `${id.slice(-2)}/${id}.${extension}`;
export const originalKey = (id: MediaId, extension: string) => `${id.slice(-2)}/${id}_original.${extension}`;
