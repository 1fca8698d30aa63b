#!/usr/bin/env python3
"""Makes scalegraph.json, the Grafana dashboard, from the table of panels below.

    python3 deploy/grafana/make_dashboard.py > deploy/grafana/scalegraph.json

A panel is a line of the dashboard's table, not a page of JSON: change it here, never there. A
dashboard is 24 columns wide. Panels of a row are placed from left to right, each as wide as it says.
"""

import json

SELECTED = 'job="$job", instance=~"$instance"'
SOURCE = {"type": "prometheus", "uid": "${datasource}"}
COLUMNS = 24
LINE_HEIGHT = 8
NUMBER_HEIGHT = 4


def asked(expression):
    """@ stands for the matchers of the selected servers, RATE for a range that fits the zoom."""
    return expression.replace("@", SELECTED).replace("RATE", "$__rate_interval")


def quantile(q, name, by):
    return f"histogram_quantile({q}, sum by (le, {by}) (rate({name}_bucket{{@}}[RATE])))"


def mean(name, by):
    return (f"sum by ({by}) (rate({name}_sum{{@}}[RATE]))"
            f" / sum by ({by}) (rate({name}_count{{@}}[RATE]))")


def panel(kind, title, description, unit, width, targets, **more):
    """`targets`: pairs of an expression and its legend."""
    return {"kind": kind, "title": title, "description": description, "unit": unit, "width": width,
            "targets": targets, **more}


def lines(title, description, unit, targets, width=8, **more):
    return panel("timeseries", title, description, unit, width, targets, **more)


def number(title, description, unit, expression, width=4, **more):
    return panel("stat", title, description, unit, width, [(expression, "")], **more)


STAGES = "scalegraph_write_stage_duration_seconds"
CALLS = "scalegraph_grpc_call_duration_seconds"
APPEND = "scalegraph_journal_append_duration_seconds"
# From which value on a number is shown in which colour.
BAD_IF_ANY = [(None, "green"), (1, "red")]
BAD_IF_NONE = [(None, "red"), (1, "green")]

