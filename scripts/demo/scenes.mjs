// The demo's story: what each scene runs, as whom, what must come of it, and how to say so. The tasks are examples/database-operations'.
import { runs, tasks } from "@trigger.dev/sdk";

const ada = "11111111-1111-4111-8111-111111111111";
const grace = "22222222-2222-4222-8222-222222222222";

/** Triggers a task as an app would and waits for its end. */
async function run(task, payload) {
  const { id } = await tasks.trigger(task, payload);
  const { status, output, error, attemptCount } = await runs.poll(id, { pollIntervalMs: 100 });
  return { run: id, task, status, attempts: attemptCount, output: output ?? null, error: error ?? null };
}

const completed = (result) => result.status === "COMPLETED";

export const scenes = [
  {
    title: "A task runs as Ada. It selects all notes, with no filter, and writes one.",
    who: "Ada (authenticated), through userTask",
    expected: "Ada's two notes and no other; the new one is hers",
    play: () => run("summarise-notes", { userId: ada }),
    holds: (result) =>
      completed(result) &&
      result.output.saw.length === 2 &&
      result.output.saw.every((note) => note.user_id === ada) &&
      result.output.wroteAs === ada,
    tell: ({ output }) => [
      `saw ${output.saw.length} notes: ${output.saw.map((note) => `"${note.body}"`).join(", ")}`,
      "wrote one, in her own name",
    ],
  },
  {
    title: "The same task, as Grace.",
    who: "Grace (authenticated), through userTask",
    expected: "Grace's one note and no other",
    play: () => run("summarise-notes", { userId: grace }),
    holds: (result) =>
      completed(result) &&
      result.output.saw.length === 1 &&
      result.output.saw[0].user_id === grace &&
      result.output.wroteAs === grace,
    tell: ({ output }) => [`saw ${output.saw.length} note: "${output.saw[0].body}"`],
  },
  {
    title: "The public guide's own code, for Ada: a token with `sub` and no `role`.",
    who: "nobody: the database takes it for anon",
    expected: "no rows and no error, through the same policies",
    play: () => run("guide-read-notes", { userId: ada }),
    holds: (result) => completed(result) && result.output.saw.length === 0 && result.output.error === null,
    tell: () => ["saw 0 notes, and nothing said so: no error, the run is COMPLETED"],
  },
  {
    title: "The guide's insert, and behalf's, of the same row.",
    who: "nobody, then Ada",
    expected: "the first is refused by Row Level Security, the second passes",
    play: async () => ({
      guide: await run("guide-add-new-user", { userId: ada }),
      behalf: await run("add-new-user", { userId: ada }),
    }),
    holds: ({ guide, behalf }) =>
      guide.status === "FAILED" && /row-level security/.test(guide.error.message) && completed(behalf),
    tell: ({ guide, behalf }) => [`guide:  ${guide.error.message}`, `behalf: ${behalf.output.message}`],
  },
  {
    title: "A task that runs as Ada tries to write a note in Grace's name.",
    who: "Ada (authenticated), through userTask",
    expected: "refused by the policy",
    play: () => run("forge-note", { userId: ada, victim: grace }),
    holds: (result) => result.status === "FAILED" && /42501.*row-level security/.test(result.error.message),
    tell: ({ error }) => [`refused: ${error.message}`],
  },
  {
    title: "A service-role task counts everybody's notes.",
    who: 'service_role, because "nightly statistics over all users"',
    expected: "five notes of two users",
    play: () => run("count-all-notes", undefined),
    holds: (result) => completed(result) && result.output.notes === 5 && result.output.users === 2,
    tell: ({ output }) => [
      `saw ${output.notes} notes of ${output.users} users; the reason went with every request`,
    ],
  },
  {
    title: "An invalid plan, then a valid one, for Ada's subscription.",
    who: 'service_role, because "a payment decides the plan, not the user"',
    expected: "the first ends after one attempt, the second updates the row",
    play: async () => ({
      invalid: await run("update-user-subscription", { userId: ada, newPlan: "platinum" }),
      valid: await run("update-user-subscription", { userId: ada, newPlan: "enterprise" }),
    }),
    holds: ({ invalid, valid }) =>
      invalid.status === "FAILED" &&
      invalid.attempts === 1 &&
      completed(valid) &&
      valid.output.plan === "enterprise",
    tell: ({ invalid, valid }) => [
      `platinum:   ${invalid.error.message}`,
      `enterprise: plan is now ${valid.output.plan}`,
    ],
  },
  {
    title: "A task whose token lives 2 seconds works for 8.",
    who: "Ada (authenticated), through asUser in a plain task()",
    expected: "every request sees her notes, with a token that has not ended: the client renews it",
    play: () => run("long-running", { userId: ada, rounds: 8, lifetime: "2s" }),
    holds: (result) =>
      completed(result) &&
      result.output.requests.length === 8 &&
      result.output.requests.every((request) => request.notes === 3 && request.secondsLeft > -1) &&
      result.output.tokens >= 3,
    tell: ({ output }) => [
      `${output.requests.length} rounds of requests, all answered, over ${output.tokens} tokens of ${output.lifetime} each`,
    ],
  },
];
