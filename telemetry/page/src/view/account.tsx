// One account: its balance now and over time, and its entries, newest first.

import { useMemo } from "preact/hooks";
import { type AccountHistory, type Entry, fetchHistory, Refused } from "../api.js";
import { amountFrom, formatAmount, formatChange, turnover } from "../amounts.js";
import { clock, compact, counted, integer, moment, NOTHING } from "../format.js";
import { Search } from "./accounts.js";
import { Failure, useAnswer } from "./answer.js";
import { Figure, Scroller } from "./parts.js";
import { Plot } from "./plot.js";

const ENTRIES = 500;

export function AccountView({ id }: { id: string }) {
  const [answer, again] = useAnswer(id, () => fetchHistory(id, ENTRIES));
  const missing = answer.kind === "failed" && answer.error instanceof Refused &&
    answer.error.status === 404;
  return (
    <>
      <div class="title">
        <h1 tabIndex={-1}><a href="#/accounts">Accounts</a> <span aria-hidden="true">/</span>{" "}
          <span class="id">{id}</span></h1>
        <Search />
      </div>
      {answer.kind === "loading" && <p class="quiet" role="status">Asking for the history…</p>}
      {missing && <p class="quiet" role="alert">There is no account with the ID{" "}
        <b class="id">{id}</b>. IDs are exact: capitals and spaces count.</p>}
      {answer.kind === "failed" && !missing && <Failure error={answer.error} again={again} />}
      {answer.kind === "here" &&
        <Contents history={answer.value} at_ms={answer.at_ms} again={again} />}
    </>
  );
}

interface Shown {
  history: AccountHistory;
  at_ms: number;
  again: () => void;
}

function Contents({ history, at_ms, again }: Shown) {
  const { account, entries } = history;
  const sums = useMemo(() => turnover(entries.map((entry) => amountFrom(entry.amount))), [entries]);
  const which = history.truncated ? `the newest ${integer(entries.length)} entries` : "all entries";
  return (
    <>
      <dl class="figures">
        <Figure name="Balance" value={formatAmount(amountFrom(account.balance))}
                note={`floor ${formatAmount(amountFrom(account.floor))}`} />
        <Figure name="Credits" value={formatChange(sums.credits)}
                note={counted(sums.credit_entries, "entry", "entries")} />
        <Figure name="Debits" value={formatAmount(sums.debits)}
                note={counted(sums.debit_entries, "entry", "entries")} />
        <Figure name="Type" value={account.type} note={account.participant_id ?
          `participant ${account.participant_id}` : "no participant"} />
      </dl>
      <p class="read quiet">Shows {which}, as of sequence {integer(history.sequence)},
        read at {clock(at_ms)}. <button type="button" onClick={again}>Read again</button></p>
      {entries.length === 0 ? <p class="quiet">This account has no entries yet.</p> : <>
        <BalancePlot entries={entries} />
        <Entries entries={entries} />
      </>}
    </>
  );
}

function BalancePlot({ entries }: { entries: Entry[] }) {
  const { times, values, exact } = useMemo(() => {
    const oldestFirst = [...entries].reverse();
    return {
      times: oldestFirst.map((entry) => entry.time_ms / 1000),
      // A plot's pixels need no more digits than a double has.
      values: oldestFirst.map((entry) => Number(entry.balance)),
      exact: new Map(oldestFirst.map((entry) => [Number(entry.balance), entry.balance])),
    };
  }, [entries]);
  return (
    <Plot title="Balance over time" times={times} stepped floating axis={compact}
          format={(value) => formatAmount(amountFrom(exact.get(value) ?? value.toFixed(0)))}
          series={[{ name: "balance", values, color: 1 }]} />
  );
}

function Entries({ entries }: { entries: Entry[] }) {
  return (
    <section>
      <h2 id="entries">Entries, newest first</h2>
      <Scroller label="Entries">
        <table aria-labelledby="entries">
          <thead><tr>
            <th scope="col">Time</th><th scope="col">Type</th>
            <th scope="col" class="number">Amount</th><th scope="col" class="number">Balance after</th>
            <th scope="col">Reference</th><th scope="col">Transaction</th>
            <th scope="col" class="number">Sequence</th>
          </tr></thead>
          <tbody>{entries.map((entry, i) => (
            <tr key={i}>
              <td class="time"><time dateTime={new Date(entry.time_ms).toISOString()}>
                {moment(entry.time_ms)}</time></td>
              <td>{entry.type}</td>
              <td class="number">{formatChange(amountFrom(entry.amount))}</td>
              <td class="number">{formatAmount(amountFrom(entry.balance))}</td>
              <td class="reference">{entry.reference || NOTHING}</td>
              <td class="code">{entry.transaction_id}</td>
              <td class="number">{integer(entry.sequence)}</td>
            </tr>))}
          </tbody>
        </table>
      </Scroller>
    </section>
  );
}
