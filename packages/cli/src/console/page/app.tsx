import { useEffect, useRef } from "preact/hooks";
import type { ConsoleProject } from "../contract.js";
import { HelpDialog } from "./help-dialog.js";
import { listenForKeys } from "./keyboard.js";
import { LiveSign } from "./live-sign.js";
import { Navigation } from "./navigation.js";
import { Announcer } from "./parts/announcer.js";
import { QueuesPage } from "./queues-page.js";
import { type Place, usePlace } from "./router.js";
import { RunPage } from "./run/run-page.js";
import { RunsPage } from "./runs/runs-page.js";
import { SchedulesPage } from "./schedules-page.js";
import { TaskPage } from "./tasks/task-page.js";
import { TasksPage } from "./tasks/tasks-page.js";
import { UnknownPage } from "./unknown-page.js";
import { useData } from "./use-data.js";
import { UsersPage } from "./users-page.js";

/** The whole page: what is always there, and the page that the address names. */
export function App() {
  const place = usePlace();
  const help = useRef<HTMLDialogElement>(null);
  const { value: project } = useData<ConsoleProject>("/api/project", () => false);
  const openHelp = () => help.current?.showModal();
  useEffect(() => listenForKeys(() => help.current?.showModal()), []);
  return (
    <>
      <a class="skip" href="#content">
        Skip to content
      </a>
      <header class="top">
        <Navigation path={place.path} project={project?.name} />
        <LiveSign />
        <button type="button" class="help-button" onClick={openHelp} aria-label="Keyboard shortcuts">
          ?
        </button>
      </header>
      <main id="content" tabIndex={-1}>
        <Page place={place} />
      </main>
      {project && (
        <footer class="bottom quiet">
          <span>
            Supabase <span class="mono">{project.supabaseUrl}</span>
          </span>
          <span>
            Trigger.dev <span class="mono">{project.triggerApiUrl}</span>
          </span>
        </footer>
      )}
      <Announcer />
      <HelpDialog dialog={help} />
    </>
  );
}

function Page({ place }: { place: Place }) {
  const [, area, name, ...rest] = place.path.split("/");
  const id = name ? decodeURIComponent(name) : undefined;
  if (rest.length > 0) return <UnknownPage />;
  if (area === "runs" && id) return <RunPage key={id} id={id} />;
  if (area === "tasks" && id) return <TaskPage key={id} id={id} />;
  if (id) return <UnknownPage />;
  if (area === "" || area === "runs") return <RunsPage query={place.query} />;
  if (area === "tasks") return <TasksPage />;
  if (area === "schedules") return <SchedulesPage />;
  if (area === "queues") return <QueuesPage />;
  if (area === "users") return <UsersPage />;
  return <UnknownPage />;
}
