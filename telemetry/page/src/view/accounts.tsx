// The list of accounts, a page at a time, and the form that opens one by its exact ID.

import { useState } from "preact/hooks";
import { type Account, fetchAccounts } from "../api.js";
import { amountFrom, formatAmount } from "../amounts.js";
import { counted, NOTHING } from "../format.js";
import { accountHash, accountsHash } from "../route.js";
import { Failure, useAnswer } from "./answer.js";
import { AccountLink, Scroller } from "./parts.js";

const PAGE = 100;

export function Search() {
  const [id, setId] = useState("");
  function open(event: Event) {
    event.preventDefault();
    if (id !== "") location.hash = accountHash(id);
  }
  return (
    <form class="search" role="search" onSubmit={open}>
      <label for="account-id">Account ID</label>
      <input id="account-id" type="search" value={id} autocomplete="off" autocapitalize="none"
             spellcheck={false} placeholder="exact, as in alice" required
             onInput={(event) => setId(event.currentTarget.value)} />
      <button type="submit">Open</button>
    </form>
  );
}

/** `before` are the tokens of the pages that the reader came through, oldest first. */
export function Accounts({ token, before }: { token: string; before: readonly string[] }) {
  const [answer, again] = useAnswer(token, () => fetchAccounts(PAGE, token));
  const previous = before.at(-1);
  const page = answer.kind === "here" ? answer.value : undefined;
  const empty = page !== undefined && page.accounts.length === 0 && token === "";
  return (
    <>
      <div class="title"><h1 tabIndex={-1}>Accounts</h1><Search /></div>
      {answer.kind === "loading" && <p class="quiet" role="status">Asking for the accounts…</p>}
      {answer.kind === "failed" && <Failure error={answer.error} again={again} />}
      {empty && <p class="quiet">There is no account yet. Create the first one with{" "}
        <code>scalegraphctl account create</code>.</p>}
      {page && !empty && <>
        <AccountTable accounts={page.accounts} />
        <nav class="pages" aria-label="Pages of accounts">
          <PageLink name="First" href={token === "" ? undefined : accountsHash("")} />
          <PageLink name="Previous" href={previous === undefined ? undefined : accountsHash(previous)} />
          <PageLink name="Next" href={page.next === "" ? undefined : accountsHash(page.next)} />
          <span class="quiet" role="status">
            {counted(page.accounts.length, "account")} on this page{page.next === "" ? ", the last" : ""}
          </span>
        </nav>
      </>}
    </>
  );
}

function PageLink({ name, href }: { name: string; href: string | undefined }) {
  return href === undefined ? <span class="page-link" aria-disabled="true">{name}</span> :
    <a class="page-link" href={href}>{name}</a>;
}

function AccountTable({ accounts }: { accounts: Account[] }) {
  return (
    <Scroller label="Accounts">
      <table>
        <thead><tr>
          <th scope="col">Account</th><th scope="col" class="wide">Participant</th>
          <th scope="col" class="wide">Type</th><th scope="col" class="number">Balance</th>
          <th scope="col" class="number wide">Floor</th>
        </tr></thead>
        <tbody>{accounts.map((account) => (
          <tr key={account.id}>
            <th scope="row">
              <AccountLink id={account.id} />
              <small class="narrow">{account.type}{account.participant_id && ` of ${account.participant_id}`}</small>
            </th>
            <td class="wide">{account.participant_id || NOTHING}</td>
            <td class="wide">{account.type}</td>
            <td class="number">{formatAmount(amountFrom(account.balance))}</td>
            <td class="number wide">{formatAmount(amountFrom(account.floor))}</td>
          </tr>))}
        </tbody>
      </table>
    </Scroller>
  );
}
