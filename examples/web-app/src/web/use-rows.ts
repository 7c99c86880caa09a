import { useEffect, useState } from "react";

type Answer<Row> = PromiseLike<{ data: Row[] | null; error: { message: string } | null }>;

/**
 * Rows of a query, asked again whenever `version` changes; what was there stays until the answer is.
 *
 * @param query has to be the same function from render to render, or one of another question.
 */
export function useRows<Row>(query: () => Answer<Row>, version: number) {
  const [state, setState] = useState<{ rows?: Row[]; problem?: string }>({});
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new version is a reason to ask again
  useEffect(() => {
    let isCurrent = true;
    query().then(
      ({ data, error }) => {
        if (isCurrent) setState(error ? { problem: error.message } : { rows: data ?? [] });
      },
      (error: Error) => {
        if (isCurrent) setState({ problem: error.message });
      },
    );
    return () => {
      isCurrent = false;
    };
  }, [query, version]);
  return state;
}
