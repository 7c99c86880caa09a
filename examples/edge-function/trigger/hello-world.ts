import { task } from "@trigger.dev/sdk";

/** The task of the public guide's first example. */
export const helloWorld = task({
  id: "hello-world",
  run: async (payload: string) => ({ message: payload }),
});
