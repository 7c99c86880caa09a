import { useEffect, useState } from "preact/hooks";
import { onAnnouncement } from "../announce.js";

/** The live region: what changes by itself is said here to those who don't see it. */
export function Announcer() {
  const [message, setMessage] = useState("");
  useEffect(() => onAnnouncement(setMessage), []);
  return (
    <p class="unseen" role="status">
      {message}
    </p>
  );
}
