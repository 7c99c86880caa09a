import { randomBytes } from "node:crypto";
import { mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import type { SupabaseClient } from "@supabase/supabase-js";
import { SignJWT } from "jose";
import { Client } from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ada, grace, startTestStack, type TestStack } from "../test-support.js";
import { StorageDatabase } from "./database.js";
import { ObjectFiles } from "./files.js";
import { removeLeftovers } from "./leftovers.js";

let stack: TestStack;
let service: SupabaseClient;
let adas: SupabaseClient;
let graces: SupabaseClient;
let anon: SupabaseClient;

beforeAll(async () => {
  stack = await startTestStack({
    "supabase/config.toml": `[storage]
file_size_limit = "4MiB"
[storage.buckets.images]
public = true
file_size_limit = "2MiB"
allowed_mime_types = ["image/png"]
objects_path = "./images"
[storage.buckets.small]
file_size_limit = 10
allowed_mime_types = ["text/plain", "image/*"]
`,
    "supabase/migrations/20260101000000_storage.sql": `
      insert into storage.buckets (id, name, public, file_size_limit, allowed_mime_types) values
        ('files', 'files', false, null, null),
        ('public', 'public', true, null, null),
        ('small', 'small', true, null, null),
        ('drop', 'drop', false, null, null);
      create policy "own folder" on storage.objects for all to authenticated
        using (bucket_id in ('files', 'small') and (storage.foldername(name))[1] = (select auth.uid()::text))
        with check (bucket_id in ('files', 'small') and (storage.foldername(name))[1] = (select auth.uid()::text));
      create policy "write only" on storage.objects for insert to authenticated with check (bucket_id = 'drop');`,
  });
  service = stack.client(stack.keys.secretKey);
  anon = stack.client();
  adas = stack.client(undefined, { token: await userToken(ada) });
  graces = stack.client(undefined, { token: await userToken(grace) });
});
afterAll(() => stack.end());

function userToken(sub: string, claims: Record<string, unknown> = {}, secret = stack.keys.jwtSecret) {
  return new SignJWT({ sub, role: "authenticated", aud: "authenticated", ...claims })
    .setProtectedHeader({ alg: "HS256" })
    .setExpirationTime("1h")
    .sign(new TextEncoder().encode(secret));
}

const textOf = async (result: { data: Blob | null }) => result.data?.text();

/** As it is sent: fetch would tidy the path up. */
function raw(
  path: string,
  options: { method?: string; headers?: Record<string, string>; body?: string } = {},
) {
  return new Promise<{ status: number; text: string; headers: Record<string, unknown> }>(
    (resolve, reject) => {
      const { hostname, port } = new URL(stack.url);
      const { method = "GET", headers = {}, body } = options;
      const sent = request({ hostname, port, path: `/storage/v1${path}`, method, headers }, (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (chunk: string) => {
          text += chunk;
        });
        response.on("end", () =>
          resolve({ status: response.statusCode ?? 0, text, headers: response.headers }),
        );
      });
      sent.on("error", reject).end(body);
    },
  );
}

test("an upload comes back as it went, with what was said about it", async () => {
  const content = randomBytes(300_000);
  const path = `${ada}/deep/er/bytes.bin`;
  const { data, error } = await adas.storage
    .from("files")
    .upload(path, content, { contentType: "image/png", cacheControl: "60", metadata: { n: 1 } });
  expect(error).toBeNull();
  expect(data).toMatchObject({ path, fullPath: `files/${path}` });
  const back = await adas.storage.from("files").download(path);
  expect(Buffer.from((await back.data?.arrayBuffer()) ?? new ArrayBuffer(0))).toEqual(content);
  expect(back.data?.type).toBe("image/png");
  expect((await adas.storage.from("files").info(path)).data).toMatchObject({
    size: 300_000,
    contentType: "image/png",
    cacheControl: "max-age=60",
    metadata: { n: 1 },
  });
  expect((await adas.storage.from("files").exists(path)).data).toBe(true);
  // A Blob goes as a form, a string as plain content.
  await adas.storage
    .from("files")
    .upload(`${ada}/form.txt`, new Blob(["from a form"], { type: "text/plain" }));
  await adas.storage.from("files").upload(`${ada}/plain.txt`, "plain", { contentType: "text/plain" });
  expect(await textOf(await adas.storage.from("files").download(`${ada}/form.txt`))).toBe("from a form");
  expect(await textOf(await adas.storage.from("files").download(`${ada}/plain.txt`))).toBe("plain");
});

