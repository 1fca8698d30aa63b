// What an operator should look at first, worst first. Each line says what is wrong and where the page
// says more.

import type { Actor, State } from "./api.js";
import { bytes, counted } from "./format.js";

export interface Finding {
  severity: "critical" | "warning";
  text: string;
  href: string;
}

/** Less free space than this is worth a word; the server refuses writes long after it. */
const LITTLE_SPACE_BYTES = 2 * 1024 ** 3;

export function actorsBelow(actor: Actor): Actor[] {
  return [actor, ...actor.children.flatMap(actorsBelow)];
}

/** `earlier` is a reading of a minute ago, if there is one. */
export function findings(state: State, earlier: State | undefined): Finding[] {
  const found = [...aboutCluster(state), ...aboutActors(state), ...aboutStorage(state)];
  const unknown = earlier ? state.transfers.unknown - earlier.transfers.unknown : 0;
  if (unknown > 0) {
    found.push({ severity: "warning", href: "#/",
                 text: `${counted(unknown, "transfer")} of unknown outcome in the last minute` });
  }
  return found.sort((a, b) => Number(a.severity === "warning") - Number(b.severity === "warning"));
}

function aboutCluster({ cluster }: State): Finding[] {
  if (!cluster) return [];
  const found: Finding[] = [];
  const href = "#/cluster";
  if (!cluster.nodes.some((node) => node.id === cluster.leader)) {
    found.push({ severity: "critical", href, text: "The cluster has no leader" });
  }
  for (const node of cluster.nodes) {
    if (!node.connected && node.id !== cluster.node) {
      found.push({ severity: "critical", href, text: `Node ${node.id} is not connected` });
    } else if (node.problem !== "") {
      found.push({ severity: "warning", href, text: `Node ${node.id}: ${node.problem}` });
    }
  }
  return found;
}

function aboutActors({ tree }: State): Finding[] {
  const href = "#/actors";
  if (!tree) return [{ severity: "warning", href, text: "The supervisor did not answer" }];
  return actorsBelow(tree).flatMap((actor): Finding[] => {
    if (actor.state !== "running") {
      return [{ severity: "critical", href, text: `Actor ${actor.id} is ${actor.state}` }];
    }
    return actor.restarts_in_window === 0 ? [] : [{
      severity: "warning", href,
      text: `${actor.id}: ${counted(actor.restarts_in_window, "restart")} in the window` }];
  });
}

function aboutStorage(state: State): Finding[] {
  const found: Finding[] = [];
  const href = "#/storage";
  if (state.rocksdb.writes_are_stopped) {
    found.push({ severity: "critical", href, text: "RocksDB has stopped writes" });
  }
  if (state.free_bytes < LITTLE_SPACE_BYTES) {
    found.push({ severity: "warning", href, text: `Only ${bytes(state.free_bytes)} free on disk` });
  }
  return found;
}

/** One line for when there is nothing to look at. */
export function allWell({ tree, cluster }: State): string {
  const actors = tree ? actorsBelow(tree).length : 0;
  const nodes = cluster ? `, ${counted(cluster.nodes.length, "node")} connected` : "";
  return `${counted(actors, "actor")} running${nodes}`;
}
