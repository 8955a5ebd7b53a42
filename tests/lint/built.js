// SPDX-License-Identifier: MIT
// The rules that need a compiler or what was built: headers that compile alone, symbols that the files export,
// hardening of the program, the manual page. Each returns findings like checks.js, or { skip: why }.
'use strict';
const fs = require('fs');
const path = require('path');
const { spawnSync } = require('child_process');

const run = (command, args, input) => spawnSync(command, args, { encoding: 'utf8', input, maxBuffer: 1 << 26 });
const TREE_SITTER = 'grammars/node_modules/tree-sitter/vendor/tree-sitter/lib/include';
const FLAGS = ['-std=c11', '-D_GNU_SOURCE', '-Wall', '-Wextra', '-Werror', '-fsyntax-only'];

// Each header twice, so that its guard is tested as well.
function headers(tree) {
  const found = [];
  for (const file of tree.match(/^(core|plugins|tests)\/.*\.h$/)) {
    if (/_priv\.h$/.test(file) && /^tests\//.test(file)) continue;
    const args = [...FLAGS, `-I${tree.root}`, `-I${path.join(tree.root, TREE_SITTER)}`, '-x', 'c', '-'];
    const cc = run(process.env.CC || 'gcc', args, `#include "${file}"\n#include "${file}"\nint main(void) { return 0; }\n`);
    if (cc.status !== 0) found.push(`${file}:1: does not compile alone\n${cc.stderr.trim()}`);
  }
  return found;
}

function defined(file) {
  const nm = run('nm', ['-D', '--defined-only', file]);
  if (nm.status !== 0) throw new Error(`${file}: ${nm.stderr.trim()}`);
  // A versioned name is a variable of libc that the linker copied into the program.
  return nm.stdout.split('\n').map((l) => l.split(' ')[2]).filter((n) => n && !n.includes('@') && !/^_(init|fini|edata|end|_bss_start)$/.test(n));
}

const inside = (dir) => (fs.existsSync(dir) ? fs.readdirSync(dir).filter((f) => f.endsWith('.so')).map((f) => path.join(dir, f)) : []);

function exports(build, want) {
  const program = path.join(build, 'bin/switchyard');
  const found = [];
  if (!fs.existsSync(program)) return [`${program}:1: not built`];
  for (const name of defined(program)) found.push(`${program}:1: exports '${name}'`);
  const plugins = inside(path.join(build, 'lib/switchyard/plugins'));
  if (plugins.length === 0) found.push(`${build}:1: no plugin was built`);
  for (const file of plugins) {
    const names = defined(file);
    if (names.join() !== want) found.push(`${file}:1: exports '${names.join(' ')}', not '${want}' alone`);
  }
  for (const file of inside(path.join(build, 'lib/switchyard/grammars'))) {
    for (const name of defined(file)) if (!/^tree_sitter_/.test(name)) found.push(`${file}:1: exports '${name}'`);
  }
  return found;
}

// libcurl is opened at the first request; linking it would cost every start several milliseconds.
const LINKED = /^(libc|libm|libdl|libpthread|libjansson|libsqlite3|ld-linux[\w-]*)\.so/;

function hardening(build) {
  const program = path.join(build, 'bin/switchyard');
  if (!fs.existsSync(program)) return [`${program}:1: not built`];
  const elf = run('readelf', ['-W', '-h', '-d', '-l', program]).stdout;
  const found = [];
  if (!/Type:\s+DYN/.test(elf)) found.push(`${program}:1: not position-independent`);
  if (!/GNU_RELRO/.test(elf) || !/BIND_NOW|Flags:.*\bNOW\b/.test(elf)) found.push(`${program}:1: relocations stay writable`);
  if (/GNU_STACK.*RWE/.test(elf)) found.push(`${program}:1: executable stack`);
  for (const m of elf.matchAll(/\(NEEDED\).*\[(.*)\]/g)) if (!LINKED.test(m[1])) found.push(`${program}:1: linked with ${m[1]}`);
  return found;
}

function manual(build) {
  const dir = path.join(build, 'share/man/man1');
  if (run('mandoc', ['-T', 'lint', '/dev/null']).error) return { skip: 'mandoc is not installed' };
  if (!fs.existsSync(dir)) return { skip: 'no manual page was built' };
  const found = [];
  for (const name of fs.readdirSync(dir)) {
    const lint = run('mandoc', ['-T', 'lint', '-W', 'warning', path.join(dir, name)]);
    for (const line of lint.stdout.split('\n')) if (/WARNING|ERROR|UNSUPP/.test(line)) found.push(line.replace(/^mandoc: /, ''));
  }
  return found;
}

module.exports = { headers, exports, hardening, manual };
