// SPDX-License-Identifier: MIT
// An editor that does 2,000 random things, mostly without waiting: types, asks, cancels, closes, opens, accepts. Each
// completion goes to the embedded model and, as it is never sure enough here, on to a mock service. What must hold in
// the end: every request was answered exactly once, the server's texts are the editor's (the service is asked at a
// place in each, and was sent what is there), and the server ends with 0. SEED=N plays the same conversation again.
'use strict';
const { spawn } = require('child_process');
const fs = require('fs');
const path = require('path');
const { pathToFileURL } = require('url');
const { Wire } = require('./wire.js');

const STEPS = 2000, DOCUMENTS = 3;
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// A small generator, so that a seed gives the same conversation everywhere.
function random(seed) {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 4294967296) * below);
  };
}

const PIECES = ['\n', '  total += price * count;\n', 'if (a > b) {\n', '}\n', 'é', '🙂', 'foo(', 'x', ' ', 'return total;\r\n', '"', '/* ', ' */'];

class Editor {
  constructor(wire, pick, root) {
    this.wire = wire;
    this.pick = pick;
    this.root = root;
    this.docs = [];
    this.ids = [];
    this.items = [];
    this.nextId = 0;
    this.opened = 0;
    this.count = {};
  }

  // Ids are numbers and strings by turns, because both are allowed and "7" is not 7.
  id() {
    const n = this.nextId++;
    const id = n % 3 === 2 ? `q${n}` : n;
    this.ids.push(id);
    return id;
  }

  position(doc) {
    const lines = doc.text.split(/\r\n|\n|\r/);
    const line = this.pick(lines.length + 1); // now and then past the end
    return { line, character: this.pick((lines[line] || '').length + 2) };
  }

  identifier(doc) { return { uri: `${this.root}/${doc.name}`, version: doc.version }; }

  open() {
    if (this.docs.length >= DOCUMENTS) return this.type();
    const name = `${this.opened++}.c`;
    const doc = { name, version: this.pick(2), text: 'int total(int price, int count)\n{\n    int sum = 0;\n    sum += price * count;\n' };
    this.docs.push(doc);
    return this.wire.send({ method: 'textDocument/didOpen', params: { textDocument: { ...this.identifier(doc), languageId: 'c', text: doc.text } } });
  }

  // Positions here are exact, so that both sides can be compared: the text is kept as one string of UTF-16 units.
  type() {
    const doc = this.docs[this.pick(this.docs.length)];
    if (!doc) return this.open();
    const changes = [];
    for (let n = 1 + this.pick(2); n > 0; n--) {
      const text = PIECES[this.pick(PIECES.length)];
      let from = this.pick(doc.text.length + 1);
      while (from > 0 && (/[\udc00-\udfff]/.test(doc.text[from] || '') || (doc.text[from] === '\n' && doc.text[from - 1] === '\r'))) from--;
      const before = doc.text.slice(0, from).split(/\r\n|\n|\r/);
      const start = { line: before.length - 1, character: before[before.length - 1].length };
      changes.push({ range: { start, end: start }, text });
      doc.text = doc.text.slice(0, from) + text + doc.text.slice(from);
    }
    doc.version++;
    return this.wire.send({ method: 'textDocument/didChange', params: { textDocument: this.identifier(doc), contentChanges: changes } });
  }

  ask(method) {
    const doc = this.docs[this.pick(this.docs.length)];
    if (!doc) return this.open();
    return this.wire.send({ id: this.id(), method, params: { textDocument: { uri: this.identifier(doc).uri },
      position: this.position(doc), context: { triggerKind: 1 + this.pick(2) } } });
  }

  cancel() {
    if (!this.ids.length) return this.ask('textDocument/inlineCompletion');
    return this.wire.send({ method: '$/cancelRequest', params: { id: this.ids[Math.max(0, this.ids.length - 1 - this.pick(6))] } });
  }

  close() {
    const [doc] = this.docs.splice(this.pick(this.docs.length), 1);
    return doc ? this.wire.send({ method: 'textDocument/didClose', params: { textDocument: this.identifier(doc) } }) : this.open();
  }

  feedback() {
    const item = this.items[this.pick(this.items.length)];
    if (!item) return this.ask('textDocument/inlineCompletion');
    switch (this.pick(4)) {
    case 0: return this.wire.send({ method: 'textDocument/didShowCompletion', params: { item } });
    case 1: return this.wire.send({ method: 'textDocument/didPartiallyAcceptCompletion', params: { item, acceptedLength: this.pick(9) } });
    case 2: return this.wire.send({ method: 'textDocument/didRejectCompletion', params: { item } });
    default: return this.wire.send({ id: this.id(), method: 'workspace/executeCommand', params: item.command });
    }
  }

  step() {
    const n = this.pick(100);
    if (n < 40) return this.type();
    if (n < 70) return this.ask('textDocument/inlineCompletion');
    if (n < 75) return this.ask('textDocument/completion');
    if (n < 88) return this.cancel();
    if (n < 91) return this.close();
    if (n < 94) return this.open();
    if (n < 98) return this.feedback();
    return this.wire.send({ id: this.id(), method: ['switchyard/status', 'no/such', 'switchyard/explain'][this.pick(3)], params: {} });
  }

  read() {
    for (const message of this.wire.queue.splice(0)) {
      if ('method' in message) this.note(message.method);
      else if (message.error) this.error(message);
      else this.answer(message);
    }
  }

  error(message) {
    const code = message.error.code;
    this.note(String(code));
    // cancelled, unknown method, no decision yet
    if (![-32800, -32601, -32803].includes(code)) throw new Error(`unexpected error: ${JSON.stringify(message)}`);
  }

