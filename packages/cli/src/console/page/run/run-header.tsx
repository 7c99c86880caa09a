import { useState } from "preact/hooks";
import type { ConsoleRunPage } from "../../contract.js";
import type { ApiError } from "../api.js";
import { formatDateTime } from "../format.js";
import { CopyButton } from "../parts/copy-button.js";
import { Failure } from "../parts/failure.js";
import { Heading } from "../parts/heading.js";
import { Identities } from "../parts/identity.js";
import { StatusBadge } from "../parts/status-badge.js";
import { Tags } from "../parts/tags.js";
import { RelativeTime, RunDuration } from "../parts/time.js";
import { runHref, taskHref } from "../router.js";
import { lookOf } from "../status.js";
import { RunActions } from "./run-actions.js";

/** What the run is, how it stands, who it ran as, and what can be done with it. */
export function RunHeader({ page }: { page: ConsoleRunPage }) {
  const [failure, setFailure] = useState<ApiError>();
  const { run, parent } = page;
  const service = run.ranAs.some(({ kind }) => kind === "service");
  return (
    <header class="run-header">
      <div class="title-line">
        <Heading title={`${run.task}: ${lookOf(run.status).word}`}>
          <a href={taskHref(run.task)}>{run.task}</a>
        </Heading>
        <StatusBadge status={run.status} />
        <RunActions page={page} onFailure={setFailure} />
      </div>
      <p class="run-id mono">
        {run.id}
        <CopyButton text={run.id} what="The run's id" />
      </p>
      <Failure error={failure} />
      <dl class={service ? "facts by-service" : "facts"}>
        <div class="fact-identity">
          <dt>Ran as</dt>
          <dd>
            <Identities run={run} />
          </dd>
        </div>
        <div>
          <dt>Duration</dt>
          <dd>
            <RunDuration run={run} />
          </dd>
        </div>
        <div>
          <dt>Attempts</dt>
          <dd class="number">{run.attempts}</dd>
        </div>
        <div>
          <dt>Created</dt>
          <dd title={formatDateTime(run.createdAt)}>
            <RelativeTime at={run.createdAt} />
          </dd>
        </div>
        {run.tags.length > 0 && (
          <div>
            <dt>Tags</dt>
            <dd>
              <Tags tags={run.tags} />
            </dd>
          </div>
        )}
        {parent && (
          <div>
            <dt>Started by</dt>
            <dd>
              <a href={runHref(parent.id)}>{parent.task}</a>
            </dd>
          </div>
        )}
      </dl>
    </header>
  );
}