test("the policies decide, for the user of the token", async () => {
  const path = `${ada}/private.txt`;
  await adas.storage.from("files").upload(path, "ada's");
  const refused = { message: "new row violates row-level security policy", statusCode: "403" };
  expect((await graces.storage.from("files").upload(`${ada}/hers.txt`, "x")).error).toMatchObject(refused);
  expect((await anon.storage.from("files").upload(`${ada}/hers.txt`, "x")).error).toMatchObject(refused);
  expect((await graces.storage.from("files").update(path, "x")).error).toMatchObject(refused);
  for (const client of [graces, anon]) {
    const files = client.storage.from("files");
    expect((await files.download(path)).data).toBeNull();
    expect((await files.exists(path)).data).toBe(false);
    expect((await files.list(ada)).data).toEqual([]);
    expect((await files.createSignedUrl(path, 60)).error).toMatchObject({ message: "Object not found" });
    expect((await files.remove([path])).data).toEqual([]);
    expect((await files.move(path, `${grace}/mine.txt`)).error).toMatchObject({
      message: "Object not found",
    });
    expect((await files.copy(path, `${grace}/mine.txt`)).error).toMatchObject({
      message: "Object not found",
    });
  }
  expect((await adas.storage.from("files").move(path, `${grace}/gift.txt`)).error).toMatchObject(refused);
  expect(await textOf(await adas.storage.from("files").download(path))).toBe("ada's");
  expect(await textOf(await service.storage.from("files").download(path))).toBe("ada's");
  // Who may insert need not be allowed to see what is there.
  expect((await adas.storage.from("drop").upload("letter.txt", "x")).error).toBeNull();
  expect((await adas.storage.from("drop").download("letter.txt")).data).toBeNull();
});

test("a forged, expired or overreaching token is refused", async () => {
  const path = `/object/files/${ada}/private.txt`;
  const now = Math.floor(Date.now() / 1000);
  const tokens = [
    await userToken(ada, {}, "another secret that is long enough to be one"),
    await userToken(ada, { role: "postgres" }),
    await userToken(ada, { role: "supabase_storage_admin" }),
    await new SignJWT({ sub: ada, role: "authenticated" })
      .setProtectedHeader({ alg: "HS256" })
      .setExpirationTime(now - 1)
      .sign(new TextEncoder().encode(stack.keys.jwtSecret)),
    `${Buffer.from('{"alg":"none"}').toString("base64url")}.${Buffer.from(JSON.stringify({ sub: ada, role: "service_role" })).toString("base64url")}.`,
    "garbage",
  ];
  for (const token of tokens) {
    const headers = { authorization: `Bearer ${token}` };
    expect((await raw(path, { headers })).status).toBe(400);
    const written = await raw(path, { method: "POST", headers, body: "forged" });
    expect(JSON.parse(written.text)).toMatchObject({ statusCode: "403", error: "Unauthorized" });
  }
  expect((await raw(path)).status).toBe(400);
  expect(JSON.parse((await raw("/bucket")).text)).toMatchObject({ statusCode: "400", error: "Error" });
  expect((await raw(path, { method: "POST", body: "x" })).status).toBe(400);
  expect((await raw("/bucket", { headers: { apikey: "unknown" } })).status).toBe(401);
});

