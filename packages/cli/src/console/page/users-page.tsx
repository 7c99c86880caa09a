import { useState } from "preact/hooks";
import type { ConsoleUsers } from "../contract.js";
import { Empty } from "./parts/empty.js";
import { Failure } from "./parts/failure.js";
import { Heading } from "./parts/heading.js";
import { Loading } from "./parts/loading.js";
import { SearchField } from "./parts/search-field.js";
import { RelativeTime } from "./parts/time.js";
import { hrefOf } from "./router.js";
import { useData } from "./use-data.js";

/** The users that tasks can run as. */
export function UsersPage() {
  const [search, setSearch] = useState("");
  const { value, error } = useData<ConsoleUsers>(
    hrefOf("/api/users", { search: search.trim() }),
    () => false,
  );
  return (
    <>
      <div class="title-line">
        <Heading title="Users" />
        <SearchField label="Search users" value={search} onInput={setSearch} />
      </div>
      <Failure error={error} />
      {!value && !error && <Loading />}
      {value?.users.length === 0 && <Empty>{search ? "No user matches." : "auth.users is empty."}</Empty>}
      {value && value.users.length > 0 && (
        <table class="rows users">
          <caption class="unseen">Users</caption>
          <thead>
            <tr>
              <th scope="col">User</th>
              <th scope="col">Id</th>
              <th scope="col" class="right">
                Created
              </th>
              <th scope="col" class="right">
                Last sign-in
              </th>
            </tr>
          </thead>
          <tbody>
            {value.users.map((user) => (
              <tr key={user.id} data-row={user.id}>
                <th scope="row">
                  {user.email ?? (user.isAnonymous ? "Anonymous user" : "Without an email")}
                </th>
                <td class="mono quiet">{user.id}</td>
                <td class="right quiet" data-label="created">
                  {user.createdAt ? <RelativeTime at={user.createdAt} /> : "unknown"}
                </td>
                <td class="right quiet" data-label="signed in">
                  {user.lastSignInAt ? <RelativeTime at={user.lastSignInAt} /> : "never"}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {value?.more && <p class="quiet">There are more: search for them.</p>}
    </>
  );
}
