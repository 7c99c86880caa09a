import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import type { ConsoleUsers } from "../../contract.js";
import { Failure } from "../parts/failure.js";
import { hrefOf } from "../router.js";
import { useData } from "../use-data.js";

interface UserPickerProps {
  /** The user's id; undefined: nobody. */
  chosen: string | undefined;
  onChoose: (userId: string | undefined) => void;
}

/** Whom to run as, out of `auth.users`. */
export function UserPicker({ chosen, onChoose }: UserPickerProps) {
  const [search, setSearch] = useState("");
  const { value, error } = useData<ConsoleUsers>(
    hrefOf("/api/users", { search: search.trim() }),
    () => false,
  );
  return (
    <fieldset class="picker">
      <legend>Run as</legend>
      <input
        type="search"
        data-search
        aria-label="Search users"
        placeholder="Search users"
        autocomplete="off"
        value={search}
        onInput={(event) => setSearch(event.currentTarget.value)}
        onKeyDown={(event) => {
          // Enter would run the task, which a search doesn't ask for.
          if (event.key === "Enter") event.preventDefault();
        }}
      />
      <Failure error={error} />
      <div class="choices">
        <Choice checked={chosen === undefined} onChoose={() => onChoose(undefined)}>
          <span>No one</span>
          <span class="quiet">no grant is sealed; the task decides</span>
        </Choice>
        {value?.users.map(({ id, email, isAnonymous }) => (
          <Choice key={id} checked={chosen === id} onChoose={() => onChoose(id)}>
            <span>{email ?? (isAnonymous ? "Anonymous user" : "User without an email")}</span>
            <span class="quiet mono">{id}</span>
          </Choice>
        ))}
        {value?.users.length === 0 && <p class="quiet">No user matches.</p>}
        {value?.more && <p class="quiet">There are more: search for them.</p>}
      </div>
    </fieldset>
  );
}

interface ChoiceProps {
  checked: boolean;
  onChoose: () => void;
  children: ComponentChildren;
}

function Choice({ checked, onChoose, children }: ChoiceProps) {
  return (
    <label class="choice">
      <input type="radio" name="as" checked={checked} onChange={onChoose} />
      <span>{children}</span>
    </label>
  );
}
