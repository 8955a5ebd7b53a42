// SPDX-License-Identifier: MIT
// Patterns for messages: a pattern matches a value that contains at least what the pattern shows. It knows JSON and
// nothing of LSP. Words in angle brackets stand for values:
//   <any>  <int>  <string>  <absent>  <re REGEX>  <capture NAME>     and as an array's last element <...> (more may come)
'use strict';

const special = /^<(any|int|string|absent|\.\.\.|re .*|capture [a-z]+)>$/s;

// "$name" alone becomes the value itself; "$name" inside a longer string becomes its text.
function substitute(value, vars) {
  if (typeof value === 'string') {
    const whole = /^\$([a-z]+)$/.exec(value);
    if (whole && whole[1] in vars) return vars[whole[1]];
    return value.replace(/\$([a-z]+)/g, (all, name) => (name in vars ? String(vars[name]) : all));
  }
  if (Array.isArray(value)) return value.map((v) => substitute(v, vars));
  if (value && typeof value === 'object')
    return Object.fromEntries(Object.entries(value).map(([k, v]) => [substitute(k, vars), substitute(v, vars)]));
  return value;
}

function matchWord(word, value, vars) {
  if (word === 'any') return value !== undefined;
  if (word === 'absent') return value === undefined;
  if (word === 'int') return Number.isInteger(value);
  if (word === 'string') return typeof value === 'string';
  if (word.startsWith('re ')) return typeof value === 'string' && new RegExp(word.slice(3), 's').test(value);
  vars[word.slice('capture '.length)] = value;
  return value !== undefined;
}

function matchArray(pattern, value, vars) {
  if (!Array.isArray(value)) return false;
  const open = pattern[pattern.length - 1] === '<...>';
  const items = open ? pattern.slice(0, -1) : pattern;
  if (open ? value.length < items.length : value.length !== items.length) return false;
  return items.every((p, i) => match(p, value[i], vars));
}

function match(pattern, value, vars) {
  const word = typeof pattern === 'string' && special.exec(pattern);
  if (word) return matchWord(word[1], value, vars);
  if (Array.isArray(pattern)) return matchArray(pattern, value, vars);
  if (pattern && typeof pattern === 'object')
    return !!value && typeof value === 'object' && !Array.isArray(value) &&
      Object.entries(pattern).every(([k, p]) => match(p, value[k], vars));
  return pattern === value;
}

// The pattern with every part that does not match replaced by what came: what UPDATE=1 writes.
function mend(pattern, value, vars) {
  if (match(pattern, value, { ...vars })) return pattern;
  if (pattern && typeof pattern === 'object' && !Array.isArray(pattern) && value && typeof value === 'object' && !Array.isArray(value)) {
    const out = {};
    for (const [k, p] of Object.entries(pattern)) if (p === '<absent>' || k in value) out[k] = k in value ? mend(p, value[k], vars) : p;
    return out;
  }
  if (Array.isArray(pattern) && Array.isArray(value) && pattern.length === value.length)
    return pattern.map((p, i) => mend(p, value[i], vars));
  return value;
}

module.exports = { match, mend, substitute };
