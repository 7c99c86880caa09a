import { hrefOf } from "../router.js";

/** Tags, each leading to the runs that have it. */
export function Tags({ tags }: { tags: string[] }) {
  return (
    <span class="tags">
      {tags.map((tag) => (
        <a key={tag} class="tag" href={hrefOf("/runs", { tag })}>
          {tag}
        </a>
      ))}
    </span>
  );
}
