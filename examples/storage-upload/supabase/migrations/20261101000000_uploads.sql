insert into storage.buckets (id, name, public, file_size_limit) values ('uploads', 'uploads', false, 50 * 1024 * 1024);

-- A user's files are in the folder that is named after them.
create policy "own folder" on storage.objects
  for all to authenticated
  using (bucket_id = 'uploads' and (storage.foldername(name))[1] = (select auth.uid())::text)
  with check (bucket_id = 'uploads' and (storage.foldername(name))[1] = (select auth.uid())::text);
