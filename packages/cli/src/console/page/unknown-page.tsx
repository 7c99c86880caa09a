import { Heading } from "./parts/heading.js";

export function UnknownPage() {
  return (
    <>
      <Heading title="No such page" />
      <p>
        There is nothing at this address. <a href="/runs">See the runs</a>
      </p>
    </>
  );
}
