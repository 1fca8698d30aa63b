import assert from "node:assert/strict";
import { test } from "node:test";
import { amountFrom, formatAmount, formatChange, turnover } from "../../../telemetry/page/src/amounts.js";
import * as format from "../../../telemetry/page/src/format.js";
import { accountHash, accountsHash, routeOf } from "../../../telemetry/page/src/route.js";

const plain = (text: string) => text.replaceAll("\u202f", " ");

for (const [value, text] of [[0, "0 ns"], [850, "850 ns"], [999.6, "1.00 µs"], [1240, "1.24 µs"],
                             [12_345, "12.3 µs"], [999_600, "1.00 ms"], [123_456_789, "123 ms"],
                             [2e9, "2.00 s"], [5000e9, "5,000 s"], [undefined, "–"]] as const) {
  test(`a duration of ${value} ns reads ${text}`, () => assert.equal(plain(format.duration(value)), text));
}

for (const [value, text] of [[0, "0 B"], [1023, "1,023 B"], [1024, "1.00 KiB"], [1536, "1.50 KiB"],
                             [98_112_004_112, "91.4 GiB"], [null, "–"]] as const) {
  test(`${value} bytes read ${text}`, () => assert.equal(plain(format.bytes(value)), text));
}

for (const [value, text] of [[0, "0/s"], [3.42, "3.4/s"], [9.96, "10/s"], [42_123.4, "42,123/s"],
                             [undefined, "–"]] as const) {
  test(`a rate of ${value} reads ${text}`, () => assert.equal(format.rate(value), text));
}

for (const [value, text] of [[0, "0"], [12, "12"], [1500, "1.5k"], [20e6, "20M"], [-3e9, "\u22123bn"],
                             [0.25, "0.25"]] as const) {
  test(`${value} on an axis reads ${text}`, () => assert.equal(format.compact(value), text));
}

for (const [value, text] of [[0, "0"], [5e6, "5 ms"], [10e6, "10 ms"], [2.5e6, "2.5 ms"],
                             [100e6, "100 ms"]] as const) {
  test(`${value} ns on an axis read ${text}`, () =>
    assert.equal(plain(format.durationTick(value)), text));
}

for (const [value, text] of [[0, "0 s"], [59_999, "59 s"], [303_000, "5 min 3 s"], [3_600_000, "1 h"],
                             [273_600_000, "3 d 4 h"]] as const) {
  test(`${value} ms read ${text}`, () => assert.equal(plain(format.span(value)), text));
}

test("nouns are counted", () => {
  assert.equal(format.counted(1, "account"), "1 account");
  assert.equal(format.counted(1200, "account"), "1,200 accounts");
  assert.equal(format.counted(2, "entry", "entries"), "2 entries");
});

test("amounts keep all digits of 64 bits", () => {
  assert.equal(formatAmount(amountFrom("9223372036854775807")), "9,223,372,036,854,775,807");
  assert.equal(formatAmount(amountFrom("-9223372036854775808")), "\u22129,223,372,036,854,775,808");
  assert.equal(formatChange(amountFrom("12")), "+12");
  assert.equal(formatChange(amountFrom("0")), "0");
});

for (const text of ["", "1.5", "0x10", " 1", "ten", "--1"]) {
  test(`"${text}" is no amount`, () => assert.throws(() => amountFrom(text), SyntaxError));
}

test("sums of amounts pass 64 bits without loss", () => {
  const most = amountFrom("9223372036854775807");
  assert.deepEqual(turnover([most, most, -1n, -most]), {
    credits: 18446744073709551614n, debits: -9223372036854775808n, credit_entries: 2,
    debit_entries: 2 });
});

for (const id of ["alice", "a/b?c#d", "50% off", "ключ", ".."]) {
  test(`the address of account ${id} leads to it`, () =>
    assert.deepEqual(routeOf(accountHash(id)), { view: "account", id }));
}

test("the address of a page of accounts keeps its token", () => {
  assert.deepEqual(routeOf(accountsHash("a+b/=&")), { view: "accounts", token: "a+b/=&" });
  assert.deepEqual(routeOf(accountsHash("")), { view: "accounts", token: "" });
});

for (const hash of ["#/nothing", "#/actors/3", "#/accounts/%E0%A4%A"]) {
  test(`${hash} names no view`, () => assert.deepEqual(routeOf(hash), { view: "unknown", hash }));
}

test("no hash is the overview", () => assert.deepEqual(routeOf(""), { view: "overview" }));
