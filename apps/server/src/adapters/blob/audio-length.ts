import { FilePathSource, Input, MP3, MP4, WAVE } from "mediabunny";

const readTimeoutMs = 10_000;

/** Of the others the reader may go round and round in a damaged file; their length stays unknown. */
const formats = [MP3, MP4, WAVE];

/** Milliseconds of sound by the file's own tables; undefined: they do not tell, and the platform will judge the file. */
export async function lengthOf(file: string): Promise<number | undefined> {
  const input = new Input({ formats, source: new FilePathSource(file) });
  const timeout = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => timeout.resolve(undefined), readTimeoutMs);
  const read = async () => (await input.getDurationFromMetadata()) ?? (await input.computeDuration());
  try {
    const seconds = await Promise.race([read(), timeout.promise]);
    const ms = Math.round((seconds ?? 0) * 1_000);
    return Number.isFinite(ms) && ms > 0 ? ms : undefined;
  } catch {
    return undefined; // a container it cannot read
  } finally {
    clearTimeout(timer);
    input.dispose();
  }
}
