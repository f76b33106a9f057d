/** The query text and its parts. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { filtersOf, formatQuery, formatSelector, parseQuery, serviceOf, typing, withService } from "../../server/ui/query.js";

const m = (name, op, value) => ({ name, op, value });
const GOOD = [
  ["cpu{}", "cpu", []], ["cpu", "cpu", []], ["{}", "", []], ["", "", []],
  ['a:b:c:d:e{service_name="x"}', "a:b:c:d:e", [m("service_name", "=", "x")]],
  ['cpu{a="1",b!="2",c=~"3",d!~"4"}', "cpu", [m("a", "=", "1"), m("b", "!=", "2"), m("c", "=~", "3"), m("d", "!~", "4")]],
  ['cpu { a = "1" , }', "cpu", [m("a", "=", "1")]],
  ["cpu{a='it\"s',b=`raw\\n`}", "cpu", [m("a", "=", 'it"s'), m("b", "=", "raw\\n")]],
  ['cpu{a="q\\"b\\\\s\\nn\\x41\\u00e9"}', "cpu", [m("a", "=", 'q"b\\s\nnAé')]],
  ['cpu{"otel.scope.name"="x"}', "cpu", [m("otel.scope.name", "=", "x")]],
  ['cpu{a=""}', "cpu", [m("a", "=", "")]],
  ['cpu{a="},{"}', "cpu", [m("a", "=", "},{")]],
];
for (const [text, type, matchers] of GOOD) {
  test(`reads ${text || "nothing"}`, () => {
    const q = parseQuery(text);
    assert.equal(q.error, undefined);
    assert.deepEqual([q.type, q.matchers], [type, matchers]);
    assert.deepEqual(parseQuery(formatQuery(q)), q, "writing and reading again gives the same");
  });
}

const BAD = [
  ["cpu{", 4, /closing }/], ['cpu{a="1"', 9, /comma or }|closing/], ['cpu{a="1}', 6, /never closed/], ["cpu{a}", 5, /= != =~ !~/],
  ["cpu{a=1}", 6, /quotes/], ['cpu{="1"}', 4, /label name/], ['cpu{a="1" b="2"}', 10, /comma/], ['cpu{a="1"} x', 11, /nothing is expected/],
];
for (const [text, at, message] of BAD) {
  test(`says where ${text} goes wrong`, () => {
    const { error } = parseQuery(text);
    assert.match(error.message, message);
    assert.equal(error.at, at);
  });
}

test("the service and the filters are two parts of one selector", () => {
  const q = parseQuery('cpu{service_name="s",endpoint="/x"}');
  assert.equal(serviceOf(q), "s");
  assert.deepEqual(filtersOf(q), [m("endpoint", "=", "/x")]);
  assert.equal(formatSelector(withService("s", filtersOf(q))), '{service_name="s",endpoint="/x"}');
});

test("what is typed into the filter field", () => {
  assert.deepEqual(typing("end"), { stage: "name", prefix: "end" });
  assert.deepEqual(typing("endpoint=/pr"), { stage: "value", name: "endpoint", op: "=", prefix: "/pr" });
  assert.deepEqual(typing('endpoint =~ "/a|/b"'), { stage: "value", name: "endpoint", op: "=~", prefix: "/a|/b" });
  assert.deepEqual(typing("a!="), { stage: "value", name: "a", op: "!=", prefix: "" });
});
