// The part of the page that is shown stands after the # of its address, so that a link to it can be
// shared: #/accounts/alice.

export type Route =
  | { view: "overview" }
  | { view: "actors" }
  | { view: "cluster" }
  | { view: "storage" }
  | { view: "accounts"; token: string }
  | { view: "account"; id: string }
  | { view: "unknown"; hash: string };

/** Reads the hash of an address, with or without its "#". */
export function routeOf(hash: string): Route {
  const [path = "", query = ""] = hash.replace(/^#?\/?/, "").split("?", 2);
  const slash = path.indexOf("/");
  const head = slash < 0 ? path : path.slice(0, slash);
  const rest = slash < 0 ? "" : path.slice(slash + 1);
  if (head === "accounts" && rest !== "") {
    try {
      return { view: "account", id: decodeURIComponent(rest) };
    } catch {
      return { view: "unknown", hash };
    }
  }
  if (rest !== "") return { view: "unknown", hash };
  switch (head) {
    case "": return { view: "overview" };
    case "actors":
    case "cluster":
    case "storage": return { view: head };
    case "accounts":
      return { view: "accounts", token: new URLSearchParams(query).get("token") ?? "" };
    default: return { view: "unknown", hash };
  }
}

export function accountHash(id: string): string {
  return `#/accounts/${encodeURIComponent(id)}`;
}

/** The page of accounts that `token` begins; the first if it is empty. */
export function accountsHash(token: string): string {
  return token === "" ? "#/accounts" : `#/accounts?${new URLSearchParams({ token })}`;
}
