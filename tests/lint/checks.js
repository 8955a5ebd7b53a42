// SPDX-License-Identifier: MIT
// The rules that need only the text of the files. Each check is a function from a Tree to a list of findings
// "file:line: sentence"; the tables above the functions are the rules. It builds and runs nothing.
//
// Every check has a sample of the same name in bad/ that it must find, so a pattern that went blind is noticed.
'use strict';
const path = require('path');
const { functions, lineOf } = require('./source.js');

const C = /\.[ch]$/;

// ---- layers -------------------------------------------------------------------------------------------------------

// For each folder: what its files may include in quotes, as patterns over the path from the repository root.
const LAYERS = [
  { of: /^core\/main\.c$/, may: [/^core\/(base|cli)\//] },
  { of: /^core\/base\//, may: [/^core\/base\//] },
  { of: /^core\/io\//, may: [/^core\/(base|io)\//] },
  { of: /^core\/doc\//, may: [/^core\/(base|doc)\//] },
  { of: /^core\/engine\/(plugin|provider|host)\w*\.[ch]$/, may: [/^core\/(base|io|doc|engine)\//, /^plugins\/(provider|ext\/\w+)\.h$/] },
  { of: /^core\/engine\//, may: [/^core\/(base|io|doc|engine)\//] },
  { of: /^core\/lsp\//, may: [/^core\/(base|lsp)\//, /^core\/io\/(frame|loop)\.h$/, /^core\/engine\/session\.h$/] },
  { of: /^core\/cli\//, may: [/^core\/base\/(?!json\.h)/, /^core\/cli\//, /^core\/io\/loop\.h$/, /^core\/engine\/(session|probe)\.h$/, /^core\/lsp\/server\.h$/] },
  { of: /^plugins\/[^/]+\.h$/, may: [/^plugins\/provider\.h$/] },
  { of: /^plugins\/ext\//, may: [/^plugins\/(provider\.h|ext\/)/] },
  { of: /^plugins\/common\//, may: [/^plugins\/(provider\.h|ext\/|common\/)/] },
  { of: /^plugins\/([^/]+)\//, may: [/^plugins\/(provider\.h|ext\/|common\/)/], own: true },
];

// Each third-party library has one door.
const DOORS = [
  { header: /^curl\//, door: /^(core\/io\/http\w*\.[ch]|tests\/.*)$/, is: 'core/io/http*.c' },
  { header: /^tree_sitter\//, door: /^(core\/doc\/\w+\.[ch]|tests\/.*)$/, is: 'core/doc' },
  { header: /^jansson\.h$/, door: /^(core\/base\/json\.[ch]|plugins\/[^/]+\/\w+\.[ch]|tests\/.*)$/, is: 'core/base/json.h' },
  { header: /^sqlite3\.h$/, door: /^(core\/engine\/ledger\w*\.c|tests\/.*)$/, is: 'core/engine/ledger.c' },
  { header: /^openssl\//, door: /^(plugins\/common\/\w+\.[ch]|tests\/.*)$/, is: 'plugins/common' },
];

// Words that would show a layer to know what it must not; comments and strings are not looked at.
const UNKNOWN = [
  { of: /^core\/(base|io|doc)\//, words: /\b(sy_\w+|SY_\w+|session|jsonrpc)\b/ },
  { of: /^core\/(io|doc|engine)\//, words: /\b(stdout|puts|putchar|argv|lsp_\w+|rpc_\w+)\b|\b(v?printf)\s*\(/ },
  { of: /^core\/(base|lsp|cli|engine)\//, words: /\b(curl_\w+|CURL\w*|ts_(parser|tree|node|query|language)_\w+)\b/ },
  { of: /^core\/(io|doc|cli)\//, words: /\bjson_(t|get|parse|object|array)\w*\b/ },
  { of: /^core\//, words: /\b(openai|anthropic|bedrock|gemini|mistral|ollama)\w*\b/i },
];

function layers(tree) {
  const found = [];
  for (const file of tree.match(/^(core|plugins|tests)\/.*\.[ch]$/)) {
    const rule = LAYERS.find((r) => r.of.test(file));
    const folder = file.slice(0, file.lastIndexOf('/') + 1);
    const code = tree.code(file);
    for (const m of code.matchAll(/^[ \t]*#[ \t]*include[ \t]*(["<])([^">]+)[">]/gm)) {
      const at = `${file}:${lineOf(code, m.index)}`;
      const [, quote, name] = m;
      if (quote === '<') {
        const door = DOORS.find((d) => d.header.test(name));
        if (door && !door.door.test(file)) found.push(`${at}: <${name}> may only be included in ${door.is}`);
        continue;
      }
      if (/\.def$/.test(name) || !rule) continue;
      const target = name.startsWith('.') || !name.includes('/') ? path.posix.join(folder, name) : name;
      if (rule.own && target.startsWith(folder.match(/^plugins\/[^/]+\//)[0])) continue;
      if (!rule.may.some((p) => p.test(target))) found.push(`${at}: may not include "${name}"`);
    }
    const plain = tree.code(file, false);
    for (const { of, words } of UNKNOWN) {
      if (!of.test(file)) continue;
      const m = words.exec(plain);
      if (m) found.push(`${file}:${lineOf(plain, m.index)}: must not know '${m[0]}'`);
    }
  }
  return found;
}

// ---- C text -------------------------------------------------------------------------------------------------------

const BANNED = /\b(strcpy|strcat|sprintf|vsprintf|gets|strtok|atoi|atol|system|popen|alloca|tmpnam|mktemp)\s*\(/g;

function banned(tree) {
  const found = [];
  for (const file of tree.match(C)) {
    const code = tree.code(file);
    for (const m of code.matchAll(BANNED)) found.push(`${file}:${lineOf(code, m.index)}: ${m[1]} is banned`);
  }
  return found;
}

// A cleanup attribute runs on every way out: what it cleans must be initialised before the first one.
function cleanup(tree) {
  const found = [];
  for (const file of tree.match(/\.c$/)) {
    for (const f of functions(tree.code(file, false))) {
      for (const m of f.body.matchAll(/\bAUTO_\w+\s+[\w\s]+?\*?(\w+(?:\s*,\s*\w+)*);/g)) {
        const rest = f.body.slice(m.index + m[0].length);
        const out = rest.search(/\b(return|goto)\b/);
        for (const name of m[1].split(/\s*,\s*/)) {
          const init = rest.search(new RegExp(`(&${name}\\b|\\b${name}\\s*=[^=])`));
          if (init < 0 || (out >= 0 && out < init)) {
            const line = f.line + lineOf(f.body, m.index) - 1;
            found.push(`${file}:${line}: ${name} is cleaned up before it is initialised on some way out`);
          }
        }
      }
    }
  }
  return found;
}

// A switch counts once, however many labels it has: a long table of one-line arms is easy to read.
const complexity = (body) => 1 + (body.match(/\b(if|for|while|switch)\b|&&|\|\||\?/g) || []).length - (body.match(/\}\s*while\s*\(0\)/g) || []).length;

function size(tree) {
  const found = [];
  for (const file of tree.match(/\.([ch]|js|mjs|sh|py|vim|lua|el)$|\/run$/)) {
    const lines = tree.text(file).split('\n').length - 1;
    const limit = /\.h$/.test(file) && !/^(plugins|tests\/abi\/[\d.]+)\/provider\.h$/.test(file) ? 150 : 800;
    if (lines > limit) found.push(`${file}:${lines}: ${lines} lines, at most ${limit}`);
  }
  for (const file of tree.match(C)) {
    for (const f of functions(tree.code(file, false))) {
      const cc = complexity(f.body);
      if (f.lines > 100) found.push(`${file}:${f.line}: ${f.name} has ${f.lines} lines, at most 100`);
      if (cc > 15) found.push(`${file}:${f.line}: ${f.name} has complexity ${cc}, at most 15`);
    }
  }
  return found;
}

function includes(tree) {
  const found = [];
  for (const file of tree.match(/\.h$/)) {
    const own = tree.code(file).match(/^[ \t]*#[ \t]*include[ \t]*"[^"]+\.h"/gm) || [];
    if (own.length > 2) found.push(`${file}:1: includes ${own.length} headers of ours, at most 2`);
  }
  return found;
}

function unfinished(tree) {
  const found = [];
  const words = new RegExp(`\\b(${['TO' + 'DO', 'FIX' + 'ME', 'X' + 'XX', 'HA' + 'CK'].join('|')})\\b`);
  for (const file of tree.match(/\.([ch]|def|js|mjs|sh|mk|scm|py|vim|lua|el|md)$|(^|\/)(Makefile|run)$/)) {
    tree.text(file).split('\n').forEach((line, i) => {
      if (words.test(line)) found.push(`${file}:${i + 1}: unfinished: ${line.trim()}`);
    });
  }
  return found;
}

// ---- every text file ----------------------------------------------------------------------------------------------

const SOURCE = /\.([ch]|def|js|mjs|sh|mk|map|py|vim|lua|el|scm)$|(^|\/)(Makefile|run)$|^tests\/lib\/[^./]+$/;
const DATA = /^tests\/([^/]+\/)*(data|seeds|corpus|expect|fixtures|files)\/|^tests\/golden\//;

function spdx(tree) {
  return tree
    .match(SOURCE)
    .filter((f) => !DATA.test(f) && !/SPDX-License-Identifier: MIT\b/.test(tree.text(f).split('\n').slice(0, 3).join('\n')))
    .map((f) => `${f}:1: no SPDX line in the first three lines`);
}

function space(tree) {
  const found = [];
  for (const file of tree.match(/\.([ch]|def|js|mjs|sh|mk|py|vim|lua|el|scm)$|(^|\/)(Makefile|run)$/).filter((f) => !DATA.test(f))) {
    const text = tree.text(file);
    text.split('\n').forEach((line, i) => {
      if (/[ \t\r]$/.test(line)) found.push(`${file}:${i + 1}: white space at the end of the line`);
      if (C.test(file) && line.includes('\t')) found.push(`${file}:${i + 1}: tab`);
    });
    if (text && !text.endsWith('\n')) found.push(`${file}:${text.split('\n').length}: no newline at the end`);
  }
  return found;
}

// Places of one machine and hosts of package registries have no business in a public tree.
const PLACES = [
  [/(^|[^\w./-])\/(work|root)\//, 'path of one machine'],
  [/https?:\/\/(registry|deb|security|ftp|mirror)\.[\w.-]+/, 'address of a package registry'],
  [/\bissue #?\d+\b/i, 'number of an issue'],
];

function places(tree) {
  const found = [];
  for (const file of tree.files) {
    if (/\.(so|o|a|png|gif|gguf|bin|wasm)$/.test(file)) continue;
    const text = tree.text(file);
    if (text.includes('\0')) continue;
    text.split('\n').forEach((line, i) => {
      for (const [pattern, what] of PLACES) if (pattern.test(line)) found.push(`${file}:${i + 1}: ${what}`);
      if (/package-lock\.json$/.test(file) && /"resolved":/.test(line)) found.push(`${file}:${i + 1}: address of a package registry`);
    });
  }
  return found;
}

const TOP = new Set(['Makefile', 'README.md', 'LICENSE', 'core', 'plugins', 'grammars', 'tests', 'editor']);

function top(tree) {
  const entries = new Set(tree.files.map((f) => f.split('/')[0]));
  return [...entries].filter((e) => !e.startsWith('.') && !TOP.has(e)).map((e) => `${e}:1: not one of the entries agreed on for the top level`);
}

// Paths in backquotes and links of the READMEs: each must exist, from the root or beside the page.
function readme(tree) {
  const found = [];
  for (const file of tree.match(/(^|\/)README\.md$/)) {
    const folder = file.slice(0, file.lastIndexOf('/') + 1);
    tree.text(file).split('\n').forEach((line, i) => {
      const names = [...line.matchAll(/`([^`]+)`/g)].map((m) => m[1]).filter((n) => TOP.has(n.split('/')[0]) && /^[\w.*/-]+$/.test(n));
      const links = [...line.matchAll(/\]\(([^)#:]+)(#[^)]*)?\)/g)].map((m) => m[1]);
      for (const name of [...names, ...links]) {
        const pattern = new RegExp(`^${name.replace(/\/$/, '').replace(/[.]/g, '\\.').replace(/\*/g, '[^/]*')}(/|$)`);
        if (!/node_modules/.test(name) && ![name, folder + name].some((n) => tree.exists(n)) && !tree.files.some((f) => pattern.test(f)))
          found.push(`${file}:${i + 1}: '${name}' does not exist`);
      }
    });
  }
  return found;
}

// The router decides by rules, never by who sells the model.
const VENDORS = /openai|anthropic|amazon|bedrock|azure|oracle|google|gemini|mistral|llama|ollama/i;

function vendors(tree) {
  const found = [];
  for (const file of tree.match(/^core\/engine\/router\w*\.[ch]$/)) {
    tree.text(file).split('\n').forEach((line, i) => {
      const m = VENDORS.exec(line);
      if (m) found.push(`${file}:${i + 1}: names '${m[0]}'`);
    });
  }
  return found;
}

module.exports = { layers, banned, cleanup, size, includes, unfinished, spdx, space, places, top, readme, vendors };
