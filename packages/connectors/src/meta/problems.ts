import type { OutgoingPost, PostProblem } from "@postd/connector-kit";

type Problem = Omit<PostProblem, "severity">;
export const error = (problem: Problem): PostProblem => ({ ...problem, severity: "error" });
export const warning = (problem: Problem): PostProblem => ({ ...problem, severity: "warning" });

/** Stories show the medium alone. */
export const storyText = (post: OutgoingPost, isStory: boolean): readonly PostProblem[] =>
  isStory && post.text.trim() !== ""
    ? [
        warning({
          field: "text",
          code: "text_unused",
          message: "Stories show no text; it is left out. Put the words into the picture.",
        }),
      ]
    : [];
