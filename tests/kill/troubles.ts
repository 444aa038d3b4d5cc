import type { Stage } from "./stage.ts";

/** What happens to calls that are held. `meanwhile` is what people do right after it. */
export type Strike = (stage: Stage, meanwhile: () => Promise<void>) => Promise<void>;

export const killWorker: Strike = async (stage, meanwhile) => {
  await stage.worker.end("SIGKILL");
  // Requests held before or within their body die with the connection; the others have been applied.
  await stage.noneHeld();
  await meanwhile();
  stage.worker = await stage.system.startWorker();
};

export const killHttp: Strike = async (stage, meanwhile) => {
  await stage.http.end("SIGKILL");
  // What platforms fetch now is not there; they are asked again once it is. People try until somebody listens again.
  await stage.release();
  const asked = meanwhile();
  stage.http = await stage.system.startHttp();
  await asked;
};

export const killDatabase: Strike = async (stage, meanwhile) => {
  const killed = stage.system.killDatabase();
  // Answers come while there is nothing to write them to.
  await stage.release();
  await Promise.all([meanwhile(), killed.isBack()]);
};

export const goOn: Strike = async (stage, meanwhile) => {
  await stage.release();
  await meanwhile();
};
