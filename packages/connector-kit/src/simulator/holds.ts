import type { Socket } from "node:net";
import type { Clock } from "../context.ts";
import type { HeldRequest } from "./control-panel.ts";
import { randomId } from "./random.ts";

type Waiting = { readonly held: HeldRequest; readonly settle: (goesOn: boolean) => void };

/** Requests that wait in the host until `release`, or until their client goes away. */
export function createHolds(clock: Clock) {
  const waiting = new Map<string, Waiting>();

  function releaseWhere(chosen: (held: HeldRequest) => boolean): number {
    const picked = [...waiting.values()].filter(({ held }) => chosen(held));
    for (const { settle } of picked) settle(true);
    return picked.length;
  }

  return {
    /** True when released, false when the client hung up first. */
    wait({ socket, ...entry }: Omit<HeldRequest, "id" | "since"> & { readonly socket: Socket }): Promise<boolean> {
      const held: HeldRequest = { ...entry, id: randomId(), since: clock.now().toISOString() };
      return new Promise((resolve) => {
        const settle = (goesOn: boolean) => {
          waiting.delete(held.id);
          socket.off("close", gone);
          resolve(goesOn);
        };
        const gone = () => settle(false);
        if (socket.destroyed) return resolve(false);
        socket.once("close", gone);
        waiting.set(held.id, { held, settle });
      });
    },
    list: (simulatorId: string): readonly HeldRequest[] =>
      [...waiting.values()].map(({ held }) => held).filter(({ simulator }) => simulator === simulatorId),
    release: (simulatorId: string): number => releaseWhere(({ simulator }) => simulator === simulatorId),
    releaseAll: (): number => releaseWhere(() => true),
  };
}
export type Holds = ReturnType<typeof createHolds>;
