// The running parts: the tree of actors, the nodes of the cluster, and what is stored.

import type { Actor, ClusterNode, State } from "../api.js";
import { bytes, compact, counted, duration, integer, NOTHING, span } from "../format.js";
import type { History } from "../history.js";
import { Bar, Facts, Figure, Mark, Scroller } from "./parts.js";
import { Plot, type Series } from "./plot.js";

interface Row {
  actor: Actor;
  depth: number;
}

function rowsOf(actor: Actor, depth = 0): Row[] {
  return [{ actor, depth }, ...actor.children.flatMap((child) => rowsOf(child, depth + 1))];
}

export function Actors({ state }: { state: State }) {
  const rows = state.tree ? rowsOf(state.tree) : [];
  const restarts = rows.reduce((sum, { actor }) => sum + actor.restarts_in_window, 0);
  return (
    <>
      <h1 tabIndex={-1}>Supervision tree</h1>
      {rows.length === 0 ? <p class="quiet">The supervisor did not answer. The page asks again.</p> :
        <>
          <p class="lead">{counted(rows.length, "actor")}, {counted(restarts, "restart")} in
            the supervisors' window.</p>
          <Scroller label="Supervision tree">
            <table>
              <thead><tr>
                <th scope="col">Actor</th><th scope="col" class="wide">Type</th><th scope="col">State</th>
                <th scope="col" class="number">Restarts</th>
                <th scope="col" class="number">Incarnation</th><th scope="col" class="number">Mailbox</th>
                <th scope="col" class="number">Up for</th><th scope="col">Last exit</th>
              </tr></thead>
              <tbody>{rows.map((row) => <ActorRow key={row.actor.id} {...row} />)}</tbody>
            </table>
          </Scroller>
        </>}
    </>
  );
}

function ActorRow({ actor, depth }: Row) {
  const restarted = actor.restarts_in_window > 0;
  return (
    <tr>
      <th scope="row" class="tree">
        {depth > 0 && <span class="unseen">level {depth}: </span>}
        <span class="branch" aria-hidden="true" style={{ width: `${depth * 1.25}rem` }} />
        <span class="code">{actor.id}</span>
      </th>
      <td class="wide">{actor.type}</td>
      <td><Mark tone={actor.state === "running" ? "good" : "critical"}>{actor.state}</Mark></td>
      <td class="number">
        {restarted ? <Mark tone="warning">{integer(actor.restarts_in_window)}</Mark> : "0"}</td>
      <td class="number">{integer(actor.incarnation)}</td>
      <td class="number">{actor.mailbox === null ? NOTHING : integer(actor.mailbox)}</td>
      <td class="number">{span(actor.uptime_ms)}</td>
      <td class="reference">{actor.last_exit === "" ? NOTHING : actor.last_exit}</td>
    </tr>
  );
}

export function Nodes({ state, history }: { state: State; history: History }) {
  const { cluster } = state;
  if (!cluster) {
    return (
      <>
        <h1 tabIndex={-1}>Cluster</h1>
        <p class="quiet">This ledger runs on one node; it is no member of a cluster.</p>
      </>
    );
  }
  const leader = cluster.nodes.find((node) => node.id === cluster.leader);
  const followers = cluster.nodes.filter((node) => node.id !== cluster.leader);
  return (
    <>
      <h1 tabIndex={-1}>Cluster {cluster.name}</h1>
      <p class="quiet">ID <span class="code id">{cluster.id}</span></p>
      <dl class="figures">
        <Figure name="Leader" value={leader ? `node ${leader.id}` : "none"} />
        <Figure name="Term" value={integer(cluster.term)} />
        <Figure name="Level" value={integer(cluster.level)} />
        <Figure name="This node" value={integer(cluster.node)} />
      </dl>
      <Scroller label="Nodes">
        <table>
          <thead><tr>
            <th scope="col">Node</th><th scope="col">Role</th><th scope="col">Link</th>
            <th scope="col" class="number">Behind the leader</th>
            <th scope="col" class="number">Round trip</th><th scope="col" class="number">Log index</th>
            <th scope="col" class="number">Sequence</th><th scope="col" class="number">Free</th>
            <th scope="col">Address</th><th scope="col">Problem</th>
          </tr></thead>
          <tbody>{cluster.nodes.map((node) => (
            <NodeRow key={node.id} node={node} leader={leader} self={node.id === cluster.node} />))}
          </tbody>
        </table>
      </Scroller>
      <Plot title="Log entries behind the leader" times={history.times()} format={integer}
            axis={compact} leastSpan={120} series={followers.slice(0, 4).map((node, i): Series => ({
              name: `node ${node.id}`, values: history.column(`lag ${node.id}`),
              color: (i + 1) as Series["color"] }))}
            empty={followers.length === 0 ? "There is no follower." : undefined} />
    </>
  );
}

