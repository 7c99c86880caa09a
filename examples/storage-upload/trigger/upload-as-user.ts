import { userTask } from "./supabase.ts";

/** Downloads a file and uploads it through supabase-js, as the user: the policies on storage.objects decide. */
export const uploadAsUser = userTask({
  id: "upload-as-user",
  run: async ({ userId, url, name }: { userId: string; url: string; name: string }, { supabase }) => {
    const response = await fetch(url);
    if (!response.ok) throw new Error(`The download answered ${response.status}.`);
    const { data, error } = await supabase.storage
      .from("uploads")
      .upload(`${userId}/${name}`, await response.blob(), {
        contentType: response.headers.get("content-type") ?? "application/octet-stream",
        // A second attempt finds what the first has written.
        upsert: true,
      });
    if (error) throw error;
    return { path: data.path };
  },
  user: (payload) => payload.userId,
});
