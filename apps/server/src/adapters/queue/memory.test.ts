import { createMemoryQueue } from "./memory.ts";
import { describeQueue } from "./queue-contract.ts";

describeQueue(
  "in-memory queue",
  async () => {
    const queue = createMemoryQueue();
    return { queue, close: () => queue.close() };
  },
  { hasConnections: false },
);
