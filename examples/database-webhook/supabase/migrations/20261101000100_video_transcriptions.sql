create table public.video_transcriptions (
  id bigint generated always as identity primary key,
  user_id uuid not null default auth.uid() references auth.users (id) on delete cascade,
  video_url text not null,
  transcription text,
  created_at timestamptz not null default now()
);

alter table public.video_transcriptions enable row level security;

create policy "own transcriptions" on public.video_transcriptions
  for all to authenticated
  using ((select auth.uid()) = user_id)
  with check ((select auth.uid()) = user_id);

grant select, insert, update, delete on public.video_transcriptions to authenticated, service_role;
select behalf.audit('public.video_transcriptions');

-- Where the webhook goes and the word it says there. One row; different on this machine and hosted.
create schema private;
create table private.webhook (
  only_one boolean primary key default true check (only_one),
  url text not null,
  secret text not null
);

-- What a Database Webhook of the dashboard is, with its address in a table: each new or changed video is told to the Edge Function.
create function private.tell_video() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
declare
  webhook private.webhook := (select w from private.webhook as w);
begin
  perform net.http_post(
    url := webhook.url,
    headers := jsonb_build_object('Content-Type', 'application/json', 'X-Webhook-Secret', webhook.secret),
    body := jsonb_build_object('type', tg_op, 'table', tg_table_name, 'schema', tg_table_schema, 'record', to_jsonb(new)),
    timeout_milliseconds := 5000);
  return null;
end
$$;

-- The task itself updates the row. Without the condition that update would be told too, and start the task again, and so on.
create trigger tell_video
  after insert or update on public.video_transcriptions
  for each row when (not behalf.caused_by('transcribe-video'))
  execute function private.tell_video();
