import type { ApiError } from "../api.js";
import { Icon } from "./icon.js";

/** What the server refused, in its own words. */
export function Failure({ error }: { error: ApiError | undefined }) {
  if (!error) return null;
  return (
    <div class="notice bad" role="alert">
      <Icon name="warning" />
      <p>{error.message}</p>
    </div>
  );
}
