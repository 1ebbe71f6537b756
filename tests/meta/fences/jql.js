// JQL as Mixpanel documents it, for the scripts of docs/how-to/jql-to-sql.md.
// node jql.js SCRIPT EVENTS PROFILES: prints what main() returns; the files are NDJSON.
"use strict";
const { readFileSync } = require("fs");

const lines = (path) => readFileSync(path, "utf8").split("\n").filter(Boolean).map(JSON.parse);
const day = (text) => Date.parse(text + "T00:00:00Z");
const at = (path) => (typeof path === "function" ? path
  : (item) => path.split(".").reduce((value, name) => (value == null ? value : value[name]), item));
const numbers = (accessor, items) =>
  items.map(accessor === undefined ? (item) => item : at(accessor)).filter((x) => typeof x === "number");

// A segmentation expression, as far as JavaScript means the same by it.
const selects = (text) => new Function(
  "properties", "user", "return " + text.replace(/\band\b/g, "&&").replace(/\bor\b/g, "||"));

// Reducers of one's own get their input in parts: the results of parts, or the state so far.
const parts = (items) => {
  const half = Math.ceil(items.length / 2);
  return [items.slice(0, half), items.slice(half)].filter((part) => part.length);
};
const inParts = (reducer, items) => (reducer.whole ? reducer.whole(items)
  : reducer(parts(items).map((part) => reducer([], part)), []));
const inOrder = (reducer, items) => (reducer.whole ? reducer.whole(items)
  : parts(items).reduce((state, part) => reducer(state, part), undefined));
const all = (how, reducers, items) =>
  (Array.isArray(reducers) ? reducers.map((each) => how(each, items)) : how(reducers, items));

// Lists in a key are put into it, or give a key each (multiple_keys).
const keysOf = (keys, item) => keys.reduce((found, key) => {
  const choices = key.many
    ? (at(key.many)(item) || []).map((value) => [value]) : [[at(key)(item)].flat()];
  return found.flatMap((head) => choices.map((tail) => [...head, ...tail.map((v) => v ?? null)]));
}, [[]]);
const grouped = (items, keys) => {
  const groups = new Map();
  for (const item of items)
    for (const key of keysOf(keys, item)) {
      const name = JSON.stringify(key);
      if (!groups.has(name)) groups.set(name, { key, items: [] });
      groups.get(name).items.push(item);
    }
  return [...groups.values()];
};

class Collection {
  constructor(items) { this.items = items; }
  filter(keep) { return new Collection(this.items.filter(keep)); }
  map(change) { return new Collection(this.items.map(change)); }
  flatten() { return new Collection(this.items.flat()); }
  reduce(reducers) { return new Collection([all(inParts, reducers, this.items)]); }
  groupBy(keys, reducers) {
    return new Collection(grouped(this.items, [keys].flat()).map(({ key, items }) =>
      ({ key, value: all(inParts, reducers, items) })));
  }
  groupByUser(...given) {
    const [keys, reducers] = given.length === 2 ? given : [[], given[0]];
    const time = (item) => (item.event || item).time;
    const sorted = [...this.items].sort((a, b) => time(a) - time(b));
    return new Collection(grouped(sorted, ["distinct_id", ...keys]).map(({ key, items }) =>
      ({ key, value: all(inOrder, reducers, items) })));
  }
  sortAsc(accessor) { return this.sorted(accessor, 1); }
  sortDesc(accessor) { return this.sorted(accessor, -1); }
  sorted(accessor, sign) {
    const value = at(accessor);
    return new Collection([...this.items].sort((a, b) => sign * (value(a) < value(b) ? -1 : 1)));
  }
}

const whole = (reduce) => ({ whole: reduce });
const total = (values) => values.reduce((sum, value) => sum + value, 0);
const by = (accessor, better) => whole((items) =>
  items.reduce((best, item) => (better(at(accessor)(item), at(accessor)(best)) ? item : best)));
const buckets = (starts) => ({ starts });
globalThis.mixpanel = {
  reducer: {
    count: () => whole((items) => items.length),
    sum: (accessor) => whole((items) => total(numbers(accessor, items))),
    avg: (accessor) => whole((items) =>
      total(numbers(accessor, items)) / numbers(accessor, items).length),
    min: (accessor) => whole((items) => Math.min(...numbers(accessor, items))),
    max: (accessor) => whole((items) => Math.max(...numbers(accessor, items))),
    min_by: (accessor) => by(accessor, (a, b) => a < b),
    max_by: (accessor) => by(accessor, (a, b) => a > b),
    any: () => whole((items) => items[0]),
    null: () => whole(() => null),
    top: (n) => whole((items) => [...items].sort((a, b) => b.value - a.value).slice(0, n)),
  },
  slice: (path, start, end) => (item) => at(path)(item).slice(start, end),
  multiple_keys: (paths) => [paths].flat().map((path) => ({ many: path })),
  to_number: (accessor) => (item) => Number(at(accessor)(item)),
  daily_time_buckets: buckets((ms) => ms - (ms % 86400000)),
  weekly_time_buckets: buckets((ms) => {
    const start = ms - (ms % 86400000);
    return start - ((new Date(start).getUTCDay() + 6) % 7) * 86400000;
  }),
  numeric_bucket: (accessor, spec) => (item) => {
    const value = at(accessor)(item);
    if (typeof value !== "number") return null;
    if (spec.starts) return spec.starts(value);
    if (Array.isArray(spec)) return spec.filter((edge) => edge <= value).pop() ?? null;
    const from = spec.offset || 0;
    return Math.floor((value - from) / spec.bucket_size) * spec.bucket_size + from;
  },
};

const [script, eventsFile, profilesFile] = process.argv.slice(2);
globalThis.params = {};
globalThis.Events = ({ from_date, to_date, event_selectors }) => {
  const [start, end] = [day(from_date), day(to_date) + 86400000];
  const chosen = (event_selectors || []).map(({ event, selector }) => (found) =>
    (event === undefined || found.name === event)
    && (selector === undefined || selects(selector)(found.properties)));
  return new Collection(lines(eventsFile).filter((found) =>
    found.time >= start && found.time < end
    && (!chosen.length || chosen.some((matches) => matches(found)))));
};
globalThis.People = ({ user_selectors } = {}) => {
  const chosen = (user_selectors || []).map(({ selector }) => selects(selector));
  return new Collection(lines(profilesFile).filter((user) =>
    !chosen.length || chosen.some((matches) => matches(user.properties, user.properties))));
};
globalThis.join = (events, people, { type = "full" } = {}) => {
  const users = new Map(people.items.map((user) => [user.distinct_id, user]));
  const pairs = events.items.map((event) =>
    ({ distinct_id: event.distinct_id, event, user: users.get(event.distinct_id) }));
  const active = new Set(events.items.map((event) => event.distinct_id));
  const others = people.items.filter((user) => !active.has(user.distinct_id))
    .map((user) => ({ distinct_id: user.distinct_id, event: undefined, user }));
  const keep = {
    full: [...pairs, ...others], left: pairs, inner: pairs.filter((pair) => pair.user),
    right: [...pairs.filter((pair) => pair.user), ...others],
  };
  return new Collection(keep[type]);
};
const main = new Function(readFileSync(script, "utf8") + "\nreturn main();");
process.stdout.write(JSON.stringify(main().items));
