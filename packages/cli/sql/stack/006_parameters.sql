-- What hosted projects let `postgres` set for the API's roles, PostgREST's own settings among them. PostgreSQL asks for the right by name.
grant set on parameter
  "pgrst.db_aggregates_enabled",
  "pgrst.db_extra_search_path",
  "pgrst.db_max_rows",
  "pgrst.db_plan_enabled",
  "pgrst.db_pre_request",
  "pgrst.db_schemas",
  "pgrst.openapi_mode"
  to postgres;
