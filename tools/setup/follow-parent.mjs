/** Preloaded into a launched command: when the launcher is gone without a word (kill -9), the command ends in order too. */
import { isMainThread } from "node:worker_threads";

if (isMainThread) {
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(watch);
    process.kill(process.pid, "SIGTERM");
  }, 250);
  watch.unref();
}
