import { type SubmitEvent, useState } from "react";
import type { Services } from "./services.ts";

export function SignIn({ services: { supabase, config } }: { services: Services }) {
  const [message, setMessage] = useState("");
  const [isBusy, setIsBusy] = useState(false);

  async function submit(event: SubmitEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget, event.nativeEvent.submitter);
    const credentials = { email: String(form.get("email")), password: String(form.get("password")) };
    setIsBusy(true);
    setMessage("");
    const { data, error } =
      form.get("action") === "sign-up"
        ? await supabase.auth.signUp(credentials)
        : await supabase.auth.signInWithPassword(credentials);
    setIsBusy(false);
    if (error) setMessage(error.message);
    else if (!data.session) setMessage("Look into your mail, and confirm your address there.");
  }

  return (
    <main className="sign-in">
      <form onSubmit={submit} className="card">
        <h1>Expenses</h1>
        <label>
          Email
          <input name="email" type="email" autoComplete="username" required />
        </label>
        <label>
          Password
          <input name="password" type="password" autoComplete="current-password" minLength={6} required />
        </label>
        <p role="alert">{message}</p>
        <div className="row">
          <button type="submit" name="action" value="sign-in" disabled={isBusy}>
            Sign in
          </button>
          <button type="submit" name="action" value="sign-up" className="quiet" disabled={isBusy}>
            Create an account
          </button>
        </div>
        {config.hasExampleUsers && (
          <p className="hint">
            On this machine: <code>ada@example.com</code> or <code>grace@example.com</code>, password{" "}
            <code>example password</code>
          </p>
        )}
      </form>
    </main>
  );
}
