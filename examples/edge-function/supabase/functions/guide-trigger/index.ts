// As the public guide writes it: whoever may call the function starts the task, and the task knows nothing of them.
import { tasks } from "npm:@trigger.dev/sdk@^4.8.3";
import type { helloWorld } from "../../../trigger/hello-world.ts";

Deno.serve(async () => {
  await tasks.trigger<typeof helloWorld>("hello-world", "Hello from a Supabase Edge Function!");
  return new Response("OK");
});