test("nothing is replaced unless asked, and of two at once one is first", async () => {
  const files = adas.storage.from("files");
  const path = `${ada}/once.txt`;
  await files.upload(path, "first");
  expect((await files.upload(path, "second")).error).toMatchObject({
    message: "The resource already exists",
    statusCode: "409",
  });
  await files.upload(path, "third", { upsert: true });
  expect(await textOf(await files.download(path))).toBe("third");
  await files.update(path, "fourth");
  expect(await textOf(await files.download(path))).toBe("fourth");

  const raced = `${ada}/raced.txt`;
  const results = await Promise.all([1, 2, 3, 4].map((n) => files.upload(raced, `racer ${n}`)));
  expect(results.filter(({ error }) => error === null)).toHaveLength(1);
});

test("listing, moving, copying, removing", async () => {
  const files = adas.storage.from("files");
  for (const name of ["b.txt", "a.txt", "sub/one.txt", "sub/two.txt"])
    await files.upload(`${ada}/list/${name}`, name);
  const names = async (folder: string, options = {}) =>
    (await files.list(folder, options)).data?.map((entry) => entry.name);
  expect(await names(`${ada}/list`)).toEqual(["a.txt", "b.txt", "sub"]);
  expect(await names(`${ada}/list`, { sortBy: { column: "name", order: "desc" }, limit: 2 })).toEqual([
    "sub",
    "b.txt",
  ]);
  expect(await names(`${ada}/list`, { search: "a" })).toEqual(["a.txt"]);
  expect(await names(`${ada}/list/sub`)).toEqual(["one.txt", "two.txt"]);
  expect((await files.list(`${ada}/list`)).data?.find((entry) => entry.name === "sub")?.id).toBeNull();

  const first = (await files.listV2({ prefix: `${ada}/list/`, limit: 2, with_delimiter: true })).data;
  expect(first).toMatchObject({ hasNext: true, objects: [{}, {}], folders: [] });
  const rest = (
    await files.listV2({
      prefix: `${ada}/list/`,
      with_delimiter: true,
      cursor: first?.nextCursor as string,
    })
  ).data;
  expect(rest).toMatchObject({ hasNext: false, objects: [], folders: [{ name: `${ada}/list/sub/` }] });

  const sortBy = { column: "created_at", order: "desc" } as const;
  const newest = [];
  for (let cursor: string | undefined; newest.length < 4; ) {
    const page = await files.listV2({
      prefix: `${ada}/list/`,
      limit: 1,
      sortBy,
      ...(cursor ? { cursor } : {}),
    });
    newest.push(...(page.data?.objects ?? []));
    cursor = page.data?.nextCursor;
  }
  const made = newest.map((object) => Date.parse(object.created_at));
  expect(made).toEqual(made.toSorted((a, b) => b - a));
  expect(newest.map((object) => object.name.slice(ada.length + 6)).sort()).toEqual([
    "a.txt",
    "b.txt",
    "sub/one.txt",
    "sub/two.txt",
  ]);
  const folders = (await files.listV2({ prefix: `${ada}/list/`, with_delimiter: true, sortBy })).data;
  expect(folders).toMatchObject({
    folders: [{ name: `${ada}/list/sub/` }],
    objects: [{}, {}],
    hasNext: false,
  });
  const bad = await files.listV2({ prefix: `${ada}/list/`, cursor: "bm90IG9uZQ==" });
  expect(bad.error).toMatchObject({ message: "Invalid Parameter continuation token" });

  const unsortable = await files.list(`${ada}/list`, { sortBy: { column: "size", order: "asc" } });
  expect(unsortable.error).toMatchObject({ message: expect.stringContaining("one of the allowed values") });
  expect((await files.move(`${ada}/list/a.txt`, `${ada}/list/moved.txt`)).error).toBeNull();
  expect((await files.copy(`${ada}/list/moved.txt`, `${ada}/list/copy.txt`)).error).toBeNull();
  expect(await names(`${ada}/list`)).toEqual(["b.txt", "copy.txt", "moved.txt", "sub"]);
  const copyAs = async (copyMetadata: boolean) => {
    const [sourceKey, destinationKey] = [`${ada}/list/copy.txt`, `${ada}/retyped`];
    const sent = {
      bucketId: "files",
      sourceKey,
      destinationKey,
      metadata: { mimetype: "text/x" },
      copyMetadata,
    };
    const headers = { authorization: `Bearer ${stack.keys.serviceRoleKey}`, "x-upsert": "true" };
    await raw("/object/copy", { method: "POST", headers, body: JSON.stringify(sent) });
    return (await files.info(destinationKey)).data?.contentType;
  };
  expect([await copyAs(true), await copyAs(false)]).toEqual(["text/plain;charset=UTF-8", "text/x"]);
  const removed = await files.remove([`${ada}/list/moved.txt`, `${ada}/list/nothing.txt`]);
  expect(removed.data?.map((object) => object.name)).toEqual([`${ada}/list/moved.txt`]);
  expect(await textOf(await files.download(`${ada}/list/copy.txt`))).toBe("a.txt");
});