  answer(message) {
    const items = message.result && message.result.items;
    if (!items) return this.note('other');
    this.note(items.length ? 'items' : 'empty');
    for (const item of items) {
      if (item.insertText === '') throw new Error('an item without text');
      if (item.command) this.items.push(item);
    }
    return undefined;
  }

  note(what) { this.count[what] = (this.count[what] || 0) + 1; }
}

// Waits until everything is answered.
async function settle(wire, editor) {
  for (let rounds = 0; rounds < 300 && wire.unbalanced().length > 0; rounds++) await wire.change(100);
  editor.read();
}

function startMock(build, bodies) {
  fs.mkdirSync(bodies);
  const options = ['--text', 'sum(price, count);', '--ttft-ms', '2', '--bodies', bodies];
  const child = spawn(path.join(build, 'tests/mockprov'), options, { stdio: ['ignore', 'pipe', 'inherit'] });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.stdout.once('data', (data) => resolve({ child, port: /\d+/.exec(data)[0] }));
  });
}

function writeConfig(folder, port) {
  fs.mkdirSync(path.join(folder, 'config/switchyard'), { recursive: true });
  fs.writeFileSync(path.join(folder, 'config/switchyard/config.json'), JSON.stringify({
    providers: { mock: { plugin: 'openai', base_url: `http://127.0.0.1:${port}/v1` } },
    targets: { mock: { provider: 'mock', model: 'm', fim_format: 'qwen' } },
    routes: { complete: ['local', 'mock'] }, complete: { threshold: 1, debounce_ms: 0 } }));
}

// Asks at the end of a fresh word, so that no earlier answer will do, and compares what the service was sent.
async function compare(wire, editor, doc, bodies) {
  const lines = doc.text.split(/\r\n|\n|\r/);
  const position = { line: lines.length - 1, character: lines[lines.length - 1].length };
  const word = `\nfresh_${doc.version}_`;
  doc.version++;
  doc.text += word;
  await wire.send({ method: 'textDocument/didChange', params: { textDocument: editor.identifier(doc),
    contentChanges: [{ range: { start: position, end: position }, text: word }] } });
  await wire.send({ id: editor.id(), method: 'textDocument/inlineCompletion', params: { textDocument: { uri: editor.identifier(doc).uri },
    position: { line: position.line + 1, character: word.length - 1 }, context: { triggerKind: 1 } } });
  await settle(wire, editor);
  let prompt = '';
  for (let rounds = 0; rounds < 100; rounds++) {
    const last = fs.readdirSync(bodies).sort().pop();
    try {
      prompt = last ? JSON.parse(fs.readFileSync(path.join(bodies, last), 'utf8')).prompt : '';
    } catch (error) {
      prompt = ''; // half written
    }
    if (prompt.includes(word)) break;
    await sleep(20);
  }
  // The window may begin inside the document.
  const sent = prompt.slice(prompt.indexOf('<|fim_prefix|>') + 14, prompt.indexOf('<|fim_suffix|>'));
  if (sent.length < Math.min(doc.text.length, 500) || !doc.text.endsWith(sent))
    throw new Error(`${doc.name} differs:\n    sent ${JSON.stringify(sent.slice(-400))}\n    text ${JSON.stringify(doc.text.slice(-400))}`);
}

async function converse(wire, editor, pick, bodies) {
  await wire.send({ id: 'init', method: 'initialize', params: { processId: process.pid, rootUri: null,
    capabilities: { textDocument: { inlineCompletion: {} } } } });
  await wire.send({ method: 'initialized', params: {} });
  for (let i = 0; i < STEPS; i++) {
    await editor.step();
    if (pick(8) === 0) await sleep(pick(20));
    editor.read();
  }
  await settle(wire, editor);
  await editor.open();
  for (const doc of editor.docs) await compare(wire, editor, doc, bodies);
  await wire.send({ id: 'bye', method: 'shutdown' });
  await wire.send({ method: 'exit' });
  for (let i = 0; i < 100 && wire.status === null; i++) await wire.change(100);
  editor.read();
  const problems = [...wire.faults, ...wire.unbalanced()];
  if (wire.status !== 0) problems.push(`the server ended with ${wire.status}`);
  if (/ERROR: |runtime error:|error bug: /.test(wire.stderr)) problems.push(wire.stderr.slice(-1500));
  if (!(editor.count.items > 20)) problems.push(`hardly an item: ${JSON.stringify(editor.count)}`);
  if (problems.length) throw new Error(problems.join('\n    '));
  const kinds = Object.entries(editor.count).map(([k, n]) => `${k} ${n}`).join(', ');
  return `${STEPS} random steps, ${wire.asked.size} requests, each answered once (${kinds})`;
}

async function interleave(build, folder) {
  const seed = Number(process.env.SEED || 1 + (Date.now() % 100000));
  const bodies = path.join(folder, 'bodies');
  fs.mkdirSync(folder, { recursive: true });
  const mock = await startMock(build, bodies);
  writeConfig(folder, mock.port);
  const env = { ...process.env, HOME: folder };
  for (const kind of ['CONFIG', 'STATE', 'CACHE', 'DATA']) env[`XDG_${kind}_HOME`] = path.join(folder, kind.toLowerCase());
  const pick = random(seed);
  const wire = new Wire(path.join(build, 'bin/switchyard'), ['lsp'], { cwd: folder, env });
  try {
    return await converse(wire, new Editor(wire, pick, pathToFileURL(folder).href), pick, bodies);
  } catch (error) {
    error.message += `\n    SEED=${seed}`;
    throw error;
  } finally {
    wire.kill();
    mock.child.kill();
  }
}

module.exports = { interleave };
