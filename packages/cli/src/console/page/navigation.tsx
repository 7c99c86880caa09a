const pages = ["runs", "tasks", "schedules", "queues", "users"];

/** The name of the project, and the way to each page. */
export function Navigation({ path, project }: { path: string; project: string | undefined }) {
  const current = path === "/" ? "runs" : path.split("/")[1];
  return (
    <>
      <a class="brand" href="/runs">
        behalf
        {project && <span class="project">{project}</span>}
      </a>
      <nav aria-label="Pages">
        {pages.map((page) => (
          <a key={page} href={`/${page}`} aria-current={page === current ? "page" : undefined}>
            {page}
          </a>
        ))}
      </nav>
    </>
  );
}
