import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import type { ConsoleChange } from "../contract.js";
import { ApiError, requestText } from "./api.js";
import { onChange } from "./live.js";

/** How long changes are gathered before what is shown is asked for again. */
const gather = 150;

export interface Data<Value> {
  /** Undefined until the first answer; the last good one afterwards, also while another question is being asked. */
  value: Value | undefined;
  error: ApiError | undefined;
  reload: () => void;
}

interface Loaded<Value> {
  path: string;
  text: string;
  value: Value;
}

/**
 * What a GET of the server answers, asked for again whenever something changed that touches it. Answers that say the same
 * draw nothing anew, and those to an earlier question are dropped.
 *
 * @param path null: nothing is asked.
 * @param touches whether a change may alter the answer
 */
export function useData<Value>(
  path: string | null,
  touches: (change: ConsoleChange, value: Value | undefined) => boolean = () => true,
): Data<Value> {
  const [loaded, setLoaded] = useState<Loaded<Value>>();
  const [failed, setFailed] = useState<{ path: string; error: ApiError }>();
  const current = useRef({ path, touches, loaded });
  const asking = useRef({ timer: 0, running: false, again: false });
  current.current = { path, touches, loaded };

  const ask = useCallback(async () => {
    const state = asking.current;
    if (state.running) {
      state.again = true;
      return;
    }
    state.running = true;
    do {
      state.again = false;
      const asked = current.current.path;
      if (asked === null) break;
      try {
        const text = await requestText(asked);
        if (asked !== current.current.path) continue;
        setFailed(undefined);
        setLoaded((before) =>
          before?.path === asked && before.text === text
            ? before
            : { path: asked, text, value: JSON.parse(text) as Value },
        );
      } catch (error) {
        if (asked === current.current.path && error instanceof ApiError) setFailed({ path: asked, error });
        else if (!(error instanceof ApiError)) throw error;
      }
    } while (state.again);
    state.running = false;
  }, []);

  useEffect(() => {
    void ask();
  }, [path, ask]);

  useEffect(() => {
    const state = asking.current;
    const stop = onChange((change) => {
      const { touches, loaded } = current.current;
      if (change !== "everything" && !touches(change, loaded?.value)) return;
      if (state.timer !== 0) return;
      state.timer = setTimeout(() => {
        state.timer = 0;
        void ask();
      }, gather);
    });
    return () => {
      stop();
      clearTimeout(state.timer);
    };
  }, [ask]);

  const refused = failed?.path === path ? failed?.error : undefined;
  return {
    // The answer to the question before stays until the new one is there: nothing flickers while a filter is typed.
    value: refused && loaded?.path !== path ? undefined : loaded?.value,
    error: refused,
    reload: ask,
  };
}