test("signed and public URLs open one object, for a while, in one direction", async () => {
  const files = adas.storage.from("files");
  const path = `${ada}/signed file.txt`;
  await files.upload(path, "for who has the link");
  const url = (await files.createSignedUrl(path, 60, { download: "as.txt" })).data?.signedUrl ?? "";
  const answer = await fetch(url);
  expect(await answer.text()).toBe("for who has the link");
  expect(answer.headers.get("content-disposition")).toContain("filename=as.txt");
  expect((await fetch(url.replace("signed%20file", "private"))).status).toBe(400);
  expect((await fetch(url.replace(/token=[^&]*/, `token=${await userToken(ada)}`))).status).toBe(400);
  const many = (await files.createSignedUrls([path, `${ada}/none.txt`], 60)).data;
  expect(many?.map((entry) => entry.error)).toEqual([
    null,
    "Either the object does not exist or you do not have access to it",
  ]);

  const permit = (await files.createSignedUploadUrl(`${ada}/by-link.txt`)).data;
  expect((await graces.storage.from("files").createSignedUploadUrl(`${ada}/no.txt`)).error).not.toBeNull();
  const sent = await anon.storage
    .from("files")
    .uploadToSignedUrl(`${ada}/by-link.txt`, permit?.token ?? "", "by link");
  expect(sent.error).toBeNull();
  expect(await textOf(await files.download(`${ada}/by-link.txt`))).toBe("by link");
  expect(
    (await fetch(`${stack.url}/storage/v1/object/sign/files/${ada}/by-link.txt?token=${permit?.token}`))
      .status,
  ).toBe(400);
  const elsewhere = await anon.storage
    .from("files")
    .uploadToSignedUrl(`${ada}/x.txt`, permit?.token ?? "", "x");
  expect(elsewhere.error).toMatchObject({ message: "Invalid signature" });

  await service.storage.from("public").upload("page.html", "<b>hi</b>", { contentType: "text/html" });
  const open = await fetch(anon.storage.from("public").getPublicUrl("page.html").data.publicUrl);
  expect([open.status, open.headers.get("content-type"), await open.text()]).toEqual([
    200,
    "text/plain",
    "<b>hi</b>",
  ]);
  expect((await raw(`/object/public/files/${path}`.replaceAll(" ", "%20"))).text).toContain(
    "Bucket not found",
  );
});

test("parts of an object, and none when it hasn't changed", async () => {
  await service.storage.from("public").upload("digits.txt", "0123456789");
  const get = (headers: Record<string, string>) => raw("/object/public/public/digits.txt", { headers });
  expect(await get({ range: "bytes=2-4" })).toMatchObject({
    status: 206,
    text: "234",
    headers: { "content-range": "bytes 2-4/10", "content-length": "3" },
  });
  expect((await get({ range: "bytes=-3" })).text).toBe("789");
  expect((await get({ range: "bytes=8-" })).text).toBe("89");
  expect((await get({ range: "bytes=10-" })).status).toBe(416);
  const whole = await get({});
  expect(whole).toMatchObject({ status: 200, text: "0123456789", headers: { "accept-ranges": "bytes" } });
  expect((await get({ "if-none-match": `${whole.headers.etag}` })).status).toBe(304);
  const info = await raw("/object/info/public/public/digits.txt", { method: "HEAD" });
  expect([info.status, info.text, info.headers.etag]).toEqual([200, "", whole.headers.etag]);
  const head = await raw("/object/public/public/digits.txt", { method: "HEAD" });
  expect([head.status, head.text, head.headers["content-length"]]).toEqual([200, "", "10"]);
});

