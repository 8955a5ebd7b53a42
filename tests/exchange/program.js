// SPDX-License-Identifier: MIT
// Runs the program in a folder of its own with a configuration, and tells what it wrote and when.
'use strict';
const fs = require('fs');
const os = require('os');
const path = require('path');
const { spawn } = require('child_process');

const build = path.resolve(process.env.B || path.join(__dirname, '../../build'));
const home = fs.mkdtempSync(path.join(process.env.TMPDIR || os.tmpdir(), 'exchange-'));
const hasPlugin = (name) => fs.existsSync(path.join(build, 'lib/switchyard/plugins', `${name}.so`));

// on: {text: called with the whole standard output at each piece and the child}.
function run(args, { env = {}, input = '', on = {}, limit = 20000 } = {}) {
  const base = { PATH: process.env.PATH, HOME: home, TMPDIR: home, LC_ALL: 'C.UTF-8', no_proxy: '127.0.0.1,localhost' };
  for (const kind of ['CONFIG', 'STATE', 'CACHE', 'DATA']) base[`XDG_${kind}_HOME`] = path.join(home, kind.toLowerCase());
  for (const name of ['ASAN_OPTIONS', 'UBSAN_OPTIONS']) if (process.env[name]) base[name] = process.env[name];
  const started = Date.now();
  const child = spawn(path.join(build, 'bin/switchyard'), args, { cwd: home, env: { ...base, ...env } });
  const result = { out: '', err: '', pieces: [], child };
  const timer = setTimeout(() => child.kill('SIGKILL'), limit);
  child.stdout.setEncoding('utf8').on('data', (text) => {
    result.out += text;
    result.pieces.push({ text, at: Date.now() - started });
    if (on.text) on.text(result.out, child);
  });
  child.stderr.setEncoding('utf8').on('data', (text) => (result.err += text));
  child.stdin.on('error', () => {}).end(input);
  return new Promise((resolve) => child.on('close', (status, signal) => {
    clearTimeout(timer);
    resolve(Object.assign(result, { status: status === null ? signal : status, ms: Date.now() - started, ended: Date.now() }));
  }));
}

function configure(config) {
  const dir = path.join(home, 'config/switchyard');
  fs.mkdirSync(dir, { recursive: true });
  fs.writeFileSync(path.join(dir, 'config.json'), JSON.stringify(config));
}

module.exports = { run, configure, home, build, hasPlugin, remove: () => fs.rmSync(home, { recursive: true, force: true }) };
