// SPDX-License-Identifier: MIT
// What the checks look at: the list of our files, and C text with comments, strings and directives blanked.
//
// It is a lexer, no parser: it knows nothing of types or macros. Blanking keeps every offset and line, so that a
// finding can name its line.
'use strict';
const fs = require('fs');
const path = require('path');
const { spawnSync } = require('child_process');

function walk(root, dir, found) {
  for (const entry of fs.readdirSync(path.join(root, dir), { withFileTypes: true })) {
    const name = dir ? `${dir}/${entry.name}` : entry.name;
    if (entry.isDirectory()) {
      if (!/^(\.git|node_modules|build(-.*)?)$/.test(entry.name)) walk(root, name, found);
    } else found.push(name);
  }
  return found;
}

// The tree of git where there is one: committed files and new ones that are not ignored.
function listFiles(root) {
  let files;
  if (fs.existsSync(path.join(root, '.git'))) {
    const git = spawnSync('git', ['-c', `safe.directory=${root}`, 'ls-files', '-co', '--exclude-standard', '-z'], { cwd: root, encoding: 'utf8' });
    if (git.status === 0) files = git.stdout.split('\0').filter((f) => f && fs.existsSync(path.join(root, f)));
  }
  return (files || walk(root, '', [])).filter((f) => !f.startsWith('tests/lint/bad/')).sort();
}

class Tree {
  constructor(root, files) {
    this.root = root;
    this.files = files || listFiles(root);
    this.texts = new Map();
    this.codes = new Map();
  }

  match(pattern) {
    return this.files.filter((f) => pattern.test(f));
  }

  text(file) {
    if (!this.texts.has(file)) this.texts.set(file, fs.readFileSync(path.join(this.root, file), 'utf8'));
    return this.texts.get(file);
  }

  // C text without comments and string contents; `directives` says whether preprocessor lines stay.
  code(file, directives = true) {
    const key = `${directives} ${file}`;
    if (!this.codes.has(key)) this.codes.set(key, blank(this.text(file), directives));
    return this.codes.get(key);
  }

  exists(file) {
    return fs.existsSync(path.join(this.root, file));
  }
}

const spaces = (s) => s.replace(/[^\n]/g, ' ');

function blank(text, directives) {
  const token = /\/\*[\s\S]*?(?:\*\/|$)|\/\/(?:\\\n|[^\n])*|"(?:\\[\s\S]|[^"\\\n])*"|'(?:\\[\s\S]|[^'\\\n])*'/g;
  const includes = [];
  let out = text.replace(token, (m, offset) => {
    if (m[0] === '/') return spaces(m);
    const lineStart = text.lastIndexOf('\n', offset) + 1;
    if (/^\s*#\s*include\b/.test(text.slice(lineStart, offset))) {
      includes.push(offset);
      return m;
    }
    return m[0] + spaces(m.slice(1, -1)) + m[m.length - 1];
  });
  if (!directives) out = out.replace(/^[ \t]*#(?:\\\n|[^\n])*/gm, spaces);
  return out;
}

const lineOf = (text, offset) => text.slice(0, offset).split('\n').length;

// Functions of a C file as { name, line, lines, body }. Depth 0 is file scope; a body is a brace that follows a
// parameter list. Both branches of an #if count as code, so a brace may only be split over one of them.
function functions(code) {
  const found = [];
  let depth = 0;
  let start = 0; // where the current file-scope declaration began
  let open = null;
  for (let i = 0; i < code.length; i++) {
    const c = code[i];
    if (c === '{') {
      if (depth++ === 0) {
        const head = code.slice(start, i);
        const name = /([A-Za-z_]\w*)\s*\(/.exec(head.replace(/__attribute__\s*\(\(.*?\)\)/gs, spaces));
        const isBody = /\)\s*$/.test(head) && name && !/^\s*(struct|union|enum)\s*\w*\s*$/.test(head) && !head.includes('=');
        open = isBody ? { name: name[1], from: start + head.search(/\S/) } : null;
      }
    } else if (c === '}') {
      if (depth > 0 && --depth === 0) {
        if (open) {
          const text = code.slice(open.from, i + 1);
          found.push({ name: open.name, line: lineOf(code, open.from), lines: text.split('\n').length, body: text });
        }
        start = i + 1;
      }
    } else if (c === ';' && depth === 0) start = i + 1;
  }
  return found;
}

module.exports = { Tree, functions, lineOf, walk };
