import type { OutgoingPost } from "@postd/connector-kit";
import {
  createWorld,
  type RunFormatOptions,
  runFormat,
  type SampleMedia,
  sampleMedia,
} from "@postd/connector-kit/conformance";
import { sampleJpeg, sampleMp4 } from "@postd/connector-kit/media-samples";
import { connect, simulator } from "./connect-harness.ts";
import { threads } from "./platform.ts";
import { provider } from "./provider.ts";

const photo = (seed: number): SampleMedia =>
  sampleMedia(sampleJpeg({ width: 720, height: 960, seed }), {
    kind: "image",
    mimeType: "image/jpeg",
    width: 720,
    height: 960,
  });
export const [one, two] = [photo(1), photo(2)];
export const film = sampleMedia(sampleMp4({ width: 540, height: 960, durationMs: 5_000, seed: 3 }), {
  kind: "video",
  mimeType: "video/mp4",
  width: 540,
  height: 960,
  durationMs: 5_000,
});

export async function setUp() {
  const world = createWorld({ provider, platform: threads }, simulator);
  for (const file of [one, two, film]) world.add(file);
  const connected = await connect(world);
  const publish = (post: Partial<OutgoingPost> = {}, more: Partial<RunFormatOptions> = {}) =>
    runFormat({
      world,
      connected,
      post: { format: "text", text: "Fresh bread", media: [], options: {}, ...post },
      ...more,
    });
  const act = (name: string, about: object) => world.sim.simulator.act?.(name, about as never);
  // Containers are known at once, so that refusals are those of the test.
  await act("set", { spreadMs: 0 });
  const calls = (path: RegExp) =>
    world.sim.requests().filter((it) => it.method === "POST" && path.test(it.path)).length;
  /** Refuses the next matching calls by an error of Threads. */
  const refuse = (path: string, error: object, more: object = {}) => {
    const body = { error: { message: "refused", type: "THApiException", fbtrace_id: "A1", ...error } };
    world.sim.arm({ fault: "platformError", status: 400, body, match: { method: "POST", path }, ...more } as never);
  };
  return { world, connected, publish, act, calls, refuse, live: () => world.sim.simulator.posts() };
}
/** The first answer to this step is lost. */
export function losing(step: string, when: "before" | "after"): NonNullable<RunFormatOptions["meddle"]> {
  let times = 0;
  return (_run, { name }) => (name === step && times++ === 0 ? { kind: "cut", when } : undefined);
}
export const publishes = /threads_publish$/;
export const creates = /\/threads$/;
export const notFound = { code: 24, error_subcode: 4279009, is_transient: false };