test("limits of size and type hold, declared or not", async () => {
  const small = adas.storage.from("small");
  expect((await small.upload(`${ada}/a.txt`, "0123456789", { contentType: "text/plain" })).error).toBeNull();
  const tooLarge = { statusCode: "413", message: "The object exceeded the maximum allowed size" };
  expect(
    (await small.upload(`${ada}/b.txt`, "0123456789a", { contentType: "text/plain" })).error,
  ).toMatchObject(tooLarge);
  const form = new Blob(["0123456789a"], { type: "text/plain" });
  expect((await small.upload(`${ada}/b.txt`, form)).error).toMatchObject(tooLarge);
  expect(
    (await small.upload(`${ada}/b.json`, "{}", { contentType: "application/json" })).error,
  ).toMatchObject({ statusCode: "415" });
  expect(
    (await adas.storage.from("files").upload(`${ada}/big`, Buffer.alloc(4 * 2 ** 20 + 1))).error,
  ).toMatchObject(tooLarge);
  expect((await small.list(ada)).data?.map((entry) => entry.name)).toEqual(["a.txt"]);
});

test("an upload that breaks off leaves nothing, and nobody else notices", async () => {
  const headers = { authorization: `Bearer ${stack.keys.serviceRoleKey}` };
  const form = "--x\r\ncontent-disposition: form-data; name=f; filename=f\r\n\r\nstart";
  const bodies: [string, string][] = [
    ["text/plain", "start"],
    ["multipart/form-data; boundary=x", form],
  ];
  const unfinished = join(stack.folder.path, ".behalf", "storage", "unfinished");
  for (const [type, body] of bodies) {
    const { hostname, port } = new URL(stack.url);
    const sent = request({
      hostname,
      port,
      method: "POST",
      path: "/storage/v1/object/files/broken.txt",
      headers: { ...headers, "content-type": type, "content-length": 1000 },
    });
    sent.on("error", () => {});
    sent.write(body);
    await expect.poll(() => readdirSync(unfinished).length).toBe(1);
    sent.destroy();
    await expect.poll(() => readdirSync(unfinished).length).toBe(0);
  }
  expect((await service.storage.from("files").exists("broken.txt")).data).toBe(false);
});

test("no path leads anywhere but to a name", async () => {
  const headers = { authorization: `Bearer ${stack.keys.serviceRoleKey}` };
  const names = [
    "..%2f..%2fsecrets.json",
    "a/%2e%2e/%2e%2e/b",
    "%00",
    "a%00.txt",
    "\u2025/x",
    "a\uff0fb",
    "x".repeat(1025),
    "a%",
    "%ZZ",
    "a\\b",
    "./a",
    "a/../b",
  ];
  for (const name of names) {
    const path = `/object/files/${name.replace(/[^\x21-\x7e]/g, encodeURIComponent)}`;
    const written = await raw(path, { method: "POST", headers, body: "tricked" });
    // What the URL's own rules turn into another route or a plain name is no trick any more.
    if (written.status === 200) expect(JSON.parse(written.text).Key).toMatch(/^(files|object)\/[a-z/]+$/);
    else expect(written.status).toBeGreaterThanOrEqual(400);
  }
  const files = service.storage.from("files");
  for (const { error } of [
    await files.list("a\0"),
    await files.remove(["a\0"]),
    await files.upload("nul.txt", "x", { metadata: { nul: "\0" } }),
  ])
    expect(error).toMatchObject({ statusCode: "400" });
  const folder = join(stack.folder.path, ".behalf", "storage");
  for (const entry of readdirSync(folder, { recursive: true, encoding: "utf8" }))
    expect(entry).toMatch(/^(objects|unfinished)(\/[0-9a-f]{2}(\/[0-9a-f-]{36})?)?$/);
});

