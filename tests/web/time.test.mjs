import assert from "node:assert/strict";
import { test } from "node:test";
import { ago, brief, countdown, duration } from "../../src/ridethrough/web/static/js/time.js";

test("a duration has two units at most", () => {
  const cases = [[0, "0 s"], [45.4, "45 s"], [60, "1 min"], [95, "1 min 35 s"], [600, "10 min"], [615, "10 min"], [7500, "2 h 5 min"], [86400, "1 day"], [3 * 86400, "3 days"]];
  for (const [seconds, words] of cases) assert.equal(duration(seconds), words);
});

test("what is not known is no number", () => {
  for (const value of [null, undefined, NaN]) {
    assert.equal(duration(value), "unknown");
    assert.equal(brief(value), "?");
    assert.equal(countdown(value), "–:––");
  }
});

test("what is past its time says so", () => {
  assert.equal(duration(-90), "−1 min 30 s");
  assert.equal(countdown(-5), "0:00");
  assert.equal(ago(100, 220), "2 min ago");
  assert.equal(ago(220, 100), "in 2 min");
  assert.equal(ago(100, 101), "just now");
});

test("a clock that runs down", () => {
  assert.equal(countdown(245.9), "4:05");
  assert.equal(countdown(3729), "1:02:09");
});