ROWS = [
    ("Overview", [
        number("Servers that answer", "Servers whose metrics Prometheus could read last time.",
               "short", "sum(up{@})", steps=BAD_IF_NONE),
        number("Alerts that fire", "Alerts of deploy/prometheus/alerts.yml, of all servers.",
               "short", 'count(ALERTS{alertname=~"Scalegraph.*", alertstate="firing"}) or vector(0)',
               steps=BAD_IF_ANY),
        number("Committed transfers", "Transfers, credits and debits that committed.", "ops",
               'sum(rate(scalegraph_transfers_total{@, outcome="committed"}[RATE]))'),
        number("Unknown outcomes", "Transfers of the shown time whose clients were not told what "
               "became of them. They have to retry with their key.", "short",
               'sum(increase(scalegraph_transfers_total{@, outcome="unknown"}[$__range]))',
               steps=BAD_IF_ANY),
        number("p99 of a transfer", "One unary Transfer in a hundred takes this long or longer.", "s",
               f'histogram_quantile(0.99, sum by (le) (rate({CALLS}_bucket{{@, method="Transfer"}}'
               "[RATE])))", steps=[(None, "green"), (0.1, "orange"), (0.5, "red")]),
        number("Free disk", "Of the fullest disk. Transfers are refused below 32 MiB.", "bytes",
               "min(scalegraph_disk_free_bytes{@})",
               steps=[(None, "red"), (2**30, "orange"), (10 * 2**30, "green")]),
        lines("Transfers by outcome", "refused: a rule of the ledger, or no room. unknown: whether "
              "it committed was not told.", "ops",
              [("sum by (outcome) (rate(scalegraph_transfers_total{@}[RATE]))", "{{outcome}}")]),
        lines("Transfers by entries", "How many entries the transfers have.", "ops",
              [("sum by (parties) (rate(scalegraph_transfers_total{@}[RATE]))", "{{parties}}")]),
        lines("Refusals by reason", "Items of writes that were refused, by the reason of the API.",
              "ops", [("sum by (reason) (rate(scalegraph_refusals_total{@}[RATE]))", "{{reason}}")]),
    ]),
    ("Latency by stage", [
        lines("Mean of each stage", "Where a committed write spends its time; the stack is the whole "
              "way. lock counts only writes that wait for one.", "s",
              [(mean(STAGES, "stage"), "{{stage}}")], stack=True),
        lines("p99 of each stage", "One write in a hundred is in the stage for this long or longer.",
              "s", [(quantile(0.99, STAGES, "stage"), "{{stage}}")]),
        lines("Transfer, end to end", "A unary Transfer, from its arrival until its answer goes out.",
              "s", [(f'histogram_quantile({q}, sum by (le) (rate({CALLS}_bucket'
                     '{@, method="Transfer"}[RATE])))', f"p{name}")
                    for q, name in ((0.5, "50"), (0.99, "99"), (0.999, "99.9"))]),
        panel("heatmap", "Commit", "How long groups take to be durable: a sync of the disk, in a "
              "cluster a majority.", "s", 12,
              [(f'sum by (le) (increase({STAGES}_bucket{{@, stage="commit"}}[RATE]))', "{{le}}")]),
        lines("Waits for locks", "Units that wait for the locks of others, and batches that are not "
              "decided.", "short",
              [("sum by (instance) (scalegraph_lock_waiting_units{@})", "waiting on {{instance}}"),
               ("sum by (instance) (scalegraph_coordinator_undecided_batches{@})",
                "undecided on {{instance}}")], width=12),
    ]),
    ("gRPC", [
        lines("Calls by method", "Calls that have ended.", "ops",
              [("sum by (method) (rate(scalegraph_grpc_calls_total{@}[RATE]))", "{{method}}")]),
        lines("Calls that are not OK", "By their status code.", "ops",
              [('sum by (code) (rate(scalegraph_grpc_calls_total{@, code!="OK"}[RATE]))',
                "{{code}}")]),
        lines("p99 by method", "A stream's duration is that of the whole stream.", "s",
              [(quantile(0.99, CALLS, "method"), "{{method}}")]),
        lines("Calls in flight", "At server.max_in_flight calls are refused.", "short",
              [("scalegraph_calls_in_flight{@}", "{{instance}}")]),
        lines("Memory of calls in flight", "At server.max_in_flight_bytes calls are refused.", "bytes",
              [("scalegraph_in_flight_bytes{@}", "{{instance}}")]),
        lines("Open streams", "At server.max_streams streams are refused.", "short",
              [("scalegraph_open_streams{@}", "{{instance}}")]),
    ]),
    ("Journal and store", [
        lines("Groups", "Groups that the journal gives to the store, each with one sync.", "ops",
              [("rate(scalegraph_journal_groups_total{@}[RATE])", "{{instance}}")]),
        lines("Records of a group", "More in one group is more for one sync.", "short",
              [(mean("scalegraph_journal_group_records", "instance"), "mean of {{instance}}"),
               (quantile(0.99, "scalegraph_journal_group_records", "instance"),
                "p99 of {{instance}}")]),
        lines("Size of a group", "Bytes of one write.", "bytes",
              [(mean("scalegraph_journal_group_size_bytes", "instance"), "mean of {{instance}}"),
               (quantile(0.99, "scalegraph_journal_group_size_bytes", "instance"),
                "p99 of {{instance}}")]),
        lines("Until a group is durable", "A sync; in a cluster until a majority has it.", "s",
              [(quantile(0.5, APPEND, "instance"), "p50 of {{instance}}"),
               (quantile(0.99, APPEND, "instance"), "p99 of {{instance}}")]),
        lines("Writes of the log to the own disk", "Of a node of a cluster, with the sync.", "s",
              [(quantile(0.99, "scalegraph_raft_log_write_duration_seconds", "instance"),
                "p99 of {{instance}}")]),
        lines("Groups under way", "Groups that the store has not answered. One that stays hangs.",
              "short", [("scalegraph_journal_groups_under_way{@}", "{{instance}}")]),
        lines("Free disk", "Transfers are refused below 32 MiB.", "bytes",
              [("scalegraph_disk_free_bytes{@}", "{{instance}}")]),
        lines("Size by table", "Files of each table, of the largest server.", "bytes",
              [("max by (table) (scalegraph_table_size_bytes{@})", "{{table}}")], stack=True),
        lines("Rows by table", "An estimate of RocksDB, of the largest server.", "short",
              [("max by (table) (scalegraph_table_rows{@})", "{{table}}")]),
        lines("Records since the checkpoint", "A start has to read them again.", "short",
              [("scalegraph_ledger_sequence{@} - scalegraph_checkpoint_sequence{@}",
                "{{instance}}")]),
        lines("Age of the checkpoint", "Of the last one that was written since the start.", "s",
              [("time() - scalegraph_checkpoint_timestamp_seconds{@}", "{{instance}}")]),
        lines("Age of the last backup", "By any of the servers that write backups, in two days.", "s",
              [("time() - max(max_over_time(scalegraph_backup_timestamp_seconds{@}[2d]))",
                "backup")]),
        lines("Entries that are not indexed", "Groups are delayed from 4 million on, refused from 8 "
              "million on.", "short", [("scalegraph_unindexed_entries{@}", "{{instance}}")]),
        lines("Memory of RocksDB", "Memtables hold what is in the write-ahead log only.", "bytes",
              [("scalegraph_rocksdb_memtable_bytes{@}", "memtables of {{instance}}"),
               ("scalegraph_rocksdb_block_cache_bytes{@}", "block cache of {{instance}}")]),
        lines("Work of RocksDB", "Flushes and compactions that run. stopped is 1 while RocksDB takes "
              "no writes.", "short",
              [("scalegraph_rocksdb_running_flushes{@}", "flushes of {{instance}}"),
               ("scalegraph_rocksdb_running_compactions{@}", "compactions of {{instance}}"),
               ("scalegraph_rocksdb_writes_stopped{@}", "{{instance}} stopped")]),
        lines("Waits for compaction", "Bytes that compactions have to rewrite.", "bytes",
              [("scalegraph_rocksdb_pending_compaction_bytes{@}", "{{instance}}")]),
        lines("Keys in flight", "Idempotency keys of writes that are not decided.", "short",
              [("scalegraph_coordinator_keys_in_flight{@}", "{{instance}}")]),
    ]),
    ("Actors", [
        panel("state-timeline", "Up or down", "1 while the actor serves.", "short", 12,
              [("scalegraph_actor_up{@}", "{{actor}} of {{instance}}")], steps=BAD_IF_NONE),
        lines("Restarts", "Restarts by the supervisor in the shown interval.", "short",
              [("increase(scalegraph_actor_restarts_total{@}[RATE]) > 0",
                "{{actor}} of {{instance}}")], width=6),
        lines("Mailboxes", "Messages that wait. The supervisor counts them at each probe.", "short",
              [("scalegraph_actor_mailbox_messages{@}", "{{actor}} of {{instance}}")], width=6),
    ]),
    ("Cluster", [
        panel("state-timeline", "Who leads", "1 at the node that leads.", "short", 12,
              [("scalegraph_raft_leads{@}", "{{instance}}")],
              steps=[(None, "text"), (1, "green")]),
        panel("state-timeline", "Who knows a leader", "0: writes at this node wait.", "short", 12,
              [("scalegraph_raft_has_leader{@}", "{{instance}}")], steps=BAD_IF_NONE),
        panel("state-timeline", "Connected", "0 if at least one other node has no connection to it.",
              "short", 12, [("min by (node) (scalegraph_raft_node_connected{@})", "node {{node}}")],
              steps=BAD_IF_NONE),
        lines("Term", "Rises with each election.", "short",
              [("max(scalegraph_raft_term{@})", "term")], width=12),
        lines("Lag", "Entries of the log that a node lacks.", "short",
              [("max by (node) (scalegraph_raft_node_lag_entries{@})", "node {{node}}")], width=12),
        lines("Round trip", "Between a server and each other node.", "s",
              [("scalegraph_raft_node_round_trip_seconds{@}", "{{instance}} to node {{node}}")],
              width=12),
    ]),
    ("Process", [
        lines("Processor", "1 is one core in full use.", "short",
              [("rate(process_cpu_seconds_total{@}[RATE])", "{{instance}}")]),
        lines("Memory", "Resident, of the whole process.", "bytes",
              [("process_resident_memory_bytes{@}", "{{instance}}")]),
        lines("Threads", "Threads of the process.", "short",
              [("process_threads{@}", "{{instance}}")]),
        lines("Open files and connections", "Of what the limit of the process allows.", "percentunit",
              [("process_open_fds{@} / process_max_fds{@}", "{{instance}}")]),
        lines("Running since", "Time since the start; it falls to 0 with each.", "s",
              [("time() - process_start_time_seconds{@}", "{{instance}}")]),
        lines("Audit lines dropped", "Events without a line, since the bounds of the audit log left "
              "no room.", "short",
              [("increase(scalegraph_audit_dropped_lines_total{@}[RATE])", "{{instance}}")]),
        panel("bargauge", "Certificate ends in", "Of the server's own certificate.", "s", 12,
              [("scalegraph_certificate_expiry_timestamp_seconds{@} - time()", "{{instance}}")],
              steps=[(None, "red"), (7 * 86400, "orange"), (30 * 86400, "green")]),
        panel("table", "Versions", "What each server runs.", "short", 12,
              [("scalegraph_build_info{@}", "")]),
    ]),
]