test("buckets: only who may, and not while anything is in them", async () => {
  expect((await adas.storage.createBucket("mine")).error).toMatchObject({ statusCode: "403" });
  expect(
    (await service.storage.createBucket("made", { public: false, fileSizeLimit: "1KB" })).error,
  ).toBeNull();
  expect((await service.storage.createBucket("made")).error).toMatchObject({ statusCode: "409" });
  expect((await service.storage.createBucket("a/b")).error).toMatchObject({ message: "Bucket name invalid" });
  expect((await service.storage.getBucket("made")).data).toMatchObject({
    id: "made",
    public: false,
    file_size_limit: 1000,
  });
  await service.storage.updateBucket("made", { public: true, fileSizeLimit: 500 });
  expect((await service.storage.getBucket("made")).data).toMatchObject({
    public: true,
    file_size_limit: 500,
  });
  expect((await adas.storage.listBuckets()).data).toEqual([]);
  await service.storage.from("made").upload("x.txt", "x");
  expect((await service.storage.deleteBucket("made")).error).toMatchObject({
    message: "The bucket you tried to delete is not empty",
  });
  await service.storage.emptyBucket("made");
  expect((await service.storage.deleteBucket("made")).error).toBeNull();
  expect((await service.storage.getBucket("made")).error).toMatchObject({ message: "Bucket not found" });
});

test("the buckets of config.toml are there, as it says", async () => {
  expect((await service.storage.getBucket("images")).data).toMatchObject({
    public: true,
    file_size_limit: 2 * 2 ** 20,
    allowed_mime_types: ["image/png"],
  });
  expect((await service.storage.getBucket("small")).data).toMatchObject({
    public: false,
    file_size_limit: 10,
  });
  expect(stack.steps.map(({ message }) => message)).toContain(
    "Not honoured in supabase/config.toml: storage.buckets.images.objects_path",
  );
});

test("rows are deleted through the API alone, and a crash's leftovers are taken away", async () => {
  const admin = new Client({ connectionString: stack.databaseUrl });
  await admin.connect();
  await expect(admin.query("delete from storage.objects")).rejects.toThrow(
    "Direct deletion from storage tables",
  );
  const { rows } = await admin.query<{ version: string }>("select version from storage.objects");
  await admin.end();

  const folder = join(stack.folder.path, ".behalf", "storage");
  const orphan = "11111111-2222-4333-8444-555555555555";
  for (const place of ["objects/11", "unfinished"]) {
    mkdirSync(join(folder, place), { recursive: true });
    writeFileSync(join(folder, place, orphan), "left behind");
  }
  await expect.poll(() => Date.now() > statSync(join(folder, "unfinished", orphan)).ctimeMs).toBe(true);
  const database = new StorageDatabase(stack.adminDatabaseUrl);
  const removed = await removeLeftovers({ database, files: new ObjectFiles(folder), sizeLimit: 0 });
  await database.close();
  expect(removed).toBe(2);
  const kept = readdirSync(join(folder, "objects"), { recursive: true, encoding: "utf8" });
  expect(
    kept
      .filter((name) => name.length > 2)
      .map((name) => name.slice(3))
      .sort(),
  ).toEqual(rows.map((row) => row.version).sort());
});

test("a connection that is lost inside a transaction fails that request, and nothing else", async () => {
  const admin = new Client({ connectionString: stack.adminDatabaseUrl });
  await admin.connect();
  const database = new StorageDatabase(stack.adminDatabaseUrl);
  const lost = database.asOwner(async (connection) => {
    const { rows } = await connection.query<{ pid: number }>("select pg_backend_pid() as pid");
    // Idle inside a transaction, so that no query is there to take the error.
    await admin.query("select pg_terminate_backend($1)", [rows[0]?.pid]);
    const isGone = () => admin.query("select from pg_stat_activity where pid = $1", [rows[0]?.pid]);
    await expect.poll(async () => (await isGone()).rowCount).toBe(0);
    await connection.query("select 1");
  });
  await expect(lost).rejects.toThrow();
  expect((await database.asOwner((connection) => connection.query("select 1"))).rowCount).toBe(1);
  await database.close();
  await admin.end();
});
