import { Worker } from "node:worker_threads";

/** A phone's photo takes a second or two. */
const maxMs = 60_000;
/** As the rest of the pipeline: nobody sees a difference. */
const quality = 0.92;

/**
 * A HEIC picture as JPEG, set upright, without the file's other parts; its colours are those of `icc`. It is decoded in a
 * thread of its own, as that is slow, and hostile bytes then cost the thread and nothing else. undefined: damaged, or coded
 * in another way than phones do. Memory is about ten bytes for each pixel.
 */
export async function decodeHeic(
  bytes: Uint8Array,
  { icc, timeoutMs = maxMs }: { readonly icc?: Uint8Array | undefined; readonly timeoutMs?: number } = {},
): Promise<Uint8Array | undefined> {
  const worker = new Worker(new URL("./heic-worker.ts", import.meta.url), {
    workerData: { buffer: bytes, quality },
    // Nothing of this process is its business; what the library says goes nowhere.
    env: {},
    stdout: true,
    stderr: true,
  });
  const timeout = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => timeout.resolve(undefined), timeoutMs);
  try {
    const made = new Promise<Uint8Array | undefined>((resolve) => {
      worker.once("message", (value) => resolve(value instanceof Uint8Array ? value : undefined));
      worker.once("error", () => resolve(undefined));
      worker.once("exit", () => resolve(undefined));
    });
    const jpeg = await Promise.race([made, timeout.promise]);
    return jpeg && (icc ? withProfile(jpeg, icc) : jpeg);
  } finally {
    clearTimeout(timer);
    await worker.terminate();
  }
}

const maxSegmentBytes = 65_533;
const label = Buffer.from("ICC_PROFILE\0", "latin1");

/** @source ICC.1:2022 annex B.4: APP2 segments, numbered, here behind the JFIF header */
function withProfile(jpeg: Uint8Array, icc: Uint8Array): Uint8Array {
  const partBytes = maxSegmentBytes - label.length - 2;
  const count = Math.ceil(icc.length / partBytes);
  if (count > 255) return jpeg;
  const segments = Array.from({ length: count }, (_, index) => {
    const part = icc.subarray(index * partBytes, (index + 1) * partBytes);
    const length = label.length + 2 + part.length + 2;
    const head = Buffer.from([0xff, 0xe2, length >> 8, length & 255]);
    return Buffer.concat([head, label, Buffer.from([index + 1, count]), part]);
  });
  const source = Buffer.from(jpeg);
  const hasHeader = source[2] === 0xff && source[3] === 0xe0;
  const at = hasHeader ? 4 + source.readUInt16BE(4) : 2;
  return Buffer.concat([source.subarray(0, at), ...segments, source.subarray(at)]);
}
