/** Stands where data will be; appears only when that takes a moment. */
export function Loading() {
  return <p class="loading quiet">Loading …</p>;
}
