import { parentPort, workerData } from "node:worker_threads";
import convert from "heic-convert";
import { z } from "zod";

/** One picture, then the thread ends and gives its memory back. */
const { buffer, quality } = z.object({ buffer: z.instanceof(Uint8Array), quality: z.number() }).parse(workerData);
const made = await convert({ buffer, format: "JPEG", quality });
parentPort?.postMessage(Uint8Array.from(made));
