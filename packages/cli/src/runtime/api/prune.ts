import type pg from "pg";

/** Deletes what is older than `before` and belongs to no run that is still kept. Call it after runs were deleted; often does no harm. */
export async function pruneAreas(pool: pg.Pool, before: Date): Promise<void> {
  const statements = [
    `delete from runtime.batches b where created_at < $1
       and not exists (select 1 from runtime.runs r where r.batch_id = b.id)
       and not exists (
         select 1 from runtime.batch_items i join runtime.runs r on r.id = i.run_id where i.batch_id = b.id
       )`,
    `delete from runtime.waitpoints where status <> 'WAITING' and completed_at < $1
       and (idempotency_key is null or idempotency_expires_at < now())`,
    `delete from runtime.packets p where created_at < $1 and not exists (
       select 1 from runtime.runs r
       where r.payload_type = 'application/store' and r.payload = p.name
         or r.output_type = 'application/store' and r.output = p.name
     )`,
    "delete from runtime.bulk_actions where completed_at < $1",
    "delete from runtime.used_tokens where expires_at < least($1, now())",
    "delete from runtime.idempotency_keys where expires_at < least($1, now())",
  ];
  for (const statement of statements) await pool.query(statement, [before]);
}
