import type { Session } from "@supabase/supabase-js";
import { useCallback, useEffect, useState } from "react";
import { AuditTrail } from "./audit-trail.tsx";
import { Expenses } from "./expenses.tsx";
import { Reports } from "./reports.tsx";
import type { Services } from "./services.ts";
import { SignIn } from "./sign-in.tsx";

export function App({ services }: { services: Services }) {
  const { supabase } = services;
  const [session, setSession] = useState<Session | null>();
  useEffect(() => {
    const { data } = supabase.auth.onAuthStateChange((_event, changed) => setSession(changed));
    return () => data.subscription.unsubscribe();
  }, [supabase]);

  if (session === undefined) return null;
  if (session === null) return <SignIn services={services} />;
  // Of another user nothing may stay on the page, so that user gets a page of their own.
  return <Home key={session.user.id} services={services} email={session.user.email ?? ""} />;
}

function Home({ services, email }: { services: Services; email: string }) {
  // Counts what has changed in the database, so that all parts show it.
  const [version, setVersion] = useState(0);
  const onChange = useCallback(() => setVersion((count) => count + 1), []);
  return (
    <>
      <header>
        <h1>Expenses</h1>
        <p>
          Signed in as <strong>{email}</strong>
        </p>
        <button type="button" className="quiet" onClick={() => services.supabase.auth.signOut()}>
          Sign out
        </button>
      </header>
      <main>
        <Expenses services={services} version={version} onChange={onChange} />
        <Reports services={services} version={version} onChange={onChange} />
        <AuditTrail services={services} version={version} />
      </main>
    </>
  );
}
