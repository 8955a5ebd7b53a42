// SPDX-License-Identifier: MIT
// Plays one page: a text file with what an editor sends and what it must get. The words a page may use are the methods
// of Page that begin with "do_"; README.md explains them. One page is one test in a folder of its own.
'use strict';
const fs = require('fs');
const http = require('http');
const path = require('path');
const { spawn } = require('child_process');
const { pathToFileURL } = require('url');
const { match, mend, substitute } = require('./match.js');
const { Wire } = require('./wire.js');

const WAIT_MS = 15000;
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// A page as steps: {line, word, rest, block}. Lines that begin with a blank go on with the line before; "<<END" takes
// the lines up to END as they are.
function parse(text) {
  const steps = [];
  const lines = text.split('\n');
  for (let i = 0; i < lines.length; i++) {
    if (/^\s*(#|$)/.test(lines[i])) continue;
    const step = { line: i, last: i };
    let source = lines[i];
    const block = / <<(\w+)$/.exec(source);
    if (block) {
      const end = lines.indexOf(block[1], i);
      if (end < 0) throw new Error(`line ${i + 1}: no line ${block[1]}`);
      step.block = lines.slice(i + 1, end).map((l) => l + '\n').join('');
      source = source.slice(0, block.index);
      i = end;
    }
    while (i + 1 < lines.length && /^\s+\S/.test(lines[i + 1])) source += ' ' + lines[++i].trim();
    [, step.word, step.rest] = /^(\S+)\s*(.*)$/s.exec(source);
    step.last = i;
    steps.push(step);
  }
  return steps;
}

class Page {
  constructor(file, folder, build) {
    this.file = file;
    this.text = fs.readFileSync(file, 'utf8');
    this.title = (/^# (.*)$/m.exec(this.text) || [])[1] || path.basename(file);
    this.folder = folder;
    this.build = build;
    this.vars = { dir: folder, uri: pathToFileURL(folder).href };
    this.args = [];
    this.env = { ...process.env, HOME: folder, TMPDIR: folder };
    for (const kind of ['CONFIG', 'STATE', 'CACHE', 'DATA']) this.env[`XDG_${kind}_HOME`] = path.join(folder, kind.toLowerCase());
    this.ignored = new Set();
    this.children = [];
    this.edits = []; // what UPDATE=1 changes: [step, pattern]
    this.wire = null;
    this.over = false;
  }

  async play() {
    fs.mkdirSync(this.folder, { recursive: true });
    const steps = parse(this.text);
    try {
      for (const step of steps) {
        this.at = step.line + 1;
        const name = { '>': 'send', '<': 'next', '<~': 'some' }[step.word] || step.word.replace(/-/g, '_');
        if (!this['do_' + name]) throw new Error(`there is no word '${step.word}'`);
        await this['do_' + name](step.rest, step);
        if (this.wire && this.wire.faults.length) throw new Error(this.wire.faults.join('\n'));
      }
      this.at = 'end';
      if (this.wire && !this.over) await this.do_bye();
      this.finish();
    } catch (error) {
      const heard = this.wire ? `\n    standard error: ${this.wire.stderr.trim().split('\n').slice(-8).join('\n      ')}` : '';
      throw new Error(`line ${this.at}: ${error.message}${heard}`);
    } finally {
      if (this.wire) this.wire.kill();
      for (const child of this.children) child.kill('SIGKILL');
    }
    if (this.edits.length) this.rewrite();
  }

  finish() {
    if (!this.wire) return;
    this.drop_ignored();
    const left = this.wire.queue.map((m) => JSON.stringify(m).slice(0, 300));
    if (left.length) throw new Error(`unexpected: ${left.join('\n    ')}`);
    const open = this.wire.unbalanced();
    if (open.length && !this.careless) throw new Error(open.join(', '));
    if (this.wire.faults.length) throw new Error(this.wire.faults.join('\n'));
    if (/ERROR: |runtime error:|error bug: /.test(this.wire.stderr)) throw new Error('the server reports a bug');
  }

  rewrite() {
    const lines = this.text.split('\n');
    for (const [step, pattern] of this.edits.reverse())
      lines.splice(step.line, step.last - step.line + 1, `${step.word} ${JSON.stringify(pattern)}`);
    fs.writeFileSync(this.file, lines.join('\n'));
  }

  server() {
    if (!this.wire) {
      const command = [path.join(this.build, 'bin/switchyard'), 'lsp', ...this.args];
      if (this.piped) command.unshift('bash', '-o', 'pipefail', '-c', 'cat | "$@" | cat', 'pipes');
      this.wire = new Wire(command[0], command.slice(1), { cwd: this.folder, env: this.env });
    }
    return this.wire;
  }

  json(text) {
    let value;
    try {
      value = JSON.parse(text);
    } catch (error) {
      throw new Error(`${error.message} in ${text.slice(0, 200)}`);
    }
    return substitute(value, this.vars);
  }

  drop_ignored() {
    this.wire.queue = this.wire.queue.filter((m) => !this.ignored.has(m.method));
  }

  // ---- before the server starts ----
  do_args(rest) { this.args.push(...substitute(rest.split(' '), this.vars)); }
  do_env(rest) {
    const at = rest.indexOf('=');
    this.env[rest.slice(0, at)] = substitute(rest.slice(at + 1), this.vars);
  }
  do_file(rest, step) {
    const file = path.join(this.folder, rest);
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, step.block);
  }
  do_config(rest, step) {
    fs.mkdirSync(path.join(this.folder, 'config/switchyard'), { recursive: true });
    fs.writeFileSync(path.join(this.folder, 'config/switchyard/config.json'), substitute(step.block, this.vars));
  }
  async do_mock(rest) {
    this.bodies = path.join(this.folder, 'bodies');
    fs.mkdirSync(this.bodies);
    const options = [...(rest ? JSON.parse(rest) : []), '--bodies', this.bodies];
    const child = spawn(path.join(this.build, 'tests/mockprov'), options, { stdio: ['ignore', 'pipe', 'inherit'] });
    this.children.push(child);
    this.vars.mock = await new Promise((resolve, reject) => {
      let heard = '';
      child.on('error', reject);
      child.on('close', () => reject(new Error('the mock provider ended')));
      child.stdout.on('data', (data) => {
        heard += data;
        const port = /(\d+)\s*\n/.exec(heard);
        if (port) resolve(Number(port[1]));
      });
    });
  }
  do_ignore(rest) { this.ignored.add(rest); }

  // ---- what the editor does ----
  async do_init(rest) {
    const params = { processId: null, rootUri: null, capabilities: { textDocument: { inlineCompletion: {} } }, ...(rest ? this.json(rest) : {}) };
    await this.server().send({ id: 'init', method: 'initialize', params });
    await this.do_next('{"id":"init","result":{"capabilities":"<capture capabilities>"}}', null);
    await this.server().send({ method: 'initialized', params: {} });
  }
  do_open(rest) {
    const [name, languageId, version] = rest.split(' ');
    return this.server().send({ method: 'textDocument/didOpen', params: { textDocument: {
      uri: `${this.vars.uri}/${name}`, languageId, version: Number(version || 1),
      text: fs.readFileSync(path.join(this.folder, name), 'utf8') } } });
  }
  do_send(rest) { return this.server().send(this.json(rest)); }
  async do_many(rest) {
    const [, n, text] = /^(\d+) > (.*)$/s.exec(rest);
    for (let i = 0; i < Number(n); i++) {
      this.vars.i = i;
      await this.server().send(this.json(text), !this.held); // a server whose answers are not read may stop reading
    }
  }
  // A JSON string whose characters up to U+00FF are bytes; "*N" after it repeats it.
  bytes(rest) {
    const [, text, times] = /^("(?:[^"\\]|\\.)*")(?:\s*\*(\d+))?$/.exec(rest);
    return Buffer.from(JSON.parse(text).repeat(Number(times || 1)), 'latin1');
  }
  do_raw(rest) { return this.server().write(this.bytes(rest)); }
  do_body(rest) { return this.server().write(Wire.frame(this.bytes(rest))); }
  do_deep(rest) { return this.server().write(Wire.frame('['.repeat(Number(rest)) + ']'.repeat(Number(rest)))); }
  do_split(rest) { this.server().piece = Number(rest); }
  do_eof() {
    this.over = true;
    this.careless = true; // an editor that is gone gets no answers
    this.server().child.stdin.end();
  }
  do_careless() { this.careless = true; } // requests that were sent as raw bytes are not counted
  do_hold() {
    this.held = true;
    this.server().child.stdout.pause();
  }
  do_release() {
    this.held = false;
    this.server().child.stdout.resume();
  }
  do_discard() { this.wire.queue = []; }
  async do_idle(rest) { // the server uses hardly any processor time for so long
    const spent = () => Number(fs.readFileSync(`/proc/${this.wire.child.pid}/schedstat`, 'utf8').split(' ')[0]) / 1e6;
    const before = spent();
    await sleep(Number(rest));
    const used = spent() - before;
    if (used > Number(rest) / 3) throw new Error(`the server used ${used.toFixed(1)} ms of processor time in ${rest} ms of idling`);
  }
  do_pipes() { this.piped = true; }
  do_memory(rest) { // of the server now, in MB; of a build with sanitizers it says nothing
    const status = fs.readFileSync(`/proc/${this.wire.child.pid}/status`, 'utf8');
    const used = Number(/VmRSS:\s+(\d+)/.exec(status)[1]) / 1024;
    if (used > Number(rest) && !this.sanitized()) throw new Error(`the server holds ${used.toFixed(0)} MB, at most ${rest} expected`);
  }
  sanitized() { return fs.readFileSync(path.join(this.build, 'bin/switchyard')).includes('__asan_init'); }
  do_hang_up() {
    this.over = true;
    this.careless = true;
    this.server().child.stdout.destroy();
  }
  do_parent() {
    const child = spawn('sleep', ['60'], { stdio: 'ignore' });
    this.children.push(child);
    this.vars.parent = child.pid;
    this.parent = child;
  }
  do_kill_parent() {
    this.over = true;
    this.careless = true;
    this.parent.kill('SIGKILL');
  }
  do_signal(rest) {
    this.over = true;
    this.careless = true;
    this.server().child.kill(rest);
  }
  async do_bye() {
    await this.server().send({ id: 'bye', method: 'shutdown' });
    await this.do_some('{"id":"bye","result":null}', null);
    await this.server().send({ method: 'exit' });
    await this.do_exit('0');
  }

  // ---- what it must get ----
  async expect(rest, step, any) {
    const pattern = this.json(rest);
    const until = Date.now() + WAIT_MS;
    for (;;) {
      this.drop_ignored();
      const queue = this.wire.queue;
      const at = queue.findIndex((m) => match(pattern, m, { ...this.vars }));
      if (at === 0 || (at > 0 && any)) {
        match(pattern, queue.splice(at, 1)[0], this.vars);
        return;
      }
      if (queue.length && !any) {
        if (process.env.UPDATE && step) {
          const got = queue.shift();
          this.edits.push([step, mend(JSON.parse(rest), got, this.vars)]);
          return;
        }
        throw new Error(`expected ${JSON.stringify(pattern)}\n    but got  ${JSON.stringify(queue[0]).slice(0, 1000)}`);
      }
      if (this.wire.faults.length) return;
      const seen = queue.map((m) => '\n    waiting: ' + JSON.stringify(m).slice(0, 300)).join('');
      if (this.wire.status !== null) throw new Error(`the server ended (${this.wire.status}), expected ${JSON.stringify(pattern)}${seen}`);
      if (Date.now() > until) throw new Error(`nothing came, expected ${JSON.stringify(pattern)}${seen}`);
      await this.wire.change(100);
    }
  }
  do_next(rest, step) { return this.expect(rest, step, false); }
  do_some(rest, step) { return this.expect(rest, step, true); }
  async do_answers(rest) { // so many messages come, and each matches
    const [, n, text] = /^(\d+)\s*(.*)$/s.exec(rest);
    const pattern = text ? this.json(text) : '<any>';
    const until = Date.now() + 2 * WAIT_MS;
    let matched = 0;
    for (let left = Number(n); left > 0;) {
      this.drop_ignored();
      const came = this.wire.queue.splice(0, left);
      left -= came.length;
      for (const message of came) if (match(pattern, message, { ...this.vars })) matched++;
      if (left === 0) break;
      if (Date.now() > until || this.wire.status !== null)
        throw new Error(`${left} of ${n} messages did not come`);
      await this.wire.change(100);
    }
    if (text && matched !== Number(n)) throw new Error(`only ${matched} of ${n} messages match`);
  }
  async do_quiet(rest) {
    await sleep(Number(rest));
    this.drop_ignored();
    if (this.wire.queue.length) throw new Error(`unexpected: ${JSON.stringify(this.wire.queue[0]).slice(0, 500)}`);
  }
  do_wait(rest) { return sleep(Number(rest)); }
  async do_mock_stats(rest) {
    const pattern = this.json(rest);
    let got;
    for (const until = Date.now() + 5000; Date.now() < until; await sleep(20)) {
      got = JSON.parse(await this.get('/__stats'));
      if (match(pattern, got, this.vars)) return;
    }
    throw new Error(`the mock provider says ${JSON.stringify(got)}`);
  }
  do_mock_set(rest) { return this.get(`/__set?${rest}`); }
  get(where) {
    return new Promise((resolve, reject) => {
      http.get({ host: '127.0.0.1', port: this.vars.mock, path: where, agent: false }, (response) => {
        let text = '';
        response.on('data', (data) => { text += data; });
        response.on('end', () => resolve(text));
      }).on('error', reject);
    });
  }
  async do_prompt(rest) { // the last request's prompt, or its messages, must match
    const wanted = new RegExp(JSON.parse(rest), 's');
    let text = '';
    for (const until = Date.now() + 5000; Date.now() < until; await sleep(20)) {
      const last = fs.readdirSync(this.bodies).sort().pop();
      let body = null;
      try {
        body = last && JSON.parse(fs.readFileSync(path.join(this.bodies, last), 'utf8'));
      } catch (error) {
        continue; // half written
      }
      if (!body) continue;
      text = body.prompt || body.messages.map((m) => `${m.role}: ${m.content}`).join('\n');
      if (wanted.test(text)) return;
    }
    throw new Error(text ? `the prompt was ${JSON.stringify(text.slice(-1500))}` : 'the mock provider got no request');
  }
  async do_exit(rest) {
    this.over = true;
    if (this.piped) this.wire.child.stdin.end(); // else the pipe before the server never ends
    const until = Date.now() + WAIT_MS;
    while (this.wire.status === null && Date.now() < until) await this.wire.change(100);
    if (this.wire.status === null) throw new Error('the server did not end');
    if (String(this.wire.status) !== rest) throw new Error(`the server ended with ${this.wire.status}, expected ${rest}`);
  }
  async do_stderr(rest) {
    const wanted = new RegExp(rest);
    for (const until = Date.now() + 5000; Date.now() < until; await sleep(20)) if (wanted.test(this.wire.stderr)) return;
    throw new Error(`standard error says nothing like ${rest}`);
  }
  do_mute(rest) {
    if (new RegExp(rest).test(this.wire.stderr)) throw new Error(`standard error says ${rest}`);
  }
}

module.exports = { Page, parse };
