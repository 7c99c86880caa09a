// As the public guide writes it, for comparison. Its token has no `role`, so the database takes the request for `anon`.
import { createClient } from "@supabase/supabase-js";
import { task } from "@trigger.dev/sdk";
import jwt from "jsonwebtoken";
import type { Database } from "../../database.types.ts";

export const supabaseDatabaseInsert = task({
  id: "guide-add-new-user",
  run: async (payload: { userId: string }) => {
    const { userId } = payload;
    const jwtSecret = process.env.SUPABASE_JWT_SECRET;
    if (!jwtSecret) {
      throw new Error("SUPABASE_JWT_SECRET is not defined in environment variables");
    }
    const token = jwt.sign({ sub: userId }, jwtSecret, { expiresIn: "1h" });
    const supabase = createClient<Database>(
      process.env.SUPABASE_URL as string,
      process.env.SUPABASE_ANON_KEY as string,
      { global: { headers: { Authorization: `Bearer ${token}` } } },
    );
    const { error } = await supabase.from("user_subscriptions").insert({ user_id: userId });
    if (error) {
      throw new Error(`Failed to insert user: ${error.message}`);
    }
    return { message: `New user added successfully: ${userId}` };
  },
});

/** The guide's client, asked what it can see. */
export const guideReadNotes = task({
  id: "guide-read-notes",
  run: async (payload: { userId: string }) => {
    const token = jwt.sign({ sub: payload.userId }, process.env.SUPABASE_JWT_SECRET as string, {
      expiresIn: "1h",
    });
    const supabase = createClient<Database>(
      process.env.SUPABASE_URL as string,
      process.env.SUPABASE_ANON_KEY as string,
      { global: { headers: { Authorization: `Bearer ${token}` } } },
    );
    const { data, error } = await supabase.from("notes").select("body");
    return { saw: data, error };
  },
});
