import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createClient, type SupabaseClient } from "@supabase/supabase-js";
import { type Stack, type StackOptions, type StackStep, startStack } from "./index.js";

/** A project folder of one test: path relative to it → text. */
export interface TestFolder {
  path: string;
  write(files: Record<string, string>): void;
  remove(): void;
}

export function makeFolder(files: Record<string, string> = {}): TestFolder {
  const path = mkdtempSync(join(tmpdir(), "behalf-stack-"));
  const write = (more: Record<string, string>) => {
    for (const [name, text] of Object.entries(more)) {
      mkdirSync(dirname(join(path, name)), { recursive: true });
      writeFileSync(join(path, name), text);
    }
  };
  write(files);
  return { path, write, remove: () => rmSync(path, { recursive: true, force: true }) };
}

export interface TestStack extends Stack {
  folder: TestFolder;
  steps: StackStep[];
  /** A client with that key and nobody signed in. */
  client(key?: string, options?: { token?: string; headers?: Record<string, string> }): SupabaseClient;
  /** Stops the stack and removes its folder. */
  end(): Promise<void>;
}

/** Starts a stack on a project made of `files`, in a folder of its own. */
export async function startTestStack(
  files: Record<string, string> = {},
  options: Partial<StackOptions> = {},
): Promise<TestStack> {
  const folder = makeFolder(files);
  const steps: StackStep[] = [];
  const stack = await startStack({
    directory: join(folder.path, ".behalf"),
    project: folder.path,
    onProgress: (step) => {
      steps.push(step);
    },
    ...options,
  }).catch((error: unknown) => {
    folder.remove();
    throw error;
  });
  return {
    ...stack,
    folder,
    steps,
    client: (key = stack.keys.publishableKey, { token, headers = {} } = {}) =>
      createClient(stack.url, key, {
        auth: { persistSession: false, autoRefreshToken: false, detectSessionInUrl: false },
        // Node.js 20 has no WebSocket, and nothing here listens for one.
        realtime: { transport: class {} as never },
        ...(token === undefined ? {} : { accessToken: async () => token }),
        global: { headers },
      }),
    async end() {
      await stack.stop();
      folder.remove();
    },
  };
}

export const ada = "11111111-1111-4111-8111-111111111111";
export const grace = "22222222-2222-4222-8222-222222222222";

/** Notes of two users, each seeing their own: a table, its policy, its grants, its rows. */
export const notesProject: Record<string, string> = {
  "supabase/migrations/20260101000000_notes.sql": `
    create table public.notes (
      id bigint generated always as identity primary key,
      user_id uuid not null default auth.uid() references auth.users (id) on delete cascade,
      body text not null
    );
    alter table public.notes enable row level security;
    create policy "own notes" on public.notes for all to authenticated
      using ((select auth.uid()) = user_id) with check ((select auth.uid()) = user_id);
    grant select, insert, update, delete on public.notes to anon, authenticated, service_role;`,
  "supabase/seed.sql": `
    insert into auth.users (id, email) values ('${ada}', 'ada@example.com'), ('${grace}', 'grace@example.com');
    insert into public.notes (user_id, body) values ('${ada}', 'a1'), ('${ada}', 'a2'), ('${grace}', 'g1');`,
};
