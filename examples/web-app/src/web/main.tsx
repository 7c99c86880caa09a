import { createRoot } from "react-dom/client";
import { App } from "./app.tsx";
import { connect } from "./services.ts";

const root = createRoot(document.getElementById("app") as HTMLElement);
connect().then(
  (services) => root.render(<App services={services} />),
  () => root.render(<p role="alert">The server could not be reached. Reload to try again.</p>),
);