function NodeRow({ node, leader, self }: {
  node: ClusterNode; leader: ClusterNode | undefined; self: boolean }) {
  const known = leader !== undefined && leader.log_index !== null && node.log_index !== null;
  const lag = known ? Math.max(0, (leader.log_index ?? 0) - (node.log_index ?? 0)) : undefined;
  const optional = (value: number | null) => (value === null ? NOTHING : integer(value));
  return (
    <tr>
      <th scope="row" class="node">{node.id}{self && <small> this node</small>}</th>
      <td>{node.role}</td>
      <td>{self || node.connected ? <Mark tone="good">{self ? "here" : "connected"}</Mark> :
        <Mark tone="critical">not connected</Mark>}</td>
      <td class="number">{lag === undefined ? NOTHING : integer(lag)}</td>
      <td class="number">{self || !node.connected ? NOTHING : duration(node.round_trip_us * 1000)}</td>
      <td class="number">{optional(node.log_index)}</td>
      <td class="number">{optional(node.sequence)}</td>
      <td class="number">{bytes(node.free_bytes)}</td>
      <td class="code">{node.address}</td>
      <td class="reference">{node.problem === "" ? NOTHING : <Mark tone="warning">{node.problem}</Mark>}</td>
    </tr>
  );
}

export function Storage({ state }: { state: State }) {
  const tables = [...state.tables].sort((a, b) => b.bytes - a.bytes);
  const total = tables.reduce((sum, table) => sum + table.bytes, 0);
  const { rocksdb } = state;
  return (
    <>
      <h1 tabIndex={-1}>Storage</h1>
      <div class="pair">
        <section>
          <h2 id="tables">Tables</h2>
          <Scroller label="Tables">
            <table aria-labelledby="tables">
              <thead><tr>
                <th scope="col">Table</th><th scope="col" class="number">Rows</th>
                <th scope="col" class="number">Size</th>
                <th scope="col" class="wide"><span class="unseen">Share</span></th>
                <th scope="col" class="number">A row</th>
              </tr></thead>
              <tbody>{tables.map((table) => (
                <tr key={table.name}>
                  <th scope="row" class="code">{table.name}</th>
                  <td class="number">{integer(table.rows)}</td>
                  <td class="number">{bytes(table.bytes)}</td>
                  <td class="wide bar-cell"><Bar share={total > 0 ? table.bytes / total : 0} /></td>
                  <td class="number">{table.rows > 0 ? bytes(Math.round(table.bytes / table.rows)) : NOTHING}</td>
                </tr>))}
              </tbody>
              <tfoot><tr>
                <th scope="row">All</th>
                <td class="number">{integer(tables.reduce((sum, table) => sum + table.rows, 0))}</td>
                <td class="number">{bytes(total)}</td><td class="wide" /><td />
              </tr></tfoot>
            </table>
          </Scroller>
        </section>
        <section>
          <h2>Disk and RocksDB</h2>
          <Facts rows={[
            ["Free on disk", bytes(state.free_bytes)],
            ["Last sequence", integer(state.sequence)],
            ["Checkpoint at", integer(state.checkpoint_sequence)],
            ["Block cache", bytes(rocksdb.block_cache_bytes)],
            ["Memtables", bytes(rocksdb.memtable_bytes)],
            ["Waits for compaction", bytes(rocksdb.pending_compaction_bytes)],
            ["Compactions running", integer(rocksdb.running_compactions)],
            ["Flushes running", integer(rocksdb.running_flushes)],
            ["Writes", rocksdb.writes_are_stopped ?
              <Mark tone="critical">stopped</Mark> : <Mark tone="good">accepted</Mark>]]} />
        </section>
      </div>
    </>
  );
}
