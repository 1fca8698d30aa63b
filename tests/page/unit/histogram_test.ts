import assert from "node:assert/strict";
import { test } from "node:test";
import { difference, mean, quantile, type Histogram } from "../../../telemetry/page/src/histogram.js";

function of(counts: number[], sum = 0): Histogram {
  return { bounds: [10, 20, 50], counts, count: counts.reduce((a, b) => a + b, 0), sum };
}

test("the difference of two readings is what was counted between them", () => {
  assert.deepEqual(difference(of([3, 5, 2, 1], 300), of([1, 5, 0, 1], 120)), of([2, 0, 2, 0], 180));
});

test("readings of two runs of the server have no difference", () => {
  assert.equal(difference(of([0, 1, 0, 0]), of([1, 0, 0, 0])), undefined);
});

test("readings with other buckets have no difference", () => {
  const others = { ...of([1, 1, 1, 1]), bounds: [10, 20, 60] };
  assert.equal(difference(others, of([0, 0, 0, 0])), undefined);
  assert.equal(difference({ ...others, bounds: [10], counts: [1, 1] }, of([0, 0, 0, 0])), undefined);
});

for (const [counts, q, value] of [
  [[10, 0, 0, 0], 0.5, 5],
  [[10, 10, 0, 0], 0.5, 10],
  [[10, 10, 0, 0], 0.75, 15],
  [[0, 0, 4, 0], 1, 50],
  [[0, 0, 4, 0], 0, 20],
  [[99, 0, 1, 0], 0.99, 10],
  [[98, 0, 2, 0], 0.99, 35],
] as const) {
  test(`quantile ${q} of ${counts.join(", ")} is ${value}`, () => {
    assert.deepEqual(quantile(of([...counts]), q), { value, beyond: false });
  });
}

test("a quantile above the last bound says so", () => {
  assert.deepEqual(quantile(of([1, 0, 0, 9]), 0.5), { value: 50, beyond: true });
});

test("an empty histogram has neither quantile nor mean", () => {
  assert.equal(quantile(of([0, 0, 0, 0]), 0.5), undefined);
  assert.equal(mean(of([0, 0, 0, 0])), undefined);
});

test("the mean is the sum over the count", () => assert.equal(mean(of([1, 1, 0, 0], 30)), 15));
