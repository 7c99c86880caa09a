create index runs_debounced on runtime.runs (task, (options->'debounce'->>'key')) where status = 'DELAYED';
