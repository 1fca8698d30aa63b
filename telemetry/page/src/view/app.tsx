// The frame of the page: who this server is, whether it answers, and the view that the address names.

import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { State } from "../api.js";
import { clock, span } from "../format.js";
import type { Connection, Poller } from "../poller.js";
import { type Route, routeOf } from "../route.js";
import { AccountView } from "./account.js";
import { Accounts } from "./accounts.js";
import { Overview } from "./overview.js";
import { Mark } from "./parts.js";
import { Actors, Nodes, Storage } from "./system.js";

/** How many pages of accounts the way back remembers. */
const TRAIL = 10_000;

function useRoute(): Route {
  const [route, setRoute] = useState(() => routeOf(location.hash));
  useEffect(() => {
    const changed = () => setRoute(routeOf(location.hash));
    addEventListener("hashchange", changed);
    return () => removeEventListener("hashchange", changed);
  }, []);
  return route;
}

/** The tokens of the pages of accounts that the reader came through before this one. */
function useTrail(route: Route): string[] {
  const trail = useRef<string[]>([]);
  if (route.view !== "accounts") return [];
  const seen = trail.current.indexOf(route.token);
  if (seen >= 0) trail.current.length = seen + 1;
  else trail.current = [...(route.token === "" ? [] : trail.current), route.token].slice(-TRAIL);
  return trail.current.slice(0, -1);
}

export function App({ poller }: { poller: Poller }) {
  const route = useRoute();
  const before = useTrail(route);
  const main = useRef<HTMLElement>(null);
  const state = poller.history.latest();
  const first = useRef(true);
  const place = JSON.stringify(route);
  useEffect(() => {
    document.title = `${titleOf(route)} – Scalegraph${state ? ` node ${state.node}` : ""}`;
  }, [place, state?.node]);
  useEffect(() => {
    if (first.current) first.current = false;
    else {
      main.current?.querySelector("h1")?.focus();
      scrollTo(0, 0);
    }
  }, [place]);
  return (
    <>
      <a class="skip" href="#main" onClick={(event) => {
        event.preventDefault();
        main.current?.focus();
      }}>Skip to the content</a>
      <header>
        <p class="name"><a href="#/">Scalegraph</a></p>
        <Who state={state} connection={poller.connection} />
        <Navigation route={route} cluster={state?.cluster != null} />
      </header>
      <Banner poller={poller} />
      <main id="main" ref={main} tabIndex={-1} aria-busy={!state}
            class={poller.connection.kind === "stale" ? "stale" : ""}>
        <View route={route} poller={poller} before={before} />
      </main>
    </>
  );
}

function titleOf(route: Route): string {
  if (route.view === "account") return route.id;
  const titles = { overview: "Overview", actors: "Actors", cluster: "Cluster", storage: "Storage",
                   accounts: "Accounts", unknown: "Not found" };
  return titles[route.view];
}

function Who({ state, connection }: { state: State | undefined; connection: Connection }) {
  const tones = { loading: "idle", live: "good", stale: "critical", refused: "warning" } as const;
  const words = { loading: "asking", live: "live", stale: "no answer", refused: "refused" };
  return (
    <p class="who">
      <Mark tone={tones[connection.kind]}>{words[connection.kind]}</Mark>
      {state && <>
        <span>{state.cluster ? `${state.cluster.name}, ` : ""}node {state.node}</span>
        <span class="wide">version {state.version}</span>
        <span class="wide">up for {span(state.time_ms - state.started_ms)}</span>
      </>}
    </p>
  );
}

function Navigation({ route, cluster }: { route: Route; cluster: boolean }) {
  const link = (view: Route["view"], href: string, text: string) => {
    const here = route.view === view || (view === "accounts" && route.view === "account");
    return <li><a href={href} aria-current={here ? "page" : undefined}>{text}</a></li>;
  };
  return (
    <nav aria-label="Views">
      <ul>
        {link("overview", "#/", "Overview")}
        {link("actors", "#/actors", "Actors")}
        {(cluster || route.view === "cluster") && link("cluster", "#/cluster", "Cluster")}
        {link("storage", "#/storage", "Storage")}
        {link("accounts", "#/accounts", "Accounts")}
      </ul>
    </nav>
  );
}

/** The seconds until `then_ms`, counted down. Screen readers are not told of each. */
function Countdown({ then_ms }: { then_ms: number }) {
  const [now_ms, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 500);
    return () => clearInterval(timer);
  }, []);
  const seconds = Math.ceil((then_ms - now_ms) / 1000);
  return <span aria-hidden="true" class="countdown">
    {seconds > 0 ? `Asks again in ${seconds} s.` : "Asking…"}</span>;
}

function Banner({ poller }: { poller: Poller }) {
  const { connection } = poller;
  const retry = (words: string) =>
    <button type="button" onClick={() => void poller.ask()}>{words}</button>;
  let contents: ComponentChildren = null;
  if (connection.kind === "stale") {
    contents = <>
      <p><b>The server has not answered since {clock(connection.since_ms)}</b>: {connection.problem}.
        {poller.history.latest() ? " What you see is from before." : ""}</p>
      <p><Countdown then_ms={connection.retry_ms} /> {retry("Ask now")}</p>
    </>;
  } else if (connection.kind === "refused") {
    const { refusal, retry_ms } = connection;
    const signIn = refusal.status === 401;
    contents = <>
      <p><b class="code">{refusal.reason}</b> {refusal.message}
        {signIn ? " The password is a bearer token; the name does not matter." : ""}</p>
      <p>{retry_ms !== undefined && <Countdown then_ms={retry_ms} />}{" "}
        {retry(signIn ? "Sign in" : "Ask now")}</p>
    </>;
  }
  return <div class={contents ? `banner ${connection.kind}` : ""} role="status">{contents}</div>;
}

function View({ route, poller, before }: {
  route: Route; poller: Poller; before: readonly string[] }) {
  if (route.view === "accounts") return <Accounts token={route.token} before={before} />;
  if (route.view === "account") return <AccountView id={route.id} />;
  if (route.view === "unknown") {
    return <>
      <h1 tabIndex={-1}>Not found</h1>
      <p class="quiet">This page has no view <code>{route.hash}</code>.{" "}
        <a href="#/">Go to the overview</a>.</p>
    </>;
  }
  const state = poller.history.latest();
  if (!state) return <Waiting connection={poller.connection} title={titleOf(route)} />;
  if (route.view === "actors") return <Actors state={state} />;
  if (route.view === "cluster") return <Nodes state={state} history={poller.history} />;
  if (route.view === "storage") return <Storage state={state} />;
  return <Overview state={state} history={poller.history} />;
}

function Waiting({ connection, title }: { connection: Connection; title: string }) {
  return (
    <>
      <h1 tabIndex={-1}>{title}</h1>
      {connection.kind === "loading" ? <>
        <p class="quiet" role="status">Asking the server…</p>
        <div class="skeleton" aria-hidden="true"><i /><i /><i /></div>
      </> : <p class="quiet">There is nothing to show until the server answers.</p>}
    </>
  );
}
