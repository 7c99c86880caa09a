// As the public guide writes it, for comparison. The service role writes into anybody's folder, and whoever triggers the task says into whose.
import { createClient } from "@supabase/supabase-js";
import { task } from "@trigger.dev/sdk";

const supabase = createClient(
  process.env.SUPABASE_URL as string,
  process.env.SUPABASE_SERVICE_ROLE_KEY as string,
);

export const guideUpload = task({
  id: "guide-upload",
  run: async ({ url, path }: { url: string; path: string }) => {
    const response = await fetch(url);
    const { data, error } = await supabase.storage
      .from("uploads")
      .upload(path, await response.blob(), { upsert: true });
    if (error) throw error;
    return data;
  },
});