def options_of(kind):
    several = {"legend": {"displayMode": "list", "placement": "bottom", "showLegend": True},
               "tooltip": {"mode": "multi", "sort": "desc"}}
    last = {"reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False}}
    return {"timeseries": several, "stat": {**last, "colorMode": "value", "graphMode": "area"},
            "bargauge": {**last, "orientation": "horizontal", "displayMode": "basic"},
            "state-timeline": {"mergeValues": True, "showValue": "never", "legend": several["legend"],
                               "tooltip": {"mode": "single"}},
            "heatmap": {"calculate": False, "yAxis": {"unit": "s"}, "cellGap": 1,
                        "color": {"mode": "scheme", "scheme": "Oranges", "steps": 64},
                        "legend": {"show": True}, "tooltip": {"show": True}},
            "table": {"showHeader": True}}[kind]


def drawn(one, number_of_it, place):
    defaults = {"unit": one["unit"], "min": 0}
    if "steps" in one:
        defaults["thresholds"] = {"mode": "absolute",
                                  "steps": [{"color": color, "value": value}
                                            for value, color in one["steps"]]}
        defaults["color"] = {"mode": "thresholds"}
    if one["kind"] == "timeseries":
        defaults["custom"] = {"fillOpacity": 20 if one.get("stack") else 0, "showPoints": "never",
                              "stacking": {"mode": "normal" if one.get("stack") else "none"}}
    if one["title"] == "Certificate ends in":
        del defaults["min"]  # one that has ended is negative
    at_this_moment = one["kind"] in ("table", "bargauge")
    targets = [{"refId": chr(ord("A") + i), "datasource": SOURCE, "expr": asked(expression),
                "legendFormat": legend or "__auto",
                "format": {"table": "table", "heatmap": "heatmap"}.get(one["kind"], "time_series"),
                "instant": at_this_moment, "range": not at_this_moment}
               for i, (expression, legend) in enumerate(one["targets"])]
    return {"id": number_of_it, "type": one["kind"], "title": one["title"],
            "description": one["description"], "datasource": SOURCE, "gridPos": place,
            "fieldConfig": {"defaults": defaults, "overrides": []},
            "options": options_of(one["kind"]), "targets": targets}


def placed():
    panels = []
    y = 0
    for title, row in ROWS:
        panels.append({"id": len(panels) + 1, "type": "row", "title": title, "collapsed": False,
                       "panels": [], "gridPos": {"x": 0, "y": y, "w": COLUMNS, "h": 1}})
        y += 1
        x = height = 0
        for one in row:
            if x + one["width"] > COLUMNS:
                x, y, height = 0, y + height, 0
            own = NUMBER_HEIGHT if one["kind"] == "stat" else LINE_HEIGHT
            panels.append(drawn(one, len(panels) + 1,
                                {"x": x, "y": y, "w": one["width"], "h": own}))
            x += one["width"]
            height = max(height, own)
        y += height
    return panels


def variable(name, label, query, several):
    return {"name": name, "label": label, "type": "query", "datasource": SOURCE,
            "query": {"query": query, "refId": name}, "definition": query, "refresh": 2, "sort": 1,
            "multi": several, "includeAll": several, "hide": 0, "options": [],
            "current": {"text": "All", "value": "$__all"} if several else {}}


def dashboard():
    source = {"name": "datasource", "label": "Data source", "type": "datasource",
              "query": "prometheus", "refresh": 1, "multi": False, "includeAll": False, "hide": 0,
              "options": [], "current": {}}
    return {"uid": "scalegraph", "title": "Scalegraph", "tags": ["scalegraph"],
            "description": "A ledger on one node or several, from the metrics of scalegraphd.",
            "schemaVersion": 37, "version": 1, "editable": True, "graphTooltip": 1,
            "refresh": "30s", "time": {"from": "now-3h", "to": "now"}, "timezone": "browser",
            "annotations": {"list": []}, "links": [],
            "templating": {"list": [
                source,
                variable("job", "Job", "label_values(scalegraph_build_info, job)", False),
                variable("instance", "Server",
                         'label_values(scalegraph_build_info{job="$job"}, instance)', True)]},
            "panels": placed()}


def text():
    """A line for each panel, so that a change shows as one."""
    whole = dashboard()
    panels = ",\n".join("  " + json.dumps(one) for one in whole.pop("panels"))
    return json.dumps(whole, indent=1)[:-2] + ',\n "panels": [\n' + panels + "\n ]\n}\n"


if __name__ == "__main__":
    print(text(), end="")
