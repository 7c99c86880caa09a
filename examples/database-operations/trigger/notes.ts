import { setTimeout as sleep } from "node:timers/promises";
import { task } from "@trigger.dev/sdk";
import { behalf, serviceTask, userTask } from "./supabase.ts";

/** Reads and writes notes as the user. No filter on `user_id`: the policies decide what there is. */
export const summariseNotes = userTask({
  id: "summarise-notes",
  run: async (_payload: { userId: string }, { supabase }) => {
    const { data, error } = await supabase.from("notes").select("body, user_id").order("id");
    if (error) throw error;
    const inserted = await supabase
      .from("notes")
      .insert({ body: `Summary of ${data.length} notes` })
      .select("user_id")
      .single();
    if (inserted.error) throw inserted.error;
    return { saw: data, wroteAs: inserted.data.user_id };
  },
  user: (payload) => payload.userId,
});

/** Tries to write a note in another user's name. The database says no. */
export const forgeNote = userTask({
  id: "forge-note",
  retry: { maxAttempts: 1 },
  run: async (payload: { userId: string; victim: string }, { supabase }) => {
    const { error } = await supabase
      .from("notes")
      .insert({ body: "I was never here", user_id: payload.victim });
    if (error) throw new Error(`${error.code}: ${error.message}`);
  },
  user: (payload) => payload.userId,
});

/** Counts everybody's notes: the service role, because no single user may. */
export const countAllNotes = serviceTask({
  id: "count-all-notes",
  reason: "nightly statistics over all users",
  run: async (_payload: void, { supabase }) => {
    const { data, error } = await supabase.from("notes").select("user_id");
    if (error) throw error;
    const users = new Set(data.map((note) => note.user_id));
    return { notes: data.length, users: users.size };
  },
});

/** A plain `task()` whose run outlives its token several times over: the client renews it on the way. */
export const longRunning = task({
  id: "long-running",
  run: async ({ userId, rounds, lifetime }: { userId: string; rounds: number; lifetime: string }) => {
    const supabase = await behalf.asUser(userId, { lifetime });
    const requests: { notes: number; secondsLeft: number; token: string }[] = [];
    for (let round = 0; round < rounds; round++) {
      const notes = await supabase.from("notes").select("id");
      if (notes.error) throw notes.error;
      const token = await supabase.rpc("token_expires_at");
      if (token.error) throw token.error;
      const secondsLeft = (Date.parse(token.data) - Date.now()) / 1000;
      requests.push({ notes: notes.data.length, secondsLeft, token: token.data });
      await sleep(1000);
    }
    return { lifetime, requests, tokens: new Set(requests.map((request) => request.token)).size };
  },
});
