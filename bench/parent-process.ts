/** What a bench process answers to its parent: a value, or why there is none. */
export type Reply = { readonly value: unknown } | { readonly error: string };

/**
 * Answers the questions of the process that forked this one, one at a time, and ends with it.
 *
 * @param answer what it throws travels to the parent as the answer
 */
export function answerParent<Question>(answer: (question: Question) => unknown): void {
  process.on("message", async (question) => {
    let reply: Reply;
    try {
      reply = { value: await answer(question as Question) };
    } catch (error) {
      reply = { error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
    }
    process.send?.(reply);
  });
  process.on("disconnect", () => process.exit());
}
