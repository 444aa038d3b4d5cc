import type { JobState } from "@postd/contracts";
import type { Format, Sealed } from "../publish.ts";
import type { Drive, StepChange } from "./drive.ts";

export const stateVersionOf = ({ stateVersion = 1 }: Pick<Format, "stateVersion">): number => stateVersion;

/** Whether steps can go on from a state that was stored by this version of the format. */
export function readsState(format: Pick<Format, "stateVersion" | "olderStates">, version: number): boolean {
  return version === stateVersionOf(format) || format.olderStates?.[version] !== undefined;
}

/** Brings a stored state to the version of this format. Throws for a version it does not read; no claim lets that happen. */
export function bringUpToDate(drive: Drive, format: Pick<Format, "stateVersion" | "olderStates">): void {
  const version = stateVersionOf(format);
  if (drive.state !== undefined && drive.stateVersion !== version) {
    const older = format.olderStates?.[drive.stateVersion];
    if (!older) throw new Error(`steps of version ${drive.stateVersion} are not known here`);
    drive.state = older(drive.state);
  }
  drive.stateVersion = version;
}

/** Opens what earlier runs kept; jobs that keep nothing ask for nothing. */
export async function loadSealed(drive: Drive): Promise<Sealed | undefined> {
  if (drive.hasSealed) drive.sealed ??= await drive.port.openSealed();
  return drive.sealed;
}

export function keepSealed(drive: Drive, sealed: Sealed): void {
  drive.sealed = sealed;
  drive.hasSealed = Object.keys(sealed).length > 0;
}

const pastSteps: readonly JobState[] = ["published", "handed_over", "canceled", "discarded", "removed"];

/**
 * Whether the secrets of a job's steps go with this change: no step is left, or they begin anew. A job that failed keeps
 * them, as a person may send it again from where it stopped.
 */
export const forgetsSealed = ({
  state,
  forgetSteps,
}: Partial<Pick<StepChange, "state">> & { readonly forgetSteps?: boolean }): boolean =>
  forgetSteps === true || (state !== undefined && pastSteps.includes(state));
