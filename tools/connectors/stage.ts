import type { PlatformView } from "@postd/contracts";
import type { ApiSession } from "@postd/testkit/api";
import type { System } from "@postd/testkit/system";
import type { SignedIn } from "./sign-in.ts";

/** Where connectors are tried: simulated platforms on a clock that is moved, or real ones through a running server. */
export interface Stage {
  readonly isLive: boolean;
  readonly server: string;
  /** What reaches the API in the name of the workspace that tries. */
  openSession(): Promise<ApiSession>;
  /** How an account is come by. Absent: those are tried that are connected. */
  readonly signIn?: (
    session: ApiSession,
    platform: PlatformView,
    signIn: PlatformView["auth"][number],
  ) => Promise<SignedIn>;
  /** Comes back when nothing is due or at work, where that can be known. */
  settle(): Promise<void>;
  /** Lets time pass, so that what POSTD does by itself goes on; `until`: when it says that it looks again. */
  pass(until?: Date): Promise<void>;
  /** Turns after which nothing more is expected to happen. */
  readonly turns: number;
  /** A person's yes before something others may see; true at once where nobody can see it. */
  agree(question: string): Promise<boolean>;
  /** What only a simulated platform offers. */
  readonly simulated?: {
    /** Live posts of the platform, whoever made them. */
    countPosts(platform: string): Promise<number>;
    arm(platform: string, fault: Readonly<Record<string, unknown>>): Promise<void>;
    disarm(platform: string): Promise<void>;
  };
}

/** How far a clock that is moved goes where nobody says until when. */
const turnMs = 15_000;

/** The whole server in this process; every session is a new person with a workspace of their own. */
export function simulatedStage(
  system: System,
  signIn: NonNullable<Stage["signIn"]>,
): Stage & { readonly simulated: NonNullable<Stage["simulated"]> } {
  return {
    isLive: false,
    server: system.url,
    openSession: () => system.signUp(),
    signIn,
    turns: 60,
    settle: () => system.settle(),
    async pass(until) {
      const ahead = (until?.getTime() ?? 0) - system.clock.now().getTime();
      await system.clock.advance(ahead > 0 ? ahead + 1_000 : turnMs);
    },
    agree: async () => true,
    simulated: {
      countPosts: async (platform) => (await system.sim("GET", `${platform}/posts`)).posts.length,
      arm: (platform, fault) => system.sim("POST", `${platform}/faults`, fault),
      disarm: (platform) => system.sim("DELETE", `${platform}/faults`),
    },
  };
}
