import { expect, test } from "vitest";
import { splitStatements } from "./split-statements.js";

const split = (sql: string) => splitStatements(sql).map(({ text }) => text);

test.each([
  ["plain", "select 1; select 2;", ["select 1", "select 2"]],
  ["no last semicolon", "select 1;\nselect 2", ["select 1", "select 2"]],
  [
    "strings",
    "select ';', 'it''s;', E'\\';', \"a;\"\"b\";select 2",
    ["select ';', 'it''s;', E'\\';', \"a;\"\"b\"", "select 2"],
  ],
  ["dollar quotes", "do $$ begin; end $$; do $a$ $$;$$ $a$;", ["do $$ begin; end $$", "do $a$ $$;$$ $a$"]],
  ["comments", "-- a;\nselect 1 /* ; /* ; */ ; */; -- b;", ["select 1 /* ; /* ; */ ; */"]],
  ["parameters are no quotes", "select $1; select $2;", ["select $1", "select $2"]],
  [
    "bodies of standard SQL",
    "create function f() returns int begin atomic select 1; select case when true then 1 end; end; select 2",
    [
      "create function f() returns int begin atomic select 1; select case when true then 1 end; end",
      "select 2",
    ],
  ],
  ["transactions", "begin; select 1; end; select 2", ["begin", "select 1", "end", "select 2"]],
  ["nothing", " ; -- only this\n;", []],
])("%s", (_, sql, statements) => {
  expect(split(sql)).toEqual(statements);
});

test("a statement starts where its first word does", () => {
  const sql = "select 1;\n\n-- about it\n/* more */ select 2;";
  expect(splitStatements(sql).map(({ offset }) => sql.slice(offset, offset + 8))).toEqual([
    "select 1",
    "select 2",
  ]);
});
