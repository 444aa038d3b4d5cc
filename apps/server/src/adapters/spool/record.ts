import { Buffer } from "node:buffer";
import { asId } from "@postd/contracts";
import type { InboxItem } from "@postd/core";
import { z } from "zod";
import { frameOf, framesIn } from "./frames.ts";

const Said = z.object({
  id: z.string(),
  provider: z.string(),
  appId: z.string(),
  clientIds: z.array(z.string()),
  connectionId: z.string().optional(),
  headers: z.record(z.string(), z.string()),
  query: z.record(z.string(), z.string()),
  requestHash: z.string().optional(),
  receivedAt: z.iso.datetime().optional(),
});

/** A request as it is sealed: what is known of it, then its bytes as they came. */
export function recordOf({ body, ...said }: InboxItem): Uint8Array {
  return Buffer.concat([frameOf(Buffer.from(JSON.stringify(said))), frameOf(body)]);
}

/** The request a record holds. Throws where it is none: nobody but this program writes them. */
export function itemIn(record: Uint8Array): InboxItem {
  const [said, body] = framesIn(Buffer.from(record.buffer, record.byteOffset, record.byteLength));
  if (!said || !body) throw new Error("a kept request is cut off although its seal is whole");
  const { connectionId, receivedAt, requestHash, ...item } = Said.parse(JSON.parse(said.toString("utf8")));
  return {
    ...item,
    connectionId: connectionId === undefined ? undefined : asId("connection", connectionId),
    requestHash,
    receivedAt: receivedAt === undefined ? undefined : new Date(receivedAt),
    body,
  };
}
